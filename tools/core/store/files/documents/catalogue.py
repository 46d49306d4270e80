"""What is known of the claims and assignments of a bus in files, so that no reader opens the finished ones.

It is one derived file of the cache. Its first line is JSON and has all that is live; most readers need no more, and
load nothing else of this package. Behind it is what brings it up after a change (`whole`). While the folders of the
documents are as they were, it holds.
"""

from __future__ import annotations

import os
import sys

from tools.core import ids, plain_json
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.store.files import small

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from tools.core.workspace import Workspace

    Live = Mapping[str, tuple["ShortClaim", list[int]]]
    """Claims by task, with what their files were like."""

CLAIMS, ASSIGNMENTS = KINDS = ("claims", "assignments")

SETTLED = 2_000_000_000
"""Nanoseconds a file or folder must have been left alone before it is believed to be as it was then."""

TICK = 25_000_000
"""The same for a disk whose times of change have parts of a second: the coarsest clock of any ticks each 10 ms."""

SUFFIX = ".json"

VERSION = 1
_LIMIT = 1 << 28


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


class Catalogue(NamedTuple):
    """The documents of a bus."""

    folders: Mapping[str, list[int] | None]  # by kind, what each was like; see `settled`
    log: tuple[int, str]  # a `Position`: what events before it did is known
    live: Live
    unread: Sequence[str]  # claims that cannot be read
    standing: Mapping[str, str]  # assignments of what is not done, with the state of the claim, "" for none
    counts: Mapping[str, int]  # how many claims are over, by state


NONE = Catalogue({}, (0, ""), {}, (), {}, {})
"""Of a bus without documents, or of which nothing is known."""


class Kept(NamedTuple):
    """A catalogue as it is kept."""

    head: Catalogue
    data: bytes
    ends: Sequence[int]  # where the line of the head ends in the data, and behind it each part of the body

    def part(self, number: int) -> bytes:
        """A part of the body; ValueError where that is damaged."""
        if self.ends[-1] != len(self.data) or len(self.ends) != 2 * len(KINDS) + 2:
            raise ValueError("the body has another length than was written")
        return self.data[self.ends[number] : self.ends[number + 1]]

    def names(self, kind: str) -> bytes:
        """The files of a folder, a slash before the first and behind each; ValueError where they are damaged."""
        names = self.part(2 * KINDS.index(kind))
        if b"\0" in names:
            raise ValueError("a name with what is none")
        return names


def holds(workspace: Workspace, kept: Kept, kinds: Iterable[str]) -> bool:
    """Whether the folders of some kinds are as they were."""
    return all(kept.head.folders.get(kind, []) == facts(folder(workspace, kind)) for kind in kinds)


def listed_names(workspace: Workspace, kind: str) -> str:
    """The files of a folder, a slash before the first and behind each; "" where they are not known as they are now."""
    kept = read(workspace)
    with suppress(ValueError):
        if kept is not None and holds(workspace, kept, (kind,)):
            return os.fsdecode(kept.names(kind))
    return ""


def facts(path: str) -> list[int] | None:
    """What tells that a file or folder is as it was: its time of change in nanoseconds, inode and size; None for none."""
    stat = _stat(path)
    return None if stat is None else _facts(stat)


def settled(path: str, now: int) -> list[int] | None:
    """The facts of a file or folder; one value more where a further change may leave them alike. `now` is in nanoseconds."""
    stat = _stat(path)
    if stat is None:
        return None
    return _facts(stat) if now - stat.st_mtime_ns > settles_after(stat) else [*_facts(stat), 0]


def settles_after(stat: os.stat_result) -> int:
    """Nanoseconds after which a file or folder that changes again has another time of change."""
    # elsewhere than on Linux, or without a device, another machine with another clock may serve it
    is_fine = stat.st_mtime_ns % 1_000_000_000 and sys.platform == "linux" and os.major(stat.st_dev)
    return TICK if is_fine else SETTLED


def _facts(stat: os.stat_result) -> list[int]:
    return [stat.st_mtime_ns, stat.st_ino, stat.st_size]


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def folder(workspace: Workspace, kind: str) -> str:
    """The path of a kind's documents."""
    return workspace.bus.child(kind).path


def path_of(workspace: Workspace, task: str) -> str:
    """The path of a task's claim."""
    return f"{folder(workspace, CLAIMS)}/{task}{SUFFIX}"


def read(workspace: Workspace) -> Kept | None:
    """The catalogue in the cache; None where there is none of this version that can be read."""
    data = small.read(workspace.catalogue.path, _LIMIT) or b""
    ends = [data.find(b"\n") + 1]
    try:
        known: Any = plain_json.load_object(data[: ends[0]])
        if known["version"] != VERSION or not _are_names([*known["unread"], *known["standing"]]):
            return None
        live = {task: (_claim(values), file) for task, (values, file) in known["live"].items() if ids.is_task(task)}
        end, before = known["log"]
        counts = {state: int(count) for state, count in known["counts"].items()}
        log, unread, standing = (int(end), str(before)), list(known["unread"]), dict(known["standing"])
        for length in known["parts"]:
            ends.append(ends[-1] + int(length))
        return Kept(Catalogue(dict(known["folders"]), log, live, unread, standing, counts), data, ends)
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError):
        return None


def _are_names(values: list[object]) -> bool:
    return all(isinstance(value, str) and "/" not in value for value in values)


def _claim(values: list[Any]) -> ShortClaim:
    claim = ShortClaim._make(values)
    return claim._replace(paths=tuple(claim.paths))
