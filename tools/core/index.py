"""The derived index of the bus: SQLite in `_bus/.cache/`, so that no question reads all of history.

Never the truth: it is caught up from where it stopped, and built anew when a log does not continue
what it knew (rewritten, merged, shorter). A log whose last known line is where it was and whose file
is the same one is taken to continue. Records that it knew and a rewritten log no longer has are kept
in `lost`, so that readers can warn and `bus_repair` can bring them back. Where the cache cannot be
written the same index is built in memory, at the price of reading the log once.

Parallel use is SQLite's own: readers see a snapshot, and one process at a time catches up.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from tools.core import clock, files, jsonl
from tools.core.errors import ToolkitError
from tools.core.records import text_of
from tools.core.store import EVENTS, MESSAGES, FileStore, stream_of
from tools.core.workspace import Workspace

_VERSION = 2
_BATCH = 2000
_TABLES = """
CREATE TABLE streams (
  name TEXT PRIMARY KEY, inode INTEGER, mtime INTEGER, size INTEGER, end INTEGER, lines INTEGER, hash TEXT,
  loose INTEGER
) WITHOUT ROWID;
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY, stream TEXT, number INTEGER, id TEXT, at INTEGER, agent TEXT, kind TEXT,
  task TEXT, target TEXT, reply_to TEXT, severity TEXT, raw BLOB
);
CREATE UNIQUE INDEX by_id ON entries (id, stream) WHERE id <> '';
CREATE INDEX by_agent ON entries (agent, at);
CREATE INDEX by_kind ON entries (kind, agent, at);
CREATE INDEX by_task ON entries (task, at);
CREATE INDEX by_time ON entries (at);
CREATE INDEX by_reply ON entries (reply_to) WHERE reply_to <> '';
CREATE INDEX by_decision ON entries (seq) WHERE instr(raw, CAST('decision' AS BLOB)) > 0;
CREATE TABLE problems (stream TEXT, number INTEGER, reason TEXT);
CREATE TABLE lost (stream TEXT, id TEXT, raw BLOB, PRIMARY KEY (stream, raw)) WITHOUT ROWID;
"""


class Row(NamedTuple):
    """One record of the bus as the index returns it."""

    seq: int
    stream: str
    number: int
    raw: bytes


class Index:
    """An open index that has caught up with the bus."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows of a query over `entries`, `problems` and `lost`."""
        return self._connection.execute(sql, values).fetchall()

    def rows(self, where: str, values: Sequence[object], tail: str = "") -> list[Row]:
        """The entries that meet a condition, in the order `tail` says."""
        sql = f"SELECT seq, stream, number, raw FROM entries WHERE {where} {tail}"
        return [Row(*found) for found in self.ask(sql, values)]

    def problems(self) -> list[jsonl.Problem]:
        """The lines of all logs that cannot be read."""
        rows = self.ask("SELECT stream, number, reason FROM problems ORDER BY stream, number")
        return [jsonl.Problem(file_name(stream), number, reason) for stream, number, reason in rows]

    def problems_in(self, streams: Sequence[str]) -> list[jsonl.Problem]:
        """The lines of some logs that cannot be read."""
        wanted = {file_name(stream) for stream in streams}
        return [problem for problem in self.problems() if problem.name in wanted]

    def lost(self) -> list[tuple[str, bytes]]:
        """Records that a log once had and has no longer, as (stream, line)."""
        return [(stream, raw) for stream, raw in self.ask("SELECT stream, raw FROM lost ORDER BY stream, id")]


def losses(index: Index) -> list[str]:
    """One line for each log that has lost records, naming the command that brings them back."""
    rows = index.ask("SELECT stream, COUNT(*) FROM lost GROUP BY stream ORDER BY stream")
    return [
        f"{file_name(stream)}: {count} records that were here are gone; python -m tools.maintenance.bus_repair"
        for stream, count in rows
    ]


def file_name(stream: str) -> str:
    """The path of a stream's file, as problems name it."""
    return "_bus/events/events.jsonl" if stream == EVENTS else f"_bus/{stream}.jsonl"


