"""The lines of a stream on a server, in batches, and what each of them is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tools.core.fs import jsonl
from tools.core.models.lenient import shortcoming
from tools.core.problem import Problem

Ask = Callable[..., list[Any]]
"""Asks a question about a bus, whose number is its first value."""

_BATCH = 2000
_BATCH_OF_TAIL = 100


def numbered(ask: Ask, stream: str, start: int) -> Iterator[tuple[int, jsonl.Line]]:
    """Numbers and lines from a byte on, in bounded memory."""
    after = 0
    while rows := ask(
        "SELECT number, start, raw FROM teof.records WHERE bus = :bus AND stream = %s"
        f" AND number > %s AND start >= %s ORDER BY number LIMIT {_BATCH}",
        stream,
        after,
        start,
    ):
        after = rows[-1][0]
        yield from ((number, _line(offset, bytes(raw))) for number, offset, raw in rows)
        if len(rows) < _BATCH:
            return


def backwards(ask: Ask, stream: str) -> Iterator[tuple[int, jsonl.Line]]:
    """Numbers and lines, last first, in bounded memory."""
    before = 1 << 62
    while rows := ask(
        "SELECT number, start, raw FROM teof.records WHERE bus = :bus AND stream = %s AND number < %s"
        f" ORDER BY number DESC LIMIT {_BATCH_OF_TAIL}",
        stream,
        before,
    ):
        before = rows[-1][0]
        yield from ((number, _line(offset, bytes(raw))) for number, offset, raw in rows)
        if len(rows) < _BATCH_OF_TAIL:
            return


def _line(offset: int, raw: bytes) -> jsonl.Line:
    return jsonl.Line(offset, raw.removesuffix(b"\r"), True, offset + len(raw) + 1)


def examined(where: str, number: int, line: jsonl.Line) -> jsonl.StoredRecord | Problem | None:
    """The record of a line, why there is none, or None for a blank line."""
    if not line.raw.strip():
        return None
    try:
        record = jsonl.parse(line.raw)
    except ValueError as error:
        return Problem(where, number, str(error), jsonl.UNREADABLE)
    reason = shortcoming(record)
    return Problem(where, number, reason, jsonl.UNREADABLE) if reason else jsonl.StoredRecord(record, line, number)


def examined_row(where: str, number: int, raw: Any) -> jsonl.StoredRecord | Problem | None:
    """The same of a row's bytes."""
    return examined(where, number, _line(0, bytes(raw)))


def is_readable(raw: bytes) -> bool:
    """Whether a line is strict JSON, which the server's own parser is not as strict about."""
    try:
        jsonl.parse(raw.removesuffix(b"\r"))
    except ValueError:
        return False
    return True
