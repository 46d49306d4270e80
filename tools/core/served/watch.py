"""Whether the bus has changed: its files by their stat alone, a server by what comes behind what was seen.

No inotify: it is silent on mounts of containers and on network shares. Logs grow in place and plans and
the backlog are edited in place, so each file counts; documents of the bus are replaced by renaming, so
their folder does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import NamedTuple

from tools.core import which_bus
from tools.core.context import Context
from tools.core.models.entry import Query
from tools.core.store import signpost
from tools.core.store.contract import Following
from tools.core.workspace import Place, Workspace

SHARE = 0.02
"""The part of the time that looking may take; where it takes more the looks become rarer."""

SLOW_EVERY = 8
"""Plans, the backlog and evidence are looked at with every so many looks."""

Mark = tuple[str, int, int, int]


class Look(NamedTuple):
    """What the files were like, and what looking cost in seconds."""

    bus: tuple[Mark, ...]
    others: tuple[Mark, ...]
    is_there: bool
    cost: float

    def differs(self, before: Look) -> bool:
        """Whether something changed since another look."""
        return (self.bus, self.others, self.is_there) != (before.bus, before.others, before.is_there)


NOTHING = Look((), (), False, 0.0)


def news_of(context: Context) -> Following | None:
    """What comes to a bus on a server from now on; None for one in files, whose changes show on the files."""
    if not which_bus.may_be_on_server(context.workspace) or signpost.address_of(context.workspace) is None:
        return None
    return context.store.history.follow(Query())


def look(workspace: Workspace, before: Look, news: Following | None = None, *, thorough: bool) -> Look:
    """Looks at the bus, and where it is thorough at the rest as well."""
    begin = time.perf_counter()
    bus = tuple(_bus_marks(workspace)) if news is None else _counted(before, sum(1 for _ in news.poll()))
    others = tuple(_other_marks(workspace)) if thorough else before.others
    is_there = os.path.isdir(workspace.bus.path) or news is not None
    return Look(bus, others, is_there, time.perf_counter() - begin)


def _counted(before: Look, more: int) -> tuple[Mark, ...]:
    """How many records came since the first look."""
    return (("records", (before.bus[0][1] if before.bus else 0) + more, 0, 0),)


def wait_after(looked: Look, interval: float) -> float:
    """How long to wait for the next look."""
    return max(interval, looked.cost / SHARE)


def _bus_marks(workspace: Workspace) -> Iterator[Mark]:
    bus = workspace.bus
    for name in ("claims", "assignments"):
        yield from _mark(bus.child(name).path)
    yield from _mark(workspace.events.path)
    yield from _files_in(bus.child("messages"))


def _other_marks(workspace: Workspace) -> Iterator[Mark]:
    yield from _files_in(workspace.plans)
    yield from _files_in(workspace.queue)
    for name in ("consensus", "runner"):
        yield from _files_in(workspace.report.child(name))
    session = Place(workspace.bus_root, workspace.session("x").name.rpartition("/")[0])
    for agent in _names(session.path):
        yield from _mark(os.path.join(session.path, agent, "dirty-handoff"))
    yield from _mark(workspace.in_root("AGENT_MANIFEST.json").path)


def _files_in(folder: Place) -> Iterator[Mark]:
    yield from _mark(folder.path)
    try:
        with os.scandir(folder.path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                stat = entry.stat(follow_symlinks=False)
                yield entry.name, stat.st_mtime_ns, stat.st_size, stat.st_ino
    except OSError:
        return


def _names(path: str) -> list[str]:
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


def _mark(path: str) -> Iterator[Mark]:
    try:
        stat = os.stat(path)
    except OSError:
        return
    yield path, stat.st_mtime_ns, stat.st_size, stat.st_ino
