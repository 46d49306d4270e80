"""What a clone remembers of its exchanges, so that the next one reads and writes only what is new.

It says which commit of each place has been taken in, and what of the live bus the shared branch has:
of each log all but some stretches, of each document the file as it was. It lies in `.cache/`, is
never the truth, and losing it costs one comparison of everything. It is believed only while the live
files are those it speaks of.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.workspace import Place, Workspace

_VERSION = 1
_HOUR = 3600
LARGE_LOG = 20 * 1000 * 1000
"""Bytes of an event log from which on a server serves a team better."""

BUSY = 6
"""Exchanges a minute that hosts recommend at most for a whole repository."""

_FEW = 20
"""Exchanges of an hour below which their share of repeated ones says nothing."""

_LARGEST = 1 << 28


@dataclass
class Log:
    """What of one live log the branch has: all before `mark` but the `unsent` stretches."""

    inode: int = 0
    mark: int = 0
    unsent: list[list[int]] = field(default_factory=list)

    def starts(self) -> int:
        """The first byte behind which the branch may lack something."""
        return self.unsent[0][0] if self.unsent else self.mark


@dataclass
class Memory:
    """What is remembered; empty where nothing is."""

    bus: int = 0
    """The inode of the bus folder it speaks of."""

    shared: str = ""
    """The ref of the branch that it compares the live bus with."""

    taken: dict[str, str] = field(default_factory=dict)
    """By ref, the commit whose records are in the live bus."""

    logs: dict[str, Log] = field(default_factory=dict)
    documents: dict[str, list[int]] = field(default_factory=dict)
    """By document, inode, size and moment of change of the file that says what the branch says."""

    values: dict[str, str] = field(default_factory=dict)
    """By task, what its ref on the remote named when it was last seen."""

    pushed_at: float = 0.0
    """When, by the clock of this boot, all that was here then had reached the remote."""

    refuses_refs: list[str] = field(default_factory=list)
    """The remotes whose host takes no refs but branches."""

    exchanges: list[list[int]] = field(default_factory=list)
    """The Unix seconds of the exchanges of the last hour, and how many tries each took."""

    def count(self, now: int, tries: int) -> None:
        """Notes an exchange, and forgets those of more than an hour ago."""
        self.exchanges = [each for each in self.exchanges if now - _HOUR < each[0] <= now] + [[now, tries]]


def place(workspace: Workspace) -> Place:
    """Where it lies."""
    return workspace.cache.child("exchange.json")


def load(workspace: Workspace) -> Memory:
    """What is remembered of this bus; an empty memory where there is none, or one of another bus."""
    fresh = Memory(bus=_inode(workspace))
    with suppress(ToolkitError, OSError, ValueError, TypeError, KeyError):
        raw: Any = files.parse_json(files.read_bytes(place(workspace), _LARGEST) or b"null", "exchange.json")
        if raw and raw.pop("version") == _VERSION and raw["bus"] == fresh.bus:
            logs = {name: Log(*values) for name, values in raw.pop("logs").items()}
            return Memory(logs=logs, **raw)
    return fresh


def save(workspace: Workspace, memory: Memory) -> None:
    """Remembers it; where that cannot be written the next exchange compares everything."""
    import json

    document = {**vars(memory), "version": _VERSION}
    document["logs"] = {name: [log.inode, log.mark, log.unsent] for name, log in memory.logs.items()}
    with suppress(ToolkitError, OSError):
        files.replace(place(workspace), json.dumps(document, separators=(",", ":")).encode())


def outgrown(workspace: Workspace, memory: Memory, now: int) -> str:
    """Why a branch does not serve this bus well any more; "" while it does."""
    recent = [tries for moment, tries in memory.exchanges if now - _HOUR < moment <= now]
    repeated = sum(tries > 1 for tries in recent)
    if len(recent) > BUSY * 60:
        return f"{len(recent)} exchanges in the last hour are more than {BUSY} a minute"
    if len(recent) >= _FEW and repeated * 10 > len(recent):
        return f"{repeated} of the last hour's {len(recent)} exchanges had to be repeated"
    with suppress(ToolkitError, OSError), files.opened(workspace.events) as descriptor:
        size = os.fstat(descriptor).st_size
        if size > LARGE_LOG:
            return f"the event log has {size // 1_000_000} MB"
    return ""


def forget(workspace: Workspace) -> None:
    """Lets the next exchange compare everything."""
    with suppress(ToolkitError, OSError):
        files.remove(place(workspace))


def _inode(workspace: Workspace) -> int:
    try:
        return os.stat(workspace.bus.path, follow_symlinks=False).st_ino
    except OSError:
        return 0


def facts_of(stat: os.stat_result) -> list[int]:
    """What tells that a file is as it was."""
    return [stat.st_ino, stat.st_size, stat.st_mtime_ns]


def and_stretch(stretches: Sequence[Sequence[int]], start: int, end: int) -> list[list[int]]:
    """Stretches with one more behind them, joined where they touch; nothing for an empty one."""
    joined = [list(stretch) for stretch in stretches]
    if start < end:
        if joined and joined[-1][1] == start:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return joined
