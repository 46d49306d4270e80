"""The live bus as an exchange sees it: what of it the shared branch lacks, and what to remember of that."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from tools.core import ids
from tools.core.errors import ToolkitError
from tools.core.fs import append, files, locks, together
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES, stream_of
from tools.core.store import merge
from tools.core.sync.arrivals import Arrivals
from tools.core.sync.memory import Log, Memory, and_stretch, facts_of
from tools.core.workspace import Place, Workspace


class Line(NamedTuple):
    """A line of a live log and where it lies in it."""

    start: int
    end: int
    raw: bytes


@dataclass
class Lacking:
    """What the shared branch lacks of the live bus at one moment."""

    lines: dict[str, list[bytes]] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    """Documents that changed here or anywhere; whether the branch has them so already is for its tree to say."""

    sent: dict[str, Log] = field(default_factory=dict)
    """What to remember of each log once all of this has been sent."""

    unsent: dict[str, Log] = field(default_factory=dict)
    """What to remember while it has not."""

    facts: dict[str, list[int]] = field(default_factory=dict)

    def size(self) -> int:
        """How many bytes of log are lacking."""
        return sum(len(line) + 1 for lines in self.lines.values() for line in lines)


def logs_of(workspace: Workspace) -> dict[str, os.stat_result]:
    """By stream, the facts of every live log."""
    stats: dict[str, os.stat_result] = {}
    with suppress(FileNotFoundError, ToolkitError), files.opened(workspace.events) as descriptor:
        stats[EVENTS] = os.fstat(descriptor)
    for name, stat in _listed(workspace.bus.child(MESSAGES), ".jsonl").items():
        stats[stream_of(name)] = stat
    return stats


def _listed(folder: Place, ending: str) -> dict[str, os.stat_result]:
    stats: dict[str, os.stat_result] = {}
    with (
        suppress(FileNotFoundError, ToolkitError),
        files.folder_of(folder.child("x")) as opened,
        os.scandir(opened) as entries,
    ):
        for entry in entries:
            name = entry.name.removesuffix(ending)
            if name != entry.name and ids.is_task(name) and entry.is_file(follow_symlinks=False):
                stats[name] = entry.stat(follow_symlinks=False)
    return stats


def is_as_remembered(workspace: Workspace, memory: Memory) -> bool:
    """Whether every log that is remembered is the same file still, and not shorter."""
    stats = logs_of(workspace)
    return all(
        name in stats and stats[name].st_ino == log.inode and stats[name].st_size >= log.mark
        for name, log in memory.logs.items()
    )


def is_all_sent(workspace: Workspace, memory: Memory) -> bool:
    """Whether the shared branch is remembered to have all that is here."""
    stats = logs_of(workspace)
    if stats.keys() != memory.logs.keys() or any(log.unsent for log in memory.logs.values()):
        return False
    if any(stats[name].st_size > log.mark for name, log in memory.logs.items()):
        return False
    return {name: facts_of(stat) for name, stat in _documents(workspace).items()} == memory.documents


def _documents(workspace: Workspace) -> dict[str, os.stat_result]:
    return {
        f"{kind}/{name}": stat
        for kind in (CLAIMS, ASSIGNMENTS)
        for name, stat in _listed(workspace.bus.child(kind), ".json").items()
    }


def lacking(workspace: Workspace, memory: Memory, arrivals: Arrivals) -> Lacking:
    """What the shared branch may lack, at one moment of the bus; logs are read after the lock is free."""
    result = Lacking()
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        logs = logs_of(workspace)
        for kind in (CLAIMS, ASSIGNMENTS):
            names = _listed(workspace.bus.child(kind), ".json")
            facts = {f"{kind}/{name}": facts_of(stat) for name, stat in names.items()}
            result.facts |= facts
            changed = [
                name for name in facts if name in arrivals.documents or memory.documents.get(name) != facts[name]
            ]
            places = [workspace.bus.child(f"{name}.json") for name in changed]
            result.documents |= {name: data or b"" for name, data in zip(changed, together.read(places), strict=True)}
    for stream, stat in logs.items():
        _lacking_lines(workspace, memory, arrivals.shared, stream, stat, result)
    return result


def _lacking_lines(
    workspace: Workspace,
    memory: Memory,
    shared: Mapping[str, Collection[bytes]],
    stream: str,
    stat: os.stat_result,
    result: Lacking,
) -> None:
    log = memory.logs.get(stream, Log())
    if not log.unsent and (end := _end_of_shared(workspace, stream, log.mark, shared.get(stream, ()))):
        result.sent[stream] = result.unsent[stream] = Log(stat.st_ino, end, [])
        if end >= stat.st_size:
            return
        log = Log(stat.st_ino, end, [])
        shared = {}
    lines, end = _read(workspace, stream, [*log.unsent, [log.mark, stat.st_size]])
    present = merge.LineSet(shared.get(stream, ()))
    new = [line for line in lines if present.lacks(line.raw)]
    if new:
        result.lines[stream] = [line.raw for line in new]
    stretches: list[list[int]] = []
    for line in new:
        stretches = and_stretch(stretches, line.start, line.end)
    result.sent[stream] = Log(stat.st_ino, end, [])
    result.unsent[stream] = Log(stat.st_ino, end, stretches)


def _end_of_shared(workspace: Workspace, stream: str, start: int, lines: Collection[bytes]) -> int:
    """The byte behind what came from the shared branch, where that stands whole at `start`; 0 where it does not.

    So it is in a clone that joins or only receives; no line needs to be looked at then.
    """
    expected = b"\n".join([*lines, b""])
    present = append.bytes_from(log_place(workspace, stream), start) or b""
    return start + len(expected) if expected and present.startswith(expected) else 0


def log_place(workspace: Workspace, stream: str) -> Place:
    """The file of a live log."""
    return workspace.events if stream == EVENTS else workspace.bus.child(f"{stream}.jsonl")


def _read(workspace: Workspace, stream: str, stretches: list[list[int]]) -> tuple[list[Line], int]:
    """The whole lines of some stretches of a log, and where the last whole line ends."""
    place = log_place(workspace, stream)
    lines: list[Line] = []
    end = stretches[-1][0]
    for start, limit in stretches:
        if start >= limit:
            continue
        data = (append.bytes_from(place, start) or b"")[: limit - start]
        at = 0
        while (stop := data.find(b"\n", at)) >= 0:
            raw = data[at:stop].removesuffix(b"\r")
            if raw.strip():
                lines.append(Line(start + at, start + stop + 1, raw))
            at = stop + 1
            end = start + at
    return lines, max(end, stretches[-1][0])
