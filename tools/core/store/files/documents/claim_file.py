"""One claim as its file has it, read in few calls and without what a `Claim` costs to import."""

from __future__ import annotations

from tools.core import ids
from tools.core.fs import strict_json
from tools.core.models.claim_state import ended_at, state_of
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.store.files import small
from tools.core.store.files.documents.catalogue import ShortClaim, settled

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIMIT = 4 << 20


class Reading(NamedTuple):
    """A claim, and what its file was like before it was read; None where there is none, or none that can be read."""

    file: list[int] | None
    claim: ShortClaim | None
    ended: int = 0  # the Unix second at which it ended, where it did


def read(path: str, task: str, now: int) -> Reading:
    """The claim of a task in a file, as strictly read as any document."""
    file, content = settled(path, now), None
    if file is not None and ids.is_task(task):
        with suppress(ValueError, RecursionError):
            content = strict_json.read((small.read(path, _LIMIT) or b"").decode())
    if isinstance(content, dict):
        return Reading(file, claim_of(content, task), ended_at(content))
    return Reading(file, None)


def claim_of(raw: Mapping[str, object], task: str) -> ShortClaim:
    """What is kept of a claim's document, whatever its age and origin."""
    paths = raw.get("paths")
    fence = raw.get("fence")
    return ShortClaim(
        task,
        _text(raw, "agent_id"),
        state_of(_text(raw, "status")),
        tuple(path for path in (paths if isinstance(paths, list) else [paths]) if isinstance(path, str) and path),
        _text(raw, "claimed_at"),
        _text(raw, "updated_at"),
        fence if type(fence) is int and 0 <= fence < 1 << 53 else 0,
        _text(raw, "branch"),
    )


def _text(raw: Mapping[str, object], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
