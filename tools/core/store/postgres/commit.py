"""What a commit sends, and what became of one whose answer was lost.

One message carries two transactions. The first does everything under the bus's lock and is not flushed;
the second writes a few bytes, and the flush at its end takes the first along. So writers that wait for the
lock do not wait for the disk, and the caller hears of a commit only when it is safe.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tools.core import hint, ids
from tools.core.errors import SetupError
from tools.core.fs import files, jsonl
from tools.core.hashing import sha256_hex
from tools.core.models.bus import EVENTS
from tools.core.models.lenient import text_of
from tools.core.plain import NamedTuple
from tools.core.store.api import Append, Change, Replace, StaleVersion
from tools.core.store.postgres import driver

_COMMIT = "SELECT teof.commit_1(%s, %s::text[], %s::text[], %s::text[], %s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[])"
_FLUSH = "SELECT place, prev FROM teof.flush_1(%s, %s::text[], %s::text[])"


class Written(NamedTuple):
    """Where a record is in the order of commits, and the `prev` that the server gave it."""

    seq: int
    prev: str


class Parcel(NamedTuple):
    """A commit as the server's function takes it."""

    expects: list[tuple[str, str]]
    documents: list[tuple[str, bytes]]
    streams: list[str]
    records: list[dict[str, object]]
    halves: list[tuple[str, str]]

    @property
    def ids(self) -> list[str]:
        """The ids of the records, "" for one without."""
        return [text_of(record.get("id")) for record in self.records]

    @property
    def can_be_asked_for(self) -> bool:
        """Whether every record has an id by which it is looked up."""
        return all(self.ids)


def parcel_of(changes: Sequence[Change]) -> Parcel:
    """Lays a commit out; UsageError for a name that is not an id and for a record that is too long."""
    parcel = Parcel([], [], [], [], [])
    for change in changes:
        if isinstance(change, Append):
            record = {key: value for key, value in change.record.items() if key != "prev"}
            jsonl.encode({**record, "prev": "0" * 16})
            parcel.streams.append(require_name(change.stream))
            parcel.records.append(record)
            parcel.halves.append(_halves(record))
        elif isinstance(change, Replace):
            parcel.expects.append((require_name(change.document), change.expected))
            parcel.documents.append((change.document, files.dump_json(change.content)))
        else:
            parcel.expects.append((require_name(change.name), change.expected))
    return parcel


def require_name(name: str) -> str:
    """The name of a stream or a document; UsageError when its task is not an id."""
    if name != EVENTS:
        ids.require_task(name.partition("/")[2])
    return name


def _halves(record: Mapping[str, object]) -> tuple[str, str]:
    """The members of a record's line before and behind where `prev` belongs."""
    before = jsonl.spelled({key: value for key, value in record.items() if key < "prev"})
    after = jsonl.spelled({key: value for key, value in record.items() if key > "prev"})
    return before[1:-1].decode(), after[1:-1].decode()


def send(connection: driver.Connection, bus: int, parcel: Parcel, *, is_flushed_after: bool) -> list[Written]:
    """Commits; where each record is. Where the answer was lost, what became of it is looked up."""
    begin, end = (
        ("BEGIN; SET LOCAL synchronous_commit = off; ", "; COMMIT; ") if is_flushed_after else ("BEGIN; ", "; COMMIT; ")
    )
    sql = begin + _COMMIT + end + _FLUSH
    values = [*_arguments(bus, parcel), *_question(bus, parcel)]
    if not parcel.can_be_asked_for:
        return _send_nameless(connection, bus, parcel)
    try:
        return _written(connection.tell(sql, *values))
    except driver.Repeated:
        return _written(connection.ask(_FLUSH, *_question(bus, parcel)))
    except driver.Lost:
        return _settled(connection, bus, parcel, sql, values)


def _arguments(bus: int, parcel: Parcel) -> list[Any]:
    return [
        bus,
        [name for name, _ in parcel.expects],
        [version for _, version in parcel.expects],
        [name for name, _ in parcel.documents],
        [driver.binary(content) for _, content in parcel.documents],
        parcel.streams,
        [before for before, _ in parcel.halves],
        [after for _, after in parcel.halves],
        parcel.ids,
    ]


def _question(bus: int, parcel: Parcel) -> list[Any]:
    return [bus, parcel.streams, parcel.ids]


def _written(rows: Sequence[Any]) -> list[Written]:
    return [Written(int(str(place).partition(" ")[0]), prev or "") for place, prev in rows]


def _send_nameless(connection: driver.Connection, bus: int, parcel: Parcel) -> list[Written]:
    """Commits records without ids, which nobody can look up: flushed within the lock."""
    try:
        head = connection.tell(_COMMIT, *_arguments(bus, parcel))[0][0]
    except driver.Lost as error:
        raise _unknown(connection) from error
    count = len(parcel.records)
    sql = "SELECT seq, teof.object_in(raw) ->> 'prev' FROM teof.records WHERE bus = %s AND seq > %s AND seq <= %s ORDER BY seq"
    return _written(connection.ask(sql, bus, head - count, head))


def _settled(connection: driver.Connection, bus: int, parcel: Parcel, sql: str, values: Sequence[Any]) -> list[Written]:
    """Asks whether a commit was done whose answer was lost, and does it where it was not."""
    end, pause = time.monotonic() + driver.CONNECTING, 0.05
    while True:
        try:
            return _tried_again(connection, bus, parcel, sql, values)
        except driver.Repeated:
            continue
        except (driver.Lost, SetupError) as error:
            if time.monotonic() > end or (isinstance(error, SetupError) and error.code != "store.unreachable"):
                raise _unknown(connection) from error
            time.sleep(pause)
            pause = min(2 * pause, 1.0)


def _tried_again(
    connection: driver.Connection, bus: int, parcel: Parcel, sql: str, values: Sequence[Any]
) -> list[Written]:
    """What was written of a commit, which is done now where it was not; the connection may break again."""
    written = _looked_up(connection, bus, parcel)
    if written is not None:
        return written
    try:
        return _written(connection.tell(sql, *values))
    except StaleVersion:  # it may be this commit itself that changed the version
        written = _looked_up(connection, bus, parcel)
        if written is None:
            raise
        return written


def _looked_up(connection: driver.Connection, bus: int, parcel: Parcel) -> list[Written] | None:
    """Where each record is of a commit that was done, and is safe now; None where it was not."""
    rows = connection.tell(_FLUSH, *_question(bus, parcel))
    if parcel.records:
        return _written(rows) if len(rows) == len(parcel.records) else None
    for name, content in parcel.documents:
        if connection.tell("SELECT teof.version_of(%s, %s)", bus, name)[0][0] != sha256_hex(content):
            return None
    return []


def _unknown(connection: driver.Connection) -> SetupError:
    return SetupError(
        f"the connection to postgresql://{connection.address.shown} broke in the middle of a commit;"
        " it is not known whether this was done; the same command again is safe",
        code="store.unreachable",
        hint=hint.again(),
    )
