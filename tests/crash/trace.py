"""What strace wrote down: the calls of a command, the points to attack, the order of its writes."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

_LINE = re.compile(r"^([a-z_0-9]+)\((.*)$", re.DOTALL)
_STATE = re.compile(r"[</\"]_(?:bus|plans|report)\b")
_MODULE = re.compile(r"""[<"][^<">]*/lib/python[0-9.]+/""")
"""A module that Python loads: a disk that loses it ends every program."""
_NO_PROMISE = re.compile(r"/_bus(/|>, \")\.cache|/\.git[/>]")  # beside it, or what is made there
_FD = re.compile(r"^(\d+|AT_FDCWD)<([^>]*)>")
ERRORS = ("ENOSPC", "EIO", "EINTR")
CHANGING = frozenset(
    [
        *("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "open", "openat", "creat"),
        *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"),
        *("unlink", "unlinkat", "rmdir", "mkdir", "mkdirat"),
    ]
)
READING = frozenset(["read", "pread64", "getdents64", "flock"])


class Call(NamedTuple):
    """One system call: its name, which of that name it is (from 1), and what strace printed."""

    name: str
    nth: int
    text: str

    @property
    def failed(self) -> bool:
        """Whether the kernel refused it."""
        return ") = -1 " in self.text or re.search(r"\)\s+= -1 ", self.text) is not None


class Point(NamedTuple):
    """A call to attack, and how: `signal=KILL` or `error=…`; `binding` marks a sync that a promise rests on."""

    call: Call
    what: str
    binding: bool = False

    def __str__(self) -> str:
        return f"{self.what} at {self.call.name} #{self.call.nth}: {self.call.text[:160]}"


class Trace(list[Call]):
    """All calls of one run, in order."""

    def from_first_state(self) -> list[Call]:
        """The calls from the first open under the bus, the plans or the reports on."""
        for place, call in enumerate(self):
            if call.name.startswith("open") and _STATE.search(call.text):
                return self[place:]
        return []

    def kills(self) -> list[Point]:
        """Where the command can be killed: on the way into each call."""
        return [Point(call, "signal=KILL") for call in self.from_first_state()]

    def faults(self) -> list[Point]:
        """Where the system can refuse: each changing call with each error, each reading one with EIO."""
        found, before = [], ""
        for call in self.from_first_state():
            if _MODULE.search(call.text):
                continue
            errors = ERRORS if call.name in CHANGING else ("EIO", "EINTR") if call.name in READING else ()
            binding = call.name in ("fsync", "fdatasync") and not _NO_PROMISE.search(before + call.text)
            found += [Point(call, f"error={error}", binding) for error in errors]
            before = call.text
        return found


def parse(text: str) -> Trace:
    """Reads what `strace -y` wrote; a line that is no call is left out."""
    counts: Counter[str] = Counter()
    calls = Trace()
    for line in text.splitlines():
        found = _LINE.match(line)
        if found and "<unfinished" not in found[1]:
            counts[found[1]] += 1
            calls.append(Call(found[1], counts[found[1]], line))
    return calls


# -- the order of writes -------------------------------------------------------------------------


class Disk:
    """What would be lost if the power failed now, followed call by call."""

    def __init__(self, root: str, present: Collection[str]) -> None:
        self.root = root
        self.present = set(present)
        self.files: set[str] = set()  # written, not synced
        self.folders: set[str] = set()  # a name was added, not synced
        self.journalled = False
        self.applied: set[str] = set()
        self.problems: list[str] = []

    def name_of(self, path: str) -> str:
        """A path relative to the root; "" for what makes no promise (git's own files, the cache)."""
        path = os.path.normpath(path)
        if not path.startswith(self.root + os.sep):
            return ""
        name = path[len(self.root) + 1 :]
        return "" if name.startswith((".git/", "_bus/.cache")) or name == ".git" else name

    def problem(self, text: str) -> None:
        """Remembers a broken rule."""
        self.problems.append(text)

    def lost(self) -> set[str]:
        """Everything that is not yet safe."""
        return self.files | {f"{folder}/" for folder in self.folders}

    def add_name(self, name: str) -> None:
        """A name appeared in a folder."""
        if name not in self.present:
            self.present.add(name)
            self.folders.add(os.path.dirname(name))

    def wrote(self, name: str) -> None:
        """Bytes of a file changed: what the bus cites must be safe, and several files need a journal."""
        if name.startswith("_bus/") and not os.path.basename(name).startswith("."):
            self._check_apply(name)
        if name.startswith("_bus/") and (unsafe := [one for one in self.lost() if not one.startswith("_bus")]):
            self.problem(f"{name} is written before {unsafe} is safe")
        self.files.add(name)

    def _check_apply(self, name: str) -> None:
        self.applied.add(name)
        if self.journalled and ("_bus/.journal" in self.files or "_bus" in self.folders):
            self.problem(f"{name} is changed before the journal is safe")
        if len(self.applied) > 1 and not self.journalled:
            self.problem(f"{sorted(self.applied)} are changed without a journal")

    def renamed(self, old: str, new: str) -> None:
        """A file took another's name: it must be safe before."""
        if old in self.files:
            self.problem(f"{new} is put in place before its bytes are safe")
        if new == "_bus/.journal":
            self.journalled = True
        elif new.startswith("_bus/"):
            self._check_apply(new)
        self.present.discard(old)
        self.present.discard(new)
        self.add_name(new)

    def removed(self, name: str) -> None:
        """A name went away; the end of a journal is the end of its transaction."""
        self.files.discard(name)
        self.present.discard(name)
        if name == "_bus/.journal":
            if self.lost():
                self.problem(f"the journal is removed before {sorted(self.lost())} is safe")
            self.journalled, self.applied = False, set()

    def synced(self, name: str) -> None:
        """A file or a folder is safe."""
        self.files.discard(name)
        self.folders.discard(name)

    def acknowledged(self, how: str) -> None:
        """The caller is told: everything must be safe."""
        if self.lost():
            self.problem(f"{how} before {sorted(self.lost())} is safe")


def follow(trace: Trace, root: str, present: Collection[str]) -> list[str]:
    """The rules of durable writing a run broke: nothing acknowledged or relied on before it is safe."""
    disk = Disk(root, present)
    for call in trace:
        if not call.failed:
            _apply(disk, call)
    return disk.problems


def _apply(disk: Disk, call: Call) -> None:
    arguments = call.text.partition("(")[2]
    paths = list(_paths(arguments))
    if call.name in ("write", "pwrite64", "ftruncate"):
        if arguments.startswith("1<"):
            disk.acknowledged("the result is printed")
        elif name := disk.name_of(_target(arguments)):
            disk.wrote(name)
    elif call.name in ("fsync", "fdatasync"):
        target = _target(arguments)
        disk.synced("" if target == disk.root else disk.name_of(target))
    elif call.name == "exit_group":
        disk.acknowledged("the command ends")
    elif call.name.startswith(("mkdir", "open", "creat")):
        made = call.name.startswith("mkdir") or "O_CREAT" in call.text
        if made and paths and (name := disk.name_of(paths[0])):
            disk.add_name(name)
    elif call.name.startswith("rename"):
        disk.renamed(disk.name_of(paths[0]), disk.name_of(paths[1]))
    elif call.name.startswith("link"):
        if disk.name_of(paths[0]) in disk.files:
            disk.problem(f"{disk.name_of(paths[1])} is put in place before its bytes are safe")
        disk.add_name(disk.name_of(paths[1]))
    elif call.name.startswith("unlink"):
        disk.removed(disk.name_of(paths[0]))


def _target(arguments: str) -> str:
    found = _FD.match(arguments)
    return found[2] if found else ""


def _paths(arguments: str) -> Iterator[str]:
    """The paths a call names, each joined to the folder it is relative to."""
    for found in re.finditer(r'(?:(?:\d+|AT_FDCWD)<([^>]*)>, )?"([^"]*)"', arguments):
        yield os.path.join(found[1] or "", found[2])
