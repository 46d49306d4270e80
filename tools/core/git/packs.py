"""Objects read and made in bulk: one process answers every read, one takes every object that was made.

Objects are named here, in Python, so that a tree may hold the entries it had, whatever their names:
git's own tree builders refuse some, and one bad entry would then stop every honest commit.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.git import git
from tools.core.git.objects import Entry

LARGEST = 1 << 28
"""Bytes of an object that are read at once; of larger ones only the size is read."""

_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_HEADER = re.compile(rb"([0-9a-f]{40}(?:[0-9a-f]{24})?) (\w+) (\d{1,18})")
_KEPT = 1 << 14
"""Bytes of the largest object that is kept once it was read; a clone that joins asks twice for each document."""

_AHEAD = 100
"""Objects that are asked for at once; their names fit into what a pipe holds."""

_LOOSE_AT_MOST = 100
"""Objects that are written one file each; more of them stay together in a pack."""


class Object(NamedTuple):
    """An object as git has it; `data` is None where it is larger than the limit."""

    name: str
    kind: str
    size: int
    data: bytes | None


class Objects:
    """What git has and what is made beside it; a context manager. Nothing is written before `write`."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process = git.start(folder, "cat-file", "--batch")
        self._made: dict[str, tuple[str, bytes]] = {}
        self._kept: dict[str, Object] = {}
        self.listed: dict[str, dict[str, Entry]] = {}
        """The trees that were read, for `trees` to keep."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    # -- reading -----------------------------------------------------------------------------------
    def get(self, name: str, limit: int = LARGEST) -> Object | None:
        """An object by any name git has for it; None where there is none."""
        made = self._made.get(name)
        if made is not None:
            return Object(name, made[0], len(made[1]), made[1])
        return self._kept.get(name) or self._answer(self._asked(name), limit)

    def read_ahead(self, names: Sequence[str]) -> None:
        """Reads objects that are about to be asked for by their full names; one answer after the other waits for none."""
        for begin in range(0, len(names), _AHEAD):
            batch = names[begin : begin + _AHEAD]
            self._ask("\n".join(batch))
            for name in batch:
                held = self._answer(self._header(), _KEPT)
                if held is not None and held.data is not None:
                    self._kept[name] = held

    def _answer(self, header: bytes, limit: int) -> Object | None:
        described = _HEADER.fullmatch(header)
        if described is None:
            if header.endswith((b" missing", b" ambiguous")):
                return None
            raise git.not_understood(("cat-file", "--batch"), header)
        size = int(described[3])
        data = self._taken(size, limit)
        return Object(described[1].decode(), described[2].decode(), size, data)

    def require(self, name: str, kind: str) -> bytes:
        """The bytes of an object that another one names; SetupError when git has lost it."""
        held = self.get(name)
        if held is None or held.kind != kind or held.data is None:
            raise SetupError(f"git has no {kind} {name}", code="git.object", hint=hint.git("fsck"))
        return held.data

    def commit(self, name: str) -> str:
        """The full name of the commit that a ref names; "" where it names none."""
        held = self.get(f"{name}^{{commit}}")
        return held.name if held is not None else ""

    def tree_of(self, commit: str) -> str:
        """The tree of a commit."""
        return self._fields(commit)[0]

    def parents_of(self, commit: str) -> list[str]:
        """The commits that one was made from."""
        return self._fields(commit)[1:]

    def _fields(self, commit: str) -> list[str]:
        lines = self.require(commit, "commit").split(b"\n\n", 1)[0].split(b"\n")
        return [line.split(b" ", 1)[1].decode("ascii") for line in lines if line.startswith((b"tree ", b"parent "))]

    def _asked(self, name: str) -> bytes:
        self._ask(name)
        return self._header()

    def _ask(self, names: str) -> None:
        requests = self._process.stdin
        assert requests is not None
        with suppress(BrokenPipeError):  # git has ended: no answer comes
            requests.write(os.fsencode(names) + b"\n")
            requests.flush()

    def _header(self) -> bytes:
        answers = self._process.stdout
        assert answers is not None
        header = answers.readline()
        if not header.endswith(b"\n"):
            raise SetupError("git ended while it was reading objects", code="git.failed", hint=hint.git("fsck"))
        return header[:-1]

    def _taken(self, size: int, limit: int) -> bytes | None:
        answers = self._process.stdout
        assert answers is not None
        if size <= limit:
            data = answers.read(size)
            answers.read(1)
            if len(data) < size:
                raise SetupError("git ended in the middle of an object", code="git.failed", hint=hint.git("fsck"))
            return data
        left = size + 1
        while left and (block := answers.read(min(left, 1 << 20))):
            left -= len(block)
        return None

    # -- making ------------------------------------------------------------------------------------
    def add(self, kind: str, data: bytes, like: str) -> str:
        """Names a new object, in the hash that `like` is a name of."""
        name = object_name(kind, data, like)
        self._made.setdefault(name, (kind, data))
        return name

    def add_commit(self, tree: str, parents: Iterable[str], message: str, who: Mapping[str, str]) -> str:
        """Names a new commit; `who` holds git's variables for author and committer."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        for part in ("AUTHOR", "COMMITTER"):
            name, mail = (_plain(who[f"GIT_{part}_{field}"]) for field in ("NAME", "EMAIL"))
            lines.append(f"{part.lower()} {name} <{mail}> {who[f'GIT_{part}_DATE']}")
        return self.add("commit", "\n".join([*lines, "", message, ""]).encode("utf-8", "replace"), tree)

    def write(self) -> None:
        """Gives git all that was made, in one process; nothing where nothing was."""
        if not self._made:
            return
        sha = next(iter(self._made))
        take = ("unpack-objects", "-q") if len(self._made) <= _LOOSE_AT_MOST else ("index-pack", "--stdin")
        git.run(self._folder, *take, input=_pack(self._made.values(), sha))
        self._made.clear()


