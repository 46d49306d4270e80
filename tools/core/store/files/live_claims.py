"""The live claims, read without opening the finished ones: a derived list that is valid while the folder is unchanged.

A claim is replaced by renaming a new file over it, which changes the folder; one that was edited in place is
noticed by its own file's state. The list is never kept when the folder changed in the last two seconds, because
a further change may then carry the same time. A claim that cannot be read is left out: checks report it.
"""

from __future__ import annotations

import os

from tools.core import ids, plain_json
from tools.core.models.claim_state import LIVE, state_of
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import small

if TYPE_CHECKING:
    from tools.core.workspace import Workspace

SETTLED = 2_000_000_000
"""Nanoseconds a folder must have been left alone before what it holds is kept as a list."""

_LIST = "guard.json"
_VERSION = 1


class LiveClaim(NamedTuple):
    """What is kept of a claim that is active or paused; times are as the file has them."""

    task_id: str
    agent_id: str
    state: str
    paths: tuple[str, ...]
    claimed_at: str
    updated_at: str
    fence: int
    branch: str


def live_claims(workspace: Workspace, now: int) -> list[LiveClaim]:
    """All live claims, by task; `now` is in nanoseconds."""
    folder = workspace.bus.child("claims").path
    try:
        state = _state(folder)
    except OSError:
        return []
    listed = _from_list(workspace, folder, state)
    if listed is not None:
        return listed
    claims, files = _from_folder(folder)
    if now - state[0] > SETTLED:
        rows = [[list(claim), files[claim.task_id]] for claim in claims]
        document = {"version": _VERSION, "folder": state, "claims": rows}
        small.replace(workspace.cache.child(_LIST).path, plain_json.dumps(document).encode())
    return claims


def _state(path: str) -> list[int]:
    facts = os.stat(path, follow_symlinks=False)
    return [facts.st_mtime_ns, facts.st_ino, facts.st_size]


def _from_list(workspace: Workspace, folder: str, state: list[int]) -> list[LiveClaim] | None:
    try:
        kept = plain_json.load_object(small.read(workspace.cache.child(_LIST).path) or b"")
        if kept["version"] != _VERSION or kept["folder"] != state:
            return None
        claims = []
        for row, file in kept["claims"]:  # type: ignore[attr-defined]
            row[3] = tuple(row[3])
            claim = LiveClaim._make(row)
            if not ids.is_task(claim.task_id) or _state(f"{folder}/{claim.task_id}.json") != file:
                return None
            claims.append(claim)
        return claims
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OSError):
        return None


def _from_folder(folder: str) -> tuple[list[LiveClaim], dict[str, list[int]]]:
    claims, files = [], {}
    for name in sorted(os.listdir(folder)):
        task = name[: -len(".json")]
        if not name.endswith(".json") or not ids.is_task(task):
            continue
        path = f"{folder}/{name}"
        try:
            state = _state(path)
            claim = claim_of(plain_json.load_object(small.read(path) or b""), task)
        except (ValueError, OSError):
            continue
        if claim.state in LIVE:
            claims.append(claim)
            files[task] = state
    return claims, files


def claim_of(raw: dict[str, object], task: str) -> LiveClaim:
    """What is kept of a claim's document, whatever its age and origin."""
    paths = raw.get("paths")
    fence = raw.get("fence")
    return LiveClaim(
        task,
        _text(raw, "agent_id"),
        state_of(_text(raw, "status")),
        tuple(path for path in (paths if isinstance(paths, list) else [paths]) if isinstance(path, str) and path),
        _text(raw, "claimed_at"),
        _text(raw, "updated_at"),
        fence if type(fence) is int and 0 <= fence < 1 << 53 else 0,
        _text(raw, "branch"),
    )


def _text(raw: dict[str, object], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
