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

from tools.core.errors import DataError, ToolkitError
from tools.core.fs import files, jsonl
from tools.core.models.bus import EVENTS
from tools.core.store.files import index_build as indexing
from tools.core.store.files import index_rows
from tools.core.workspace import Place, Workspace

_PATIENCE = 60.0
"""Seconds to wait for another process that is catching up; a million records take it twenty."""

_ELSEWHERE = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
)
"""What is wrong with the place of the file, not with the file."""

MAX_PROBLEMS = 1000
"""Bad lines of the logs that a question is told of; the checks find all of them."""


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
            values = {name: index_rows.storable(value) for name, value in values.items()}
        else:
            values = [index_rows.storable(value) for value in values]
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as problem:
            if problem.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
            if self._has_words_open():
                raise DataError("the words of bus_search are damaged", code="index.words") from problem
        self.close()
        discard(self._workspace)
        self._connection = _connect(self._workspace)
        return self._connection.execute(sql, values).fetchall()

    def _has_words_open(self) -> bool:
        return any(name == "search" for _, name, _ in self._connection.execute("PRAGMA database_list"))

    def rows(self, where: str, values: Sequence[object], tail: str = "") -> list[Row]:
        """The entries that meet a condition, in the order `tail` says."""
        sql = f"SELECT seq, stream, number, raw FROM entries WHERE {where} {tail}"
        return [Row(*found) for found in self.ask(sql, values)]

    def events_of(self, kinds: Sequence[str]) -> list[Row]:
        """All events of some kinds, oldest first; meant for kinds there are few of."""
        wanted = ", ".join("?" * len(kinds))
        where = f"agent=? AND kind IN ({wanted}) AND stream='events'"
        return sorted(row for agent in self.distinct("agent") for row in self.rows(where, [agent, *kinds]))

    def with_decision(self) -> list[Row]:
        """All records that name a decision, oldest first."""
        sql = "SELECT seq, stream, number, raw FROM entries INDEXED BY by_decision WHERE decision IS NOT NULL"
        return sorted(Row(*found) for found in self.ask(sql))

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

    def problems(self, streams: Sequence[str] | None = None) -> list[jsonl.Problem]:
        """Lines (of some logs) that cannot be read, by log and number; see `MAX_PROBLEMS`."""
        where = "1" if streams is None else f"stream IN ({', '.join('?' * len(streams))})"
        rows = self.ask(
            f"SELECT stream, number, reason FROM problems WHERE {where} ORDER BY stream, number LIMIT {MAX_PROBLEMS}",
            list(streams or ()),
        )
        return [jsonl.Problem(file_name(stream), number, reason) for stream, number, reason in rows]

    def lost(self) -> list[tuple[str, bytes]]:
        """Records that a log once had and has no longer, as (stream, line)."""
        return [(stream, raw) for stream, raw in self.ask("SELECT stream, raw FROM lost ORDER BY stream, rowid")]

    # -- the words of bus_search, in a file of their own -------------------------------------
    def has_words(self) -> bool:
        """Whether this SQLite has full-text search."""
        try:
            self._connection.execute("CREATE VIRTUAL TABLE temp.probe USING fts5(text)")
            self._connection.execute("DROP TABLE temp.probe")
        except sqlite3.OperationalError:
            return False
        return True

    @contextmanager
    def writing_words(self) -> Iterator[int]:
        """A transaction over the words; yields the last record that is in."""
        connection = self._connection
        connection.execute("BEGIN")
        try:
            connection.execute("UPDATE word_state SET seq=seq")  # one process at a time, and only of those that search
            generation = connection.execute("SELECT number FROM generation").fetchone()[0]
            known, seq = connection.execute("SELECT generation, seq FROM word_state").fetchone()
            if known != generation:
                connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
                seq = 0
            yield seq
            last = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM entries").fetchone()[0]
            connection.execute("UPDATE word_state SET generation=?, seq=?", (generation, last))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def open_words(self) -> None:
        """Makes the words ready: in their file, or for this process alone where that cannot be used."""
        for place in (_words_file(self._workspace), ""):
            try:
                self._attach(place)
                return
            except sqlite3.DatabaseError as problem:
                with suppress(sqlite3.Error):
                    self._connection.execute("DETACH search")
                if not place:
                    raise
                if _is_damage(problem):
                    discard(self._workspace, "-words")

    def _attach(self, place: str) -> None:
        self._connection.execute("ATTACH ? AS search", (place,))
        if place:
            self._connection.execute("PRAGMA search.journal_mode=WAL")
            self._connection.execute("PRAGMA search.synchronous=NORMAL")
        self._connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS search.words USING fts5(text, content='')")
        self._connection.execute("CREATE TABLE IF NOT EXISTS search.word_state (generation INTEGER, seq INTEGER)")
        self._connection.execute("INSERT INTO word_state SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM word_state)")

    def discard_words(self) -> None:
        """Throws away words that turned out to be damaged; the next `open_words` makes new ones."""
        with suppress(sqlite3.Error):
            self._connection.execute("DETACH search")
        discard(self._workspace, "-words")

    def each(self, sql: str, values: Sequence[object]) -> Iterator[Any]:
        """The rows of a long answer one by one, in bounded memory."""
        return iter(self._connection.execute(sql, values))

    def add_words(self, batch: list[tuple[int, str]]) -> None:
        """The words of some records, inside `writing_words`."""
        self._connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", batch)
        batch.clear()

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
            _use_wal(connection)
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


def discard(workspace: Workspace, which: str = "") -> None:
    """Throws a file of the index away; who has it open goes on with what it sees."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError, ToolkitError):
            files.remove(_file(workspace, which + suffix))


def _open_file(workspace: Workspace) -> sqlite3.Connection:
    if not os.path.isdir(workspace.bus.path):
        raise FileNotFoundError(workspace.bus.path)
    connection = sqlite3.connect(_plain_file(workspace), timeout=_PATIENCE, isolation_level=None)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != indexing.VERSION:
            _create(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _plain_file(workspace: Workspace, which: str = "") -> str:
    """The path of a file of the index; a link, pipe or folder is refused here, before SQLite follows it."""
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError), files.opened(_file(workspace, which + suffix), os.O_RDWR):
            pass
    with files.opened(_file(workspace, which), os.O_RDWR | os.O_CREAT, create=True):
        pass
    return _file(workspace, which).path


def _words_file(workspace: Workspace) -> str:
    try:
        return _plain_file(workspace, "-words")
    except (OSError, ToolkitError):
        return ""


def _use_wal(connection: sqlite3.Connection) -> None:
    """After a load without it, so that readers and a writer do not wait for each other; they may be there already."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA page_size=8192")
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
