"""The ready tasks for the start of a session, in little time: the same backlog and table, read without the store.

What was found is remembered beside the bus, and holds while the folders and every file that decided it are as they
were. It is not kept when one of them changed in the last two seconds, because a further change may then carry
the same time.
"""

from __future__ import annotations

import os

from tools.core import ids, plain_json
from tools.core.backlog import states
from tools.core.backlog.items import Item, is_name, parse
from tools.core.hashing import sha256_hex
from tools.core.models.claim_state import LIVE, state_of
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import small
from tools.core.store.files.documents.catalogue import SETTLED

if TYPE_CHECKING:
    from tools.core.workspace import Workspace

    States = dict[str, list[int] | None]
    """What each folder and file was like that was looked at, by its path; None where there was none."""

_VERSION = 1
_CLAIMS, _ASSIGNMENTS = "claims", "assignments"
_LIMIT = 4 * 1024 * 1024


class Earlier(NamedTuple):
    """Who held a claim before."""

    agent_id: str


class Claim(NamedTuple):
    """What of a claim the table asks for."""

    task_id: str
    agent_id: str
    state: str
    claimed_at: str
    released_at: str
    paused_by: str
    taken_from: Earlier | None

    @property
    def is_live(self) -> bool:
        """Whether somebody holds the task."""
        return self.state in LIVE


class Assignment(NamedTuple):
    """What of an assignment the table asks for."""

    task_id: str
    engineer: str | None
    assigned_at: str


def ready_tasks(workspace: Workspace, now: int) -> list[str]:
    """The ids of the ready tasks, best first; what cannot be read is not offered. `now` is in nanoseconds."""
    place = workspace.cache.child(f"ready/{sha256_hex(workspace.root.encode('utf-8', 'replace'))[:32]}.json").path
    kept = _remembered(place)
    if kept is not None:
        return kept
    seen: States = {folder: _state(folder) for folder in _folders(workspace)}
    items = _items(workspace, seen)
    if not items:
        return []
    tasks = _tasks(workspace, items, seen)
    names = [task.item.task_id for task in tasks if task.state == states.READY]
    if all(state is None or now - state[0] > SETTLED for state in seen.values()):
        document = {"version": _VERSION, "seen": seen, "ready": names}
        small.replace(place, plain_json.dumps(document).encode("utf-8", "surrogateescape"))
    return names


def _folders(workspace: Workspace) -> list[str]:
    return [workspace.queue.path, *(workspace.bus.child(kind).path for kind in (_CLAIMS, _ASSIGNMENTS))]


def _state(path: str) -> list[int] | None:
    try:
        facts = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return [facts.st_mtime_ns, facts.st_ino, facts.st_size]


def _remembered(place: str) -> list[str] | None:
    try:
        kept = plain_json.load_object(small.read(place, _LIMIT) or b"")
        names = kept["ready"]
        same = kept["version"] == _VERSION and all(_state(path) == seen for path, seen in kept["seen"].items())  # type: ignore[attr-defined]
        return [name for name in names if ids.is_task(name)] if same else None  # type: ignore[attr-defined]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _names(folder: str) -> list[str]:
    if os.path.islink(folder):
        return []
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _items(workspace: Workspace, seen: States) -> list[Item]:
    folder = workspace.queue.path
    items: dict[str, Item] = {}
    for name in filter(is_name, _names(folder)):
        path = f"{folder}/{name}"
        seen[path] = _state(path)
        data = small.read(path, _LIMIT)
        if data is not None:
            item, _ = parse(name, data.decode("utf-8", "replace"))
            items.setdefault(item.task_id.casefold(), item)
    return list(items.values())


def _tasks(workspace: Workspace, items: list[Item], seen: States) -> list[states.Task]:
    """The table's lines; of the bus only the documents of these tasks and of what they wait for are read."""
    named = {item.task_id for item in items}.union(*(item.depends for item in items))
    claims = _documents(workspace.bus.child(_CLAIMS).path, named, seen)
    assignments = _documents(workspace.bus.child(_ASSIGNMENTS).path, named, seen)
    return states.tasks_of(
        items,
        [_claim(raw, task) for task, raw in claims.items() if raw is not None],
        [_assignment(raw, task) for task, raw in assignments.items() if raw is not None],
        {task for task, raw in [*claims.items(), *assignments.items()] if raw is None},
    )


def _documents(folder: str, tasks: set[str], seen: States) -> dict[str, dict[str, object] | None]:
    """The documents of some tasks, as far as there are any; None for a damaged one."""
    documents: dict[str, dict[str, object] | None] = {}
    for name in _names(folder):
        task = name[: -len(".json")]
        if not name.endswith(".json") or task not in tasks:
            continue
        path = f"{folder}/{name}"
        seen[path] = _state(path)
        try:
            documents[task] = plain_json.load_object(small.read(path, _LIMIT) or b"")
        except ValueError:
            documents[task] = None
    return documents


def _claim(raw: dict[str, object], task: str) -> Claim:
    earlier = raw.get("taken_from")
    return Claim(
        task,
        _text(raw.get("agent_id")),
        state_of(_text(raw.get("status"))),
        _text(raw.get("claimed_at")),
        _text(raw.get("released_at")),
        _text(raw.get("paused_by")),
        Earlier(_text(earlier.get("agent_id"))) if isinstance(earlier, dict) else None,
    )


def _assignment(raw: dict[str, object], task: str) -> Assignment:
    engineer = _text(raw.get("engineer"))
    return Assignment(task, None if engineer in ("", "unassigned") else engineer, _text(raw.get("assigned_at")))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else plain_json.dumps(value)