def object_name(kind: str, data: bytes, like: str) -> str:
    """The name git gives an object, in the hash that `like` is a name of."""
    return _hash(like)(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()


def _hash(like: str) -> Callable[[bytes], hashlib._Hash]:
    return hashlib.sha256 if len(like) == 64 else hashlib.sha1


def _plain(text: str) -> str:
    """A name or an address without what ends it in a commit."""
    return "".join(letter for letter in text if letter not in "<>\n\0").strip() or "unknown"


def _pack(objects: Iterable[tuple[str, bytes]], like: str) -> bytes:
    held = list(objects)
    parts = [struct.pack(">4sII", b"PACK", 2, len(held))]
    for kind, data in held:
        parts += [_head(_KINDS[kind], len(data)), zlib.compress(data)]
    whole = b"".join(parts)
    return whole + _hash(like)(whole).digest()


def _head(kind: int, size: int) -> bytes:
    """The type and size before an object in a pack: four bits of the size, then seven at a time."""
    byte, size = kind << 4 | size & 15, size >> 4
    head = bytearray()
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    return bytes([*head, byte])


def pack_loose(folder: str, commits: Iterable[str], packed: Iterable[str], *, timeout: float) -> None:
    """Packs what some commits name, others do not, and no pack has; takes away loose objects that a pack has.

    `folder` is the common git folder. SetupError where git is not done in time, or does not know a commit.
    """
    named = "".join(f"{name}\n" for name in [*commits, *(f"^{name}" for name in packed)]).encode()
    within = ("--revs", "--unpacked", "--incremental", "--delta-base-offset", "--quiet")
    place = os.path.join(folder, "objects/pack/pack")
    git.run(folder, "pack-objects", *within, place, input=named, timeout=timeout)
    git.run(folder, "prune-packed", "--quiet", timeout=timeout)
