"""The derived index of the bus: SQLite in `_bus/.cache/`, so that no question reads all of history.

Never the truth: `indexing` catches it up from where it stopped, and builds it anew when a log does
not continue what it knew (rewritten, merged, shorter). Records that it knew and a rewritten log no
longer has are kept in `lost`, so that readers can warn and `bus_repair` can bring them back. A file
that is damaged is thrown away and built again. Where the cache cannot be written the same index is
built for this process alone, at the price of reading the logs once.

Parallel use is SQLite's own: readers see a snapshot, a reader never keeps a writer waiting, and one
process at a time catches up while the others wait for it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from tools.core import files, indexing, jsonl
from tools.core.errors import ToolkitError
from tools.core.store import EVENTS
from tools.core.workspace import Place, Workspace

_PATIENCE = 60.0
"""Seconds to wait for another process that is catching up; a million records take it twenty."""

_ELSEWHERE = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
)
"""What is wrong with the place of the file, not with the file."""

MAX_PROBLEMS = 5
"""Bad lines of the logs that a question names before it only counts them."""


class Row(NamedTuple):
    """One record of the bus as the index returns it."""

    seq: int
    stream: str
    number: int
    raw: bytes


class Index:
    """An open index that has caught up with the bus."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._connection = _connect(workspace)

    def ask(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        """The rows of a query; an index that turns out to be damaged is built again first."""
        if isinstance(values, Mapping):
            values = {name: indexing.storable(value) for name, value in values.items()}
        else:
            values = [indexing.storable(value) for value in values]
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as problem:
            if problem.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
        self.close()
        discard(self._workspace)
        self._connection = _connect(self._workspace)
        return self._connection.execute(sql, values).fetchall()

    def rows(self, where: str, values: Sequence[object], tail: str = "") -> list[Row]:
        """The entries that meet a condition, in the order `tail` says."""
        sql = f"SELECT seq, stream, number, raw FROM entries WHERE {where} {tail}"
        return [Row(*found) for found in self.ask(sql, values)]

    def distinct(self, column: str, **fixed: str) -> list[str]:
        """The values of a column that an index begins with, behind the columns `fixed` gives a value.

        Found by skipping from one value to the next, so that their number counts and not the records'.
        """
        also = "".join(f"{name}=:{name} AND " for name in fixed)
        sql = (
            f"WITH RECURSIVE each(value) AS (SELECT MIN({column}) FROM entries WHERE {also}{column} IS NOT NULL"
            f" UNION ALL SELECT (SELECT MIN({column}) FROM entries WHERE {also}{column}>value) FROM each"
            " WHERE value IS NOT NULL) SELECT value FROM each WHERE value IS NOT NULL"
        )
        return [value for (value,) in self.ask(sql, fixed)]

    def problems(self, streams: Sequence[str] | None = None) -> list[str]:
        """Lines (of some logs) that cannot be read: the first few named, the rest counted."""
        where = "1" if streams is None else f"stream IN ({', '.join('?' * len(streams))})"
        values = list(streams or ())
        first = self.ask(
            f"SELECT stream, number, reason FROM problems WHERE {where} ORDER BY stream, number LIMIT {MAX_PROBLEMS}",
            values,
        )
        found = [str(jsonl.Problem(file_name(stream), number, reason)) for stream, number, reason in first]
        if len(found) == MAX_PROBLEMS:
            rest = self.ask(f"SELECT COUNT(*) FROM problems WHERE {where}", values)[0][0] - MAX_PROBLEMS
            if rest:
                found.append(f"{rest} more bad lines; python -m tools.maintenance.bus_check lists them")
        return found

    def lost(self) -> list[tuple[str, bytes]]:
        """Records that a log once had and has no longer, as (stream, line)."""
        return [(stream, raw) for stream, raw in self.ask("SELECT stream, raw FROM lost ORDER BY stream, rowid")]

    def close(self) -> None:
        """Ends the use of the file."""
        self._connection.close()


def losses(index: Index) -> list[str]:
    """One line for each log that has lost records, naming the command that brings them back."""
    return [
        f"{file_name(stream)}: {count} records that were here are gone; python -m tools.maintenance.bus_repair"
        for stream, count in index.ask("SELECT stream, count FROM losses ORDER BY stream")
    ]


def file_name(stream: str) -> str:
    """The path of a stream's file, as problems name it."""
    return "_bus/events/events.jsonl" if stream == EVENTS else f"_bus/{stream}.jsonl"


@contextmanager
def open_index(workspace: Workspace) -> Iterator[Index]:
    """The index, caught up; for this process alone where its folder cannot be written."""
    index = Index(workspace)
    try:
        yield index
    finally:
        index.close()


def _connect(workspace: Workspace) -> sqlite3.Connection:
    for _ in range(2):
        connection = None
        try:
            connection = _open_file(workspace)
            indexing.catch_up(connection, workspace)
            return connection
        except sqlite3.DatabaseError as problem:
            if connection is not None:
                connection.close()
            if not _is_damage(problem):
                break
            discard(workspace)
        except (OSError, ToolkitError):
            if connection is not None:
                connection.close()
            break
    own = sqlite3.connect("", isolation_level=None)  # spills to a temporary file instead of filling memory
    indexing.create(own)
    indexing.catch_up(own, workspace)
    return own


def _is_damage(problem: sqlite3.DatabaseError) -> bool:
    code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code not in _ELSEWHERE


def _file(workspace: Workspace, suffix: str = "") -> Place:
    return workspace.cache.child(f"index.sqlite{suffix}")


def discard(workspace: Workspace) -> None:
    """Throws the file away; who has it open goes on with what it sees."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError, ToolkitError):
            files.remove(_file(workspace, suffix))


def _open_file(workspace: Workspace) -> sqlite3.Connection:
    if not os.path.isdir(workspace.bus.path):
        raise FileNotFoundError(workspace.bus.path)
    for suffix in ("-wal", "-shm", ""):  # a link, pipe or folder is refused here, before SQLite follows it
        with suppress(FileNotFoundError), files.opened(_file(workspace, suffix), os.O_RDWR):
            pass
    with files.opened(_file(workspace), os.O_RDWR | os.O_CREAT, create=True):
        pass
    connection = sqlite3.connect(_file(workspace).path, timeout=_PATIENCE, isolation_level=None)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != indexing.VERSION:
            _create(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA page_size=8192")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != indexing.VERSION:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
                connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            indexing.create(connection)
            connection.execute(f"PRAGMA user_version={indexing.VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
