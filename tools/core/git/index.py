"""The index: git's list of what the next commit of a checkout has."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Mapping

from tools.core.git import git
from tools.core.git.objects import Entry

_EXTENDED, _SKIP = 0x4000, 0x4000


def install(git_folder: str, entries: Mapping[str, Entry]) -> None:
    """Makes the index of a checkout list some files that lie in it differently or not at all, in one step.

    git is told to leave the files alone (skip-worktree), so that it misses none. Written here because
    git's own commands refuse a whole listing for one bad name; the caller leaves those out.
    """
    listed = sorted((os.fsencode(path), entry) for path, entry in entries.items())
    whole = struct.pack(">4sII", b"DIRC", 3, len(listed)) + b"".join(_listed(*each) for each in listed)
    width = len(listed[0][1].name) if listed else 40
    digest = (hashlib.sha256 if width == 64 else hashlib.sha1)(whole).digest()
    beside = os.path.join(git_folder, "teof.index")
    with open(beside, "wb") as file:
        file.write(whole + digest)
    os.replace(beside, os.path.join(git_folder, "index"))


def _listed(path: bytes, entry: Entry) -> bytes:
    """One entry of version 3 without facts of a file: mode, object, and the flag that no file is looked for."""
    fixed = struct.pack(">10I", 0, 0, 0, 0, 0, 0, int(entry.mode, 8), 0, 0, 0) + bytes.fromhex(entry.name)
    flags = struct.pack(">HH", _EXTENDED | min(len(path), 0xFFF), _SKIP)
    length = len(fixed) + len(flags) + len(path)
    return fixed + flags + path + b"\0" * (8 - length % 8)


def put(folder: str, entries: Mapping[str, Entry]) -> None:
    """Puts entries into the checkout's index by path; one of mode 000000 takes its path out. No file is touched."""
    if not entries:
        return
    lines = [f"{entry.mode} {entry.name}\t{path}\0" for path, entry in entries.items()]
    data = "".join(lines).encode("utf-8", "surrogateescape")
    git.run(folder, "update-index", "-z", "--index-info", input=data)


def has_any(folder: str, path: str) -> bool:
    """Whether anything in a file or folder is tracked; False outside git."""
    return bool(git.ask(folder, "ls-files", "-z", "--", path).out)
