"""A bus from files into a server, and byte for byte back: lines with their ends, documents, nothing derived.

The server's half is filled in one transaction. Until the bus is opened nobody else can write to it, and what
a filling left that did not come to its end is removed by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from tools.core import hint
from tools.core.errors import ConflictError
from tools.core.plain import NamedTuple
from tools.core.store.postgres import driver
from tools.core.store.postgres.driver import Connection
from tools.core.store.postgres.lines import is_readable

_BATCH_LINES = 2000
_BATCH_BYTES = 4 << 20


class Digest(NamedTuple):
    """What a stream or a document is, to be compared with what it became."""

    bytes: int
    hash: str


Blocks = Iterable[bytes]


def begin(connection: Connection, key: str, token: str) -> int:
    """Begins the transaction that fills a bus; ConflictError when it holds something already."""
    connection.tell("BEGIN; SELECT 1")
    try:
        return int(connection.tell("SELECT teof.fill_1(%s, %s)", key, token)[0][0])
    except driver.Taken as error:
        raise ConflictError(
            f"the bus {key!r} on postgresql://{connection.address.shown} has records already",
            code="move.taken",
            hint=hint.again("--bus", hint.WORDS),
        ) from error


def load_stream(connection: Connection, bus: int, stream: str, blocks: Blocks) -> Digest:
    """Puts the bytes of a log into a bus that is being filled."""
    digest, size = sha256(), 0
    for lines, is_ended in _batches(blocks):
        data = b"\n".join(lines) + (b"\n" if is_ended else b"")
        digest.update(data)
        size += len(data)
        connection.tell(
            "SELECT teof.load_1(%s, %s, %s::bytea[], %s::boolean[], %s)",
            bus,
            stream,
            [driver.binary(line) for line in lines],
            [is_readable(line) for line in lines],
            is_ended,
        )
    return Digest(size, digest.hexdigest())


def load_document(connection: Connection, bus: int, name: str, content: bytes) -> Digest:
    """Puts a document into a bus that is being filled."""
    connection.tell("SELECT teof.load_documents_1(%s, %s::text[], %s::bytea[])", bus, [name], [driver.binary(content)])
    return Digest(len(content), sha256(content).hexdigest())


def _batches(blocks: Blocks) -> Iterator[tuple[list[bytes], bool]]:
    """The lines of a log without their line feeds, some at a time, and whether the last of them has one."""
    lines, size, rest = list[bytes](), 0, b""
    for block in blocks:
        *complete, rest = (rest + block).split(b"\n")
        for line in complete:
            lines.append(line)
            size += len(line)
            if len(lines) >= _BATCH_LINES or size >= _BATCH_BYTES:
                yield lines, True
                lines, size = [], 0
    if lines:
        yield lines, True
    if rest:
        yield [rest], False


def raw_blocks(connection: Connection, bus: int, stream: str, start: int = 0) -> Iterator[bytes]:
    """The bytes of a stream from one on that begins a line, exactly as a file has them."""
    number = 0
    while rows := connection.ask(
        "SELECT r.number, r.raw, r.number < s.lines OR s.ended FROM teof.records AS r JOIN teof.streams AS s USING (bus, stream)"
        f" WHERE bus = %s AND stream = %s AND r.number > %s AND r.start >= %s ORDER BY r.number LIMIT {_BATCH_LINES}",
        bus,
        stream,
        number,
        start,
    ):
        number = rows[-1][0]
        yield b"".join(bytes(raw) + (b"\n" if ended else b"") for _, raw, ended in rows)


def start_of_line(connection: Connection, bus: int, stream: str, number: int) -> int | None:
    """The byte at which a line of a stream begins; None where there are fewer."""
    sql = "SELECT start FROM teof.records WHERE bus = %s AND stream = %s AND number = %s"
    return next((int(start) for (start,) in connection.ask(sql, bus, stream, number)), None)


def commit(connection: Connection, bus: int, token: str) -> None:
    """Ends the transaction that fills a bus; where the answer was lost, it is looked up."""
    try:
        connection.tell("COMMIT; SELECT 1")
    except driver.Lost:
        if not connection.ask("SELECT 1 FROM teof.buses WHERE bus = %s AND token = %s", bus, token):
            raise


def seal(connection: Connection, key: str, *, closed: bool) -> None:
    """Closes a bus to all writers, or opens it again."""
    connection.ask("SELECT teof.seal_1(%s, %s)", key, closed)


def digest_of(blocks: Blocks) -> Digest:
    """What some bytes are."""
    digest, size = sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return Digest(size, digest.hexdigest())


def documents_of(connection: Connection, bus: int) -> Iterator[tuple[str, bytes]]:
    """Every document with its bytes, by name."""
    rows: list[Any] = [("",)]
    while rows := connection.ask(
        f"SELECT name, content FROM teof.documents WHERE bus = %s AND name > %s ORDER BY name LIMIT {_BATCH_LINES}",
        bus,
        rows[-1][0],
    ):
        yield from ((name, bytes(content)) for name, content in rows)


def streams_of(connection: Connection, bus: int) -> list[str]:
    """The names of all streams."""
    rows = connection.ask("SELECT stream FROM teof.streams WHERE bus = %s AND lines > 0", bus)
    return sorted(stream for (stream,) in rows)
