"""Logs of one JSON object a line: encode one, read all, read from the end, hash what came before.

Bytes are split on `\\n` alone. A line that cannot be read is a `Problem` with its place, never an
exception: one bad record spoils nothing else. Line numbers are counted only once a bad one is met
in a read from the end.
"""

from __future__ import annotations

import os

from tools.core import plain_json
from tools.core.errors import UsageError
from tools.core.fs import files, strict_json
from tools.core.hashing import sha256_hex
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.problem import Problem
from tools.core.workspace import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_LINE = 64 * 1024
"""Bytes of one record, its line end not counted."""

UNREADABLE = "record.unreadable"
TORN = "record.torn"
"""The codes of a line that is no record, and of a last line that was never finished."""

_BLOCK = 64 * 1024
_FIRST = 8 * 1024
"""Bytes that are read first: who asks for a line or two at an end of a log needs no more."""
_UNSAFE = "[\x85\u2028\u2029\ud800-\udfff]"


class Line(NamedTuple):
    """One line as it lies in the file, without its line end; `offset` is its first byte.

    Of a line that is too long only the beginning is in `raw`.
    """

    offset: int
    raw: bytes
    whole: bool  # False for a last line that has no line end
    end: int  # the byte behind its line end

    @property
    def hash(self) -> str:
        """What the record after it carries as `prev`."""
        return line_hash(self.raw)


class StoredRecord(NamedTuple):
    """A record that was read, and the line it came from."""

    record: dict[str, object]
    line: Line
    number: int | None  # None when the file was read from its end


class Reading(NamedTuple):
    """The records of a log, oldest first, and a problem for each line that was skipped."""

    records: list[StoredRecord]
    problems: list[Problem]


def line_hash(raw: bytes) -> str:
    """The first 16 hex digits of the SHA-256 of a line without its line end."""
    return sha256_hex(raw)[:16]


def encode(record: Mapping[str, object]) -> bytes:
    """The record as a line without its line end; UsageError above 64 KiB."""
    line = spelled(record)
    if len(line) > MAX_LINE:
        raise UsageError(
            f"the record would have {len(line)} bytes, {MAX_LINE} at most;"
            " put the text in a file and cite that with --receipt",
            code="record.too_long",
        )
    return line


def spelled(record: Mapping[str, object]) -> bytes:
    """The record as the toolkit spells it in JSON, whatever it says; ValueError for what JSON has no word for."""
    text = plain_json.sorted_line(record)
    if not text.isprintable():
        import re  # most records have only what a terminal shows

        text = re.sub(_UNSAFE, lambda match: f"\\u{ord(match[0]):04x}", text)
    return text.encode()


def parse(raw: bytes) -> dict[str, object]:
    """The record in a line; ValueError with the reason when it is not one."""
    if len(raw) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE} bytes")
    try:
        value = strict_json.read(raw.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise ValueError(f"not UTF-8 (byte {problem.start + 1})") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError as problem:
        place = strict_json.place_of(problem)
        raise ValueError(f"not JSON: {place.reason} (column {place.column})" if place else str(problem)) from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def parse_plain(raw: bytes) -> dict[str, object] | None:
    """What `parse` says of a line with nothing around its object, at two thirds of the cost; None: ask `parse`."""
    if len(raw) > MAX_LINE:
        return None
    try:
        return strict_json.read_object(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def scan(place: Place, start: int = 0, number: int = 1) -> Iterator[StoredRecord | Problem]:
    """Every record from byte `start`, the beginning of line `number`, in bounded memory."""
    for count, line in enumerate(lines(place, start), number):
        outcome = examine(place, line, count)
        if outcome is not None:
            yield outcome


def read(place: Place, start: int = 0) -> Reading:
    """Every record from byte `start` on (the beginning of a line), oldest first."""
    records: list[StoredRecord] = []
    problems: list[Problem] = []
    number = number_of(place, start) if start else 1
    for outcome in scan(place, start, number):
        if isinstance(outcome, StoredRecord):
            records.append(outcome)
        else:
            problems.append(outcome)
    return Reading(records, problems)


def examine(place: Place, line: Line, number: int | None) -> StoredRecord | Problem | None:
    """The record of a line, or why it cannot be read; None for a blank one."""
    if not line.raw.strip():
        return None
    try:
        return StoredRecord(parse(line.raw), line, number)
    except ValueError as problem:
        at = number or number_of(place, line.offset)
        if line.whole:
            return Problem(place.name, at, str(problem), UNREADABLE)
        return Problem(place.name, at, f"unfinished last line ({len(line.raw)} bytes)", TORN)


def lines(place: Place, start: int = 0) -> Iterator[Line]:
    """The lines of a file from byte `start` on; of one that is too long only the beginning is kept."""
    try:
        with files.opened(place) as descriptor:
            yield from lines_of(descriptor, start)
    except FileNotFoundError:
        return


def lines_of(descriptor: int, start: int = 0) -> Iterator[Line]:
    """The lines of an open file from byte `start` on, in bounded memory."""
    return split(_blocks(descriptor, start), start)


def _blocks(descriptor: int, position: int) -> Iterator[bytes]:
    size = _FIRST
    while block := os.pread(descriptor, size, position):
        position += len(block)
        yield block
        size = _BLOCK * 16


def split(blocks: Iterable[bytes], start: int = 0) -> Iterator[Line]:
    """The lines of a log that comes in blocks, the first of them at byte `start`; in bounded memory."""
    kept, length, offset = b"", 0, start
    for block in blocks:
        *complete, rest = block.split(b"\n")
        for piece in complete:
            end = offset + length + len(piece) + 1
            yield Line(offset, _without_return(kept + piece), True, end)
            offset = end
            kept, length = b"", 0
        length += len(rest)
        kept = (kept + rest)[: MAX_LINE + 1]  # of a line too long, enough to say so
    if length:
        yield Line(offset, kept, False, offset + length)


def _without_return(raw: bytes) -> bytes:
    return raw[:-1] if raw.endswith(b"\r") else raw


def lines_backwards(descriptor: int, start: int | None = None) -> Iterator[Line]:
    """The lines of an open file, last first, in bounded memory; down to byte `start`."""
    position = end = os.fstat(descriptor).st_size if start is None else start
    buffer, stop, whole = b"", 0, False
    while True:
        newline = buffer.rfind(b"\n", 0, stop)
        if newline >= 0:
            raw = buffer[newline + 1 : stop]
            if whole or raw:
                begin = position + newline + 1
                yield Line(begin, _without_return(raw) if whole else raw, whole, end)
            stop, whole, end = newline, True, position + newline + 1
        elif position == 0:
            if stop or whole:
                raw = buffer[:stop]
                yield Line(0, _without_return(raw) if whole else raw, whole, end)
            return
        else:
            count = min(_BLOCK if buffer else _FIRST, position)
            block = os.pread(descriptor, count, position - count)
            if len(block) < count:  # truncated meanwhile: what is left is another file's story
                return
            position -= count
            buffer = block + buffer[: min(stop, MAX_LINE + 1)]  # of a line too long, enough to say so
            stop = len(buffer)


def number_of(place: Place, offset: int) -> int:
    """The number of the line that begins at a byte; reads the file up to there."""
    count = 1
    with files.opened(place) as descriptor:
        position = 0
        while position < offset:
            block = os.pread(descriptor, min(1 << 20, offset - position), position)
            if not block:
                break
            count += block.count(b"\n")
            position += len(block)
    return count


def last_line(descriptor: int) -> Line | None:
    """The last line that is not blank; None in an empty file."""
    return next((line for line in lines_backwards(descriptor) if line.raw.strip()), None)
