"""The files of another tracker: read in one go, bounded, no link followed, nothing written.

The user chooses the path, so it may lead out of the checkout; the content of a tracker's folder is
not the user's choice, so only regular files in it are read.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import DataError, UsageError
from tools.core.fs import strict_json

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of all files of one source."""

MAX_PIECES = 100_000
"""Pieces of one source."""

MAX_DEPTH = 8
"""Folders below a tracker's own."""


class SourceFile(NamedTuple):
    """A file that was read: its name as problems show it, and its text."""

    name: str
    text: str


class Source(NamedTuple):
    """Where a tracker's data are: the path, and how messages name it.

    `piped` is the text that came through a pipe instead of a path.
    """

    path: str
    name: str
    piped: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the path is a folder."""
        return self.piped is None and os.path.isdir(self.path)


def read(source: Source) -> SourceFile:
    """The one file of a source; DataError when it is not a regular file, or too large."""
    if source.piped is not None:
        return SourceFile(source.name, source.piped)
    return SourceFile(source.name, _decoded(_bytes_of(source.path, source.name, MAX_BYTES)))


def read_folder(source: Source, suffixes: tuple[str, ...]) -> Iterator[SourceFile]:
    """Every regular file of a folder with one of the suffixes, by path."""
    left = MAX_BYTES
    for path in _paths(source.path, suffixes, MAX_DEPTH):
        name = os.path.join(source.name, os.path.relpath(path, source.path))
        data = _bytes_of(path, name, left)
        left -= len(data)
        yield SourceFile(name, _decoded(data))


def _paths(folder: str, suffixes: tuple[str, ...], depth: int) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as problem:
        raise _unreadable(folder, problem) from problem
    for entry in listed:
        if entry.is_file(follow_symlinks=False) and entry.name.endswith(suffixes) and not entry.name.startswith("."):
            yield entry.path
        elif depth and entry.is_dir(follow_symlinks=False):
            yield from _paths(entry.path, suffixes, depth - 1)


def _bytes_of(path: str, name: str, limit: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise UsageError(f"{name} does not exist", code="import.path") from None
    except OSError as problem:
        raise _unreadable(name, problem) from problem
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise DataError(
                f"{name} is not a regular file", code="import.unreadable", hint=hint.program("ls", "-ld", name)
            )
        with open(descriptor, "rb", closefd=False) as opened:
            data = opened.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise DataError(f"{name}: the source has more than {MAX_BYTES >> 20} MiB", code="import.size")
    return data


def _unreadable(name: str, problem: OSError) -> DataError:
    return DataError(
        f"{name}: {problem.strerror or problem}", code="import.unreadable", hint=hint.program("ls", "-ld", name)
    )


def _decoded(data: bytes) -> str:
    """The text, without a byte order mark; bytes that are not UTF-8 become the replacement character."""
    return data.decode("utf-8-sig", "replace")


def json_decoder() -> Callable[[str], object]:
    """A parser of JSON that refuses NaN and numbers beyond a double; ValueError or RecursionError."""
    return json.JSONDecoder(parse_constant=strict_json.no_constant, parse_float=strict_json.finite).decode


def json_line_decoder() -> Callable[[str], object]:
    """The same for texts without blanks around them: half of the cost of a short one is looking for those."""
    decoder = json.JSONDecoder(parse_constant=strict_json.no_constant, parse_float=strict_json.finite)
    scan = decoder.scan_once  # type: ignore[attr-defined]  # which the stubs leave out

    def decode(text: str) -> object:
        try:
            value, end = scan(text, 0)
        except StopIteration as problem:
            raise json.JSONDecodeError("Expecting value", text, problem.value) from None
        if end != len(text):
            raise json.JSONDecodeError("Extra data", text, end)
        return value

    return decode


def parse_json(file: SourceFile) -> object:
    """The JSON a file holds; DataError with `path:line`."""
    try:
        return json_decoder()(file.text)
    except RecursionError:
        line, reason = 1, "nested too deeply"
    except json.JSONDecodeError as problem:
        line, reason = problem.lineno, f"not JSON: {problem.msg}"
    except ValueError as problem:
        line, reason = 1, str(problem)
    raise DataError(f"{file.name}:{line}: {reason}", code="import.unreadable")


class Lines:
    """The lines on which the objects of a JSON list begin, derived from their titles."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1

    def of(self, item: object) -> int:
        """The line of an object's title; call it in the order of the file."""
        title = item.get("title") if isinstance(item, dict) else None
        spelled = json.dumps(title, ensure_ascii=False) if isinstance(title, str) else ""
        place = self._text.find(spelled, self._at) if spelled else -1
        if place >= 0:
            self._line += self._text.count("\n", self._at, place)
            self._at = place
        return self._line
