"""The objects of a repository: what a tree lists, what blobs hold, and making new ones."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.git import git

_BLOCK = 1 << 20
_BATCH = ("cat-file", "--batch")
_HEADER_SIZE = 128
"""An upper bound of the line before an object, without the requested name."""
_LISTED = re.compile(rb"(\d{6}) \w+ ([0-9a-f]{40}(?:[0-9a-f]{24})?)\t(.+)", re.DOTALL)
_HEADER = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})? (\w+) (\d{1,18})")


class Entry(NamedTuple):
    """What stands in a tree under a path: its mode and the name of its object."""

    mode: str
    name: str

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, not a link or a submodule."""
        return self.mode.startswith("100")

    @property
    def is_folder(self) -> bool:
        """Whether it is a tree."""
        return self.mode == "040000"


# -- reading ---------------------------------------------------------------------------------------


def tree(folder: str, commit: str, prefix: str = "") -> dict[str, Entry]:
    """All entries of a commit by path from the top, optionally below a prefix."""
    arguments = ("ls-tree", "-r", "-z", "--full-tree", commit, *(["--", prefix] if prefix else []))
    answer = git.ask(folder, *arguments)
    if answer.code:
        raise git.failed(arguments, answer)
    entries = {}
    for line in answer.out.split(b"\0"):
        if not line:
            continue
        listed = _LISTED.fullmatch(line)
        if listed is None:
            raise git.not_understood(arguments, line)
        entries[os.fsdecode(listed[3])] = Entry(listed[1].decode(), listed[2].decode())
    return entries


def contents(folder: str, names: Iterable[str]) -> dict[str, bytes | None]:
    """The bytes of objects, whole, by any name git has for them; None for each that is not there. One process."""
    bytes_of: dict[str, bytes | None] = dict.fromkeys(names)
    spelled = _askable(bytes_of)
    out = _answers(folder, _BATCH, spelled)
    at = 0
    for name, written in spelled:
        line, _, _ = out[at : at + len(written) + _HEADER_SIZE].partition(b"\n")
        described = _described(_BATCH, written, line)
        at += len(line) + 1
        if described is not None:
            bytes_of[name] = out[at : at + described[1]]
            at += described[1] + 1
    if at != len(out):
        raise git.not_understood(_BATCH, out[-80:])
    return bytes_of


def kinds(folder: str, names: Iterable[str]) -> dict[str, str]:
    """The kind of object each name names: blob, tree, commit, tag; "" where it names none. One process."""
    arguments = ("cat-file", "--batch-check")
    kind_of = dict.fromkeys(names, "")
    spelled = _askable(kind_of)
    lines = _answers(folder, arguments, spelled).split(b"\n")
    if len(lines) != len(spelled) + 1 or lines[-1]:
        raise git.not_understood(arguments, lines[-1])
    for (name, written), line in zip(spelled, lines, strict=False):
        described = _described(arguments, written, line)
        kind_of[name] = described[0] if described else ""
    return kind_of


class Reader:
    """The contents of objects in blocks, from one git process; a context manager."""

    def __init__(self, folder: str) -> None:
        self._process = git.start(folder, *_BATCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def blocks(self, name: str) -> Generator[bytes, None, None]:
        """An object's bytes; only one object is read at a time, to its end or its close."""
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None
        with suppress(BrokenPipeError):  # git has ended: no answer comes
            requests.write(f"{name}\n".encode())
            requests.flush()
        header = answers.readline()
        if not header.endswith(b"\n"):
            raise _ended(name)
        described = _described(_BATCH, name.encode(), header[:-1])
        if described is None:
            raise _lost(name)
        left = described[1]
        try:
            while left:
                block = answers.read(min(left, _BLOCK))
                if not block:
                    raise _ended(name)
                left -= len(block)
                yield block
        finally:
            while left and (block := answers.read(min(left, _BLOCK))):
                left -= len(block)
            answers.read(1)  # the line end behind each object


def _askable(names: Iterable[str]) -> list[tuple[str, bytes]]:
    """The names that fit on one line each, as git reads them, and their bytes."""
    spelled = []
    for name in names:
        with suppress(UnicodeEncodeError):  # no file system has such a name
            spelled.append((name, name.encode("utf-8", "surrogateescape")))
    return [(name, written) for name, written in spelled if not {0, 10} & set(written)]


def _answers(folder: str, arguments: tuple[str, ...], spelled: Sequence[tuple[str, bytes]]) -> bytes:
    if not spelled:
        return b""
    answer = git.ask(folder, *arguments, input=b"".join(written + b"\n" for _, written in spelled))
    if answer.code:
        raise git.failed(arguments, answer)
    return answer.out


def _described(arguments: tuple[str, ...], name: bytes, line: bytes) -> tuple[str, int] | None:
    """The kind and size that a line of `cat-file` tells of an object; None when it is missing."""
    described = _HEADER.fullmatch(line)
    if described is not None:
        return described[1].decode(), int(described[2])
    if line != name + b" missing":
        raise git.not_understood(arguments, line)
    return None


def _lost(name: str) -> SetupError:
    return SetupError(f"git has no object {name}", code="git.object", hint=hint.git("fsck"))


def _ended(name: str) -> SetupError:
    return SetupError(f"git ended before it gave the object {name}", code="git.failed", hint=hint.git("fsck"))


# -- writing ---------------------------------------------------------------------------------------


def write_blob(folder: str, data: bytes) -> str:
    """Puts bytes into the repository just as they are; the name of their blob."""
    return git.run_for_name(folder, "hash-object", "-w", "--no-filters", "--stdin", input=data)


def write_tree(folder: str, blobs: Mapping[str, str]) -> str:
    """Makes a tree of regular files, by their names in it; no folders."""
    lines = [f"100644 blob {blob}\t{name}\0" for name, blob in blobs.items()]
    return git.run_for_name(folder, "mktree", "-z", input="".join(lines).encode("utf-8", "surrogateescape"))


def write_commit(folder: str, tree: str, parents: Iterable[str], message: str, who: Mapping[str, str]) -> str:
    """Makes a commit; `who` holds git's variables for author and committer. No hook runs, nothing is signed."""
    above = [part for parent in parents for part in ("-p", parent)]
    return git.run_for_name(folder, "commit-tree", tree, *above, "-m", message, extra=who)