@contextmanager
def open_index(workspace: Workspace) -> Iterator[Index]:
    """The index, caught up; in memory when its folder cannot be written or its file is unusable."""
    connection = _connect(workspace)
    try:
        yield Index(connection)
    finally:
        connection.close()


def _connect(workspace: Workspace) -> sqlite3.Connection:
    for _ in range(2):
        connection = None
        try:
            connection = _open_file(workspace)
            _catch_up(connection, workspace)
            return connection
        except sqlite3.OperationalError:  # read-only, or busy for longer than we wait
            if connection is not None:
                connection.close()
            break
        except sqlite3.DatabaseError:  # damaged: it can be derived again
            if connection is not None:
                connection.close()
            _discard(workspace)
        except (OSError, ToolkitError):
            break
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.executescript(_TABLES)
    _catch_up(memory, workspace)
    return memory


def _place(workspace: Workspace) -> Any:
    return workspace.cache.child("index.sqlite")


def _discard(workspace: Workspace) -> None:
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError, ToolkitError):
            files.remove(workspace.cache.child(f"index.sqlite{suffix}"))


def _open_file(workspace: Workspace) -> sqlite3.Connection:
    if not os.path.isdir(workspace.bus.path):
        raise FileNotFoundError(workspace.bus.path)
    place = _place(workspace)
    with files.opened(place, os.O_RDWR | os.O_CREAT, create=True):
        pass  # a link, pipe or folder under this name is refused here, before SQLite follows it
    connection = sqlite3.connect(place.path, timeout=5.0, isolation_level=None)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            _create(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
                connection.execute(f'DROP TABLE "{name}"')
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


# -- catching up ---------------------------------------------------------------------------------


class _Known(NamedTuple):
    inode: int
    mtime: int
    size: int
    end: int
    lines: int
    hash: str
    loose: int  # 1 when the record of a last line without line end is among the entries


def _catch_up(connection: sqlite3.Connection, workspace: Workspace) -> None:
    present = _stats(workspace)
    known = _known(connection)
    if present.keys() == known.keys() and all(_unchanged(known[name], stat) for name, stat in present.items()):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        known = _known(connection)
        for name in known.keys() - present.keys():
            _forget(connection, name)
        for name, stat in present.items():
            before = known.get(name)
            if before is None or not _unchanged(before, stat):
                _catch_up_stream(connection, FileStore(workspace), name, before)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _known(connection: sqlite3.Connection) -> dict[str, _Known]:
    rows = connection.execute("SELECT name, inode, mtime, size, end, lines, hash, loose FROM streams")
    return {name: _Known(*rest) for name, *rest in rows}


def _unchanged(known: _Known, stat: os.stat_result) -> bool:
    return (known.inode, known.mtime, known.size) == (stat.st_ino, stat.st_mtime_ns, stat.st_size)


def _stats(workspace: Workspace) -> dict[str, os.stat_result]:
    found: dict[str, os.stat_result] = {}
    with suppress(FileNotFoundError), files.folder_of(workspace.events) as opened:
        found[EVENTS] = os.stat(os.path.basename(workspace.events.name), dir_fd=opened, follow_symlinks=False)
    folder = workspace.bus.child(MESSAGES)
    with suppress(FileNotFoundError), files.folder_of(folder.child("x")) as opened, os.scandir(opened) as entries:
        for entry in entries:
            if entry.name.endswith(".jsonl") and not entry.name.startswith("."):
                found[stream_of(entry.name.removesuffix(".jsonl"))] = entry.stat(follow_symlinks=False)
    return found


def _catch_up_stream(connection: sqlite3.Connection, store: FileStore, name: str, before: _Known | None) -> None:
    try:
        place = store.place(name)
        with files.opened(place) as descriptor:
            stat = os.fstat(descriptor)
            start, number = 0, 1
            if before is not None and _continues(descriptor, stat, before):
                start, number = before.end, before.lines + 1
                if before.loose:
                    connection.execute("DELETE FROM entries WHERE stream=? AND number>=?", (name, number))
            elif before is not None:
                _set_aside(connection, name)
            connection.execute("DELETE FROM problems WHERE stream=? AND number>=?", (name, number))
            _load(connection, place, descriptor, name, stat, start, number)
    except (ToolkitError, FileNotFoundError) as problem:
        _forget(connection, name)
        connection.execute("INSERT INTO problems VALUES (?, 1, ?)", (name, str(problem)))
        return
    _settle_lost(connection, name)


def _continues(descriptor: int, stat: os.stat_result, before: _Known) -> bool:
    if stat.st_ino != before.inode or stat.st_size < before.end:
        return False
    if before.end == 0:
        return True
    last = next(jsonl.lines_backwards(descriptor, before.end), None)
    return last is not None and last.whole and last.hash == before.hash


def _load(
    connection: sqlite3.Connection,
    place: Any,
    descriptor: int,
    name: str,
    stat: os.stat_result,
    start: int,
    number: int,
) -> None:
    rows: list[tuple[object, ...]] = []
    end, lines, digest, loose = start, number - 1, "", 0
    for count, line in enumerate(jsonl.lines_of(descriptor, start), number):
        outcome = jsonl.examine(place, line, count)
        if line.whole:
            end, lines = line.end, count
        elif isinstance(outcome, jsonl.Found):
            loose = 1  # shown, and read again once its line end is there
        if isinstance(outcome, jsonl.Found):
            rows.append(_row(name, outcome))
            if len(rows) >= _BATCH:
                _insert(connection, rows)
        elif outcome is not None:
            connection.execute("INSERT INTO problems VALUES (?, ?, ?)", (name, count, outcome.reason))
    _insert(connection, rows)
    if end:
        digest = next(jsonl.lines_backwards(descriptor, end)).hash
    connection.execute(
        "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (name, stat.st_ino, stat.st_mtime_ns, stat.st_size, end, lines, digest, loose),
    )


def _insert(connection: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * 11)
    connection.executemany(
        "INSERT OR IGNORE INTO entries (stream, number, id, at, agent, kind, task, target, reply_to,"
        f" severity, raw) VALUES ({marks})",
        rows,
    )
    rows.clear()


def _row(stream: str, found: jsonl.Found) -> tuple[object, ...]:
    raw = found.record
    moment = clock.parse(raw.get("ts"))
    is_event = stream == EVENTS
    thread = "" if is_event else stream.partition("/")[2]
    agent = (raw.get("agent_id") or raw.get("from")) if is_event else (raw.get("from") or raw.get("agent_id"))
    kind = (raw.get("event") or raw.get("type")) if is_event else (raw.get("type") or raw.get("event"))
    return (
        stream,
        found.number,
        text_of(raw.get("id")),
        int(moment.timestamp()) if moment else None,
        text_of(agent),
        text_of(kind),
        text_of(raw.get("task_id") or raw.get("task") or thread),
        text_of(raw.get("to")),
        text_of(raw.get("reply_to")),
        text_of(raw.get("severity")),
        found.line.raw,
    )


def _set_aside(connection: sqlite3.Connection, name: str) -> None:
    """Before a rebuild: every record is suspected lost until the new log shows it."""
    connection.execute("INSERT OR IGNORE INTO lost SELECT stream, id, raw FROM entries WHERE stream=?", (name,))
    connection.execute("DELETE FROM entries WHERE stream=?", (name,))
    connection.execute("DELETE FROM problems WHERE stream=?", (name,))


def _settle_lost(connection: sqlite3.Connection, name: str) -> None:
    if not connection.execute("SELECT 1 FROM lost WHERE stream=? LIMIT 1", (name,)).fetchone():
        return
    connection.execute(
        "DELETE FROM lost WHERE stream=? AND id<>'' AND id IN (SELECT id FROM entries WHERE stream=?)",
        (name, name),
    )
    connection.execute(
        "DELETE FROM lost WHERE stream=? AND raw IN (SELECT raw FROM entries WHERE stream=?)", (name, name)
    )


def _forget(connection: sqlite3.Connection, name: str) -> None:
    _set_aside(connection, name)
    connection.execute("DELETE FROM streams WHERE name=?", (name,))
