"""Which tasks the event log names behind a position, read without the index."""

from __future__ import annotations

from tools.core import plain_json
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.store.files import small

if TYPE_CHECKING:
    from tools.core.workspace import Workspace

_MARK = 256
"""Bytes by which a position is known again: the end of a record, which has an id of its own or follows one that has."""

_MANY = 16 << 20
"""Bytes of the log that are looked through."""

_LOOKS = (1 << 13, 1 << 20)


class Position(NamedTuple):
    """An end of a whole line in the event log."""

    end: int = 0
    before: str = ""  # what stands before it, a character a byte


def position(workspace: Workspace) -> Position:
    """The end of the log's last whole line, or a place before it."""
    path = workspace.events.path
    for limit in _LOOKS:
        data, size, is_cut = small.tail(path, 0, limit)
        at = data.rfind(b"\n") + 1
        if at >= _MARK or (at and not is_cut):
            return Position(size - len(data) + at, data[max(at - _MARK, 0) : at].decode("latin-1"))
    return Position()


def named_since(workspace: Workspace, earlier: Position) -> set[str] | None:
    """The tasks of the events behind a position; None where the log does not go on from it, or goes on too far."""
    mark = earlier.before.encode("latin-1")
    start = earlier.end - len(mark)
    data, size, is_cut = small.tail(workspace.events.path, start, _MANY)
    if size < earlier.end or is_cut or not data.startswith(mark):
        return None
    tasks: set[str] = set()
    for line in data[len(mark) :].split(b"\n"):
        with suppress(ValueError):
            task = plain_json.load_object(line).get("task_id")
            if isinstance(task, str):
                tasks.add(task)
    return tasks
