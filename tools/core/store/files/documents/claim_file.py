"""One claim as its file has it, read in few calls and without what a `Claim` costs to import."""

from __future__ import annotations

import os

from tools.core import ids
from tools.core.fs import strict_json
from tools.core.models.claim_state import ended_at, state_of
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import small

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTLED = 2_000_000_000
"""Nanoseconds a file or folder must have been left alone before it is believed to be as it was then."""

_LIMIT = 4 << 20


class ShortClaim(NamedTuple):
    """What programs that run at every step ask of a claim; times are as the file has them."""

    task_id: str
    agent_id: str
    state: str
    paths: tuple[str, ...]
    claimed_at: str
    updated_at: str
    fence: int
    branch: str


class Reading(NamedTuple):
    """A claim, and what its file was like before it was read; None where there is none, or none that can be read."""

    file: list[int] | None
    claim: ShortClaim | None
    ended: int = 0  # the Unix second at which it ended, where it did


def facts(path: str) -> list[int] | None:
    """What tells that a file or folder is as it was: its time of change in nanoseconds, inode and size."""
    try:
        stat = os.stat(path, follow_symlinks=False)
    except (OSError, ValueError):
        return None
    return [stat.st_mtime_ns, stat.st_ino, stat.st_size]


def settled(state: list[int] | None, now: int) -> list[int] | None:
    """What a file or folder was like; one value more where a further change may leave it alike. `now` is in nanoseconds."""
    return [*state, 0] if state is not None and now - state[0] <= SETTLED else state


def read(path: str, task: str, now: int) -> Reading:
    """The claim of a task in a file, as strictly read as any document."""
    file = settled(facts(path), now)
    if file is None or not ids.is_task(task):
        return Reading(file, None)
    try:
        content = strict_json.read((small.read(path, _LIMIT) or b"").decode())
    except (ValueError, RecursionError):
        return Reading(file, None)
    return (
        Reading(file, claim_of(content, task), ended_at(content)) if isinstance(content, dict) else Reading(file, None)
    )


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
