"""Which events the exchanges of the last hours brought, and when that was by this machine's clock.

A sign of life is no older than the exchange that brought it, whatever the clocks of its writer and of
this machine say. What a clone finds when it joins is left out: it may be of any age. Small and derived;
without it a sign is as old as its own stamp says.
"""

from __future__ import annotations

from tools.core import ids
from tools.core.errors import ToolkitError
from tools.core.fs import files, jsonl
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.store.files import small

if TYPE_CHECKING:
    from tools.core.workspace import Workspace

_NEAR = 300
"""Seconds within which two deliveries are kept as one, with the moment of the first."""

_KEPT = 64
"""Deliveries that are kept: more than five hours of exchanges without a pause."""


NONE = "-"
"""Stands for the place before the first event."""


class Delivery(NamedTuple):
    """The moment of an exchange in Unix seconds, and the ids of the events its news stand between: behind the first, up to the last."""

    moment: int
    first: str
    last: str


def last_event(workspace: Workspace) -> str:
    """The id of the last event; `NONE` in an empty log, "" for a line without an id."""
    line = None
    with suppress(FileNotFoundError, ToolkitError), files.opened(workspace.events) as descriptor:
        line = jsonl.last_line(descriptor)
    if line is None:
        return NONE
    record_id = (jsonl.parse_plain(line.raw) or {}).get("id")
    return str(record_id) if ids.is_record(record_id) else ""


def note(workspace: Workspace, moment: int, first: str, last: str) -> None:
    """Keeps that an exchange brought the events behind one up to another; the caller holds the lock of git work."""
    kept = noted(workspace)
    if kept is None:
        small.replace(_path(workspace), b"")
        return
    if not first or not last or first == last:
        return
    if kept and 0 <= moment - kept[-1].moment <= _NEAR:
        kept[-1] = kept[-1]._replace(last=last)
    else:
        kept.append(Delivery(moment, first, last))
    lines = (" ".join(map(str, delivery)) + "\n" for delivery in kept[-_KEPT:])
    small.replace(_path(workspace), "".join(lines).encode())


def noted(workspace: Workspace) -> list[Delivery] | None:
    """The deliveries that are kept, oldest first; None for a clone that has exchanged nothing yet."""
    data = small.read(_path(workspace))
    if data is None:
        return None
    parts = (line.split(" ") for line in data.decode("ascii", "replace").splitlines())
    return [Delivery(int(each[0]), *each[1:]) for each in parts if len(each) == 3 and each[0].isdecimal()]


def _path(workspace: Workspace) -> str:
    return workspace.cache.child("deliveries").path
