"""How the derived index catches up with the logs; `index` opens it and asks it.

A log whose last known line is where it was, in the same file, is taken to continue: only what came
after is read. Any other log is read anew, and what it no longer has is kept in `lost`. A little is
added row by row; much is loaded into a table without indexes, which are made afterwards, because
that costs a quarter. All of it is one transaction: readers see the index before or after it.

Text columns are NULL where a record has no such field, so that their indexes hold only what can be
asked for. `at` is the record's own stamp in Unix seconds. `placed` stands in for one that was not
credible when it was read: the stamp of the record before it, so that the future pins nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.core import clock
from tools.core.errors import ToolkitError
from tools.core.fs import files, jsonl
from tools.core.models.bus import EVENTS, MESSAGES, stream_of
from tools.core.store.files import index_rows
from tools.core.store.files.store import FileStore
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from sqlite3 import Connection

VERSION = 4
_BATCH = 500
_BULK = 4 * 1024 * 1024
"""Bytes of log from which it is cheaper to make the indexes after loading."""

_ENTRIES = """
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY, stream TEXT, number INTEGER, id TEXT, mark TEXT, at INTEGER, placed INTEGER, agent TEXT,
  kind TEXT, task TEXT, target TEXT, reply_to TEXT, severity TEXT, subject TEXT, decision TEXT, waiting INTEGER,
  raw BLOB
)
"""
_COMMON = {
    "by_id": "UNIQUE entries (id, stream) WHERE id IS NOT NULL",
    "by_agent": "entries (agent, kind, at)",
    "by_task": "entries (task, at)",
    "by_time": "entries (at) WHERE stream='events'",
    "by_line": "entries (number) WHERE stream='events'",
}
"""Indexes that hold most records: made after a load of many."""

_RARE = {
    "by_speaker": "entries (stream, agent, at) WHERE stream<>'events'",
    "by_thread": "entries (stream, at) WHERE stream<>'events'",
    "by_message": "entries (at) WHERE stream<>'events'",
    "by_mark": "entries (mark, stream) WHERE mark IS NOT NULL",
    "by_reply": "entries (reply_to) WHERE reply_to IS NOT NULL",
    "by_severity": "entries (severity, at) WHERE severity IS NOT NULL",
    "by_subject": "entries (subject, at) WHERE subject IS NOT NULL",
    "by_decision": "entries (decision, at) WHERE decision IS NOT NULL",
    "waiting_by_time": "entries (at, id) WHERE waiting=1",
    "waiting_by_target": "entries (target, at) WHERE waiting=1",
    "waiting_by_task": "entries (task, at) WHERE waiting=1",
}
"""Indexes that hold few records: kept while many are loaded, because making them reads everything."""

_OTHERS = """
CREATE TABLE streams (
  name TEXT PRIMARY KEY, inode INTEGER, mtime INTEGER, size INTEGER, end INTEGER, lines INTEGER, hash TEXT,
  loose INTEGER
) WITHOUT ROWID;
CREATE TABLE problems (stream TEXT, number INTEGER, reason TEXT, PRIMARY KEY (stream, number)) WITHOUT ROWID;
CREATE TABLE lost (stream TEXT, id TEXT, mark TEXT, raw BLOB);
CREATE INDEX lost_id ON lost (stream, id);
CREATE INDEX lost_mark ON lost (stream, mark) WHERE mark IS NOT NULL;
CREATE TABLE losses (stream TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID;
CREATE TABLE generation (number INTEGER);
INSERT INTO generation VALUES (random())
"""


class _Known(NamedTuple):
    """A stream as far as it is indexed."""

    inode: int
    mtime: int
    size: int
    end: int  # the byte behind the last whole line
    lines: int
    hash: str  # of the last whole line
    loose: int  # the seq of a last record without line end, read again once its line end is there


def create(connection: Connection) -> None:
    """Makes an empty index, in a transaction of the caller's."""
    connection.execute(_ENTRIES)
    for statement in _OTHERS.split(";"):
        connection.execute(statement)
    _make_indexes(connection, _COMMON | _RARE)


def _make_indexes(connection: Connection, wanted: Mapping[str, str]) -> None:
    for name, definition in wanted.items():
        unique = "UNIQUE " if definition.startswith("UNIQUE ") else ""
        connection.execute(f"CREATE {unique}INDEX {name} ON {definition.removeprefix(unique)}")


def catch_up(connection: Connection, workspace: Workspace) -> None:
    """Brings the index up to the logs; nothing is written when no log has changed."""
    present = _stats(workspace)
    known = _known(connection)
    changed = _changed(known, present)
    if not changed:
        return
    if sum(_bytes_to_read(known.get(name), present[name]) for name in changed if name in present) > _BULK:
        _leave_wal(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        _CatchUp(connection, FileStore(workspace), _known(connection), present).run()
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _leave_wal(connection: Connection) -> None:
    """Before a load of much, when nobody else is there: new pages are then written once, not twice."""
    with suppress(connection.OperationalError):
        patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        connection.execute("PRAGMA busy_timeout=0")
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        finally:
            connection.execute(f"PRAGMA busy_timeout={patience}")


def _known(connection: Connection) -> dict[str, _Known]:
    rows = connection.execute("SELECT name, inode, mtime, size, end, lines, hash, loose FROM streams")
    return {name: _Known(*rest) for name, *rest in rows}


def _changed(known: Mapping[str, _Known], present: Mapping[str, os.stat_result]) -> list[str]:
    """The streams that are not as the index knows them, gone ones included."""
    return [
        name
        for name in known.keys() | present.keys()
        if name not in known or name not in present or not _unchanged(known[name], present[name])
    ]


def _bytes_to_read(known: _Known | None, stat: os.stat_result) -> int:
    return stat.st_size - (known.end if known is not None and known.inode == stat.st_ino else 0)


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
                name = os.fsencode(entry.name.removesuffix(".jsonl")).decode("utf-8", "backslashreplace")
                found[stream_of(name)] = entry.stat(follow_symlinks=False)
    return found


class _CatchUp:
    """One transaction over all streams that have changed."""

    def __init__(
        self,
        connection: Connection,
        store: FileStore,
        known: Mapping[str, _Known],
        present: Mapping[str, os.stat_result],
    ) -> None:
        self._connection = connection
        self._store = store
        self._known = known
        self._present = present
        self._now = int((clock.now() + clock.CREDIBLE_AHEAD).timestamp())

    def run(self) -> None:
        """Adds what is new, sets aside what is gone, and settles what follows from both."""
        changed = sorted(_changed(self._known, self._present))
        grown = [name for name in changed if name in self._known and self._continues(name)]
        anew = [name for name in changed if name not in grown]
        before = self._last_seq()
        bulk = sum(map(self._bytes_to_load, grown)) + sum(map(self._bytes_to_replace, anew)) > _BULK
        if bulk:
            before = self._load_bulk(grown, anew)
        else:
            self._load_rows(grown, anew)
        self._settle_requests(0 if bulk or anew else before)
        self._settle_lost([*grown, *anew], 0 if bulk or anew else before)
        if any(name in self._known for name in anew):
            self._ask("UPDATE generation SET number=random()")

    def _ask(self, sql: str, *values: object) -> Any:
        return self._connection.execute(sql, values)

    def _last_seq(self) -> int:
        return int(self._ask("SELECT MAX(seq) FROM entries").fetchone()[0] or 0)

    def _bytes_to_load(self, name: str) -> int:
        return self._present[name].st_size - self._known[name].end

    def _bytes_to_replace(self, name: str) -> int:
        there = self._present[name].st_size if name in self._present else 0
        return max(there, self._known[name].size if name in self._known else 0)

    def _continues(self, name: str) -> bool:
        if name not in self._present:
            return False
        with suppress(ToolkitError, FileNotFoundError), files.opened(self._store.place(name)) as descriptor:
            return _is_continued(descriptor, self._known[name])
        return False

    # -- loading -----------------------------------------------------------------------------
    def _load_rows(self, grown: list[str], anew: list[str]) -> None:
        for name in anew:
            if name in self._known:
                self._set_aside(name)
        for name in [*grown, *anew]:
            self._load_stream(name, self._known[name] if name in grown else None)

    def _load_bulk(self, grown: list[str], anew: list[str]) -> int:
        self._ask("PRAGMA cache_size=-16000")
        replaced = [name for name in anew if name in self._known]
        for name in _COMMON | _RARE if replaced else _COMMON:
            self._ask(f"DROP INDEX {name}")
        if replaced:
            self._ask("ALTER TABLE entries RENAME TO before")
            self._ask(_ENTRIES)
            _make_indexes(self._connection, _RARE)
            marks = ", ".join("?" * len(replaced))
            self._ask(
                f"INSERT INTO entries ({index_rows.COLUMNS}) SELECT {index_rows.COLUMNS} FROM before WHERE stream NOT IN ({marks})"
                " ORDER BY seq",
                *replaced,
            )
            self._ask("UPDATE entries SET waiting=1 WHERE waiting=0")
        for name in [*grown, *anew]:
            self._load_stream(name, self._known[name] if name in grown else None)
        try:
            _make_indexes(self._connection, _COMMON)
        except self._connection.IntegrityError:
            self._drop_repeated()
            _make_indexes(self._connection, _COMMON)
        if replaced:
            self._keep_missing(replaced)
            self._ask("DROP TABLE before")
        return 0

    def _drop_repeated(self) -> None:
        """A repeated id counts once (formats); a load without indexes finds out afterwards."""
        self._ask(
            "DELETE FROM entries WHERE seq IN (SELECT seq FROM (SELECT seq, ROW_NUMBER() OVER"
            " (PARTITION BY id, stream ORDER BY seq) AS nth FROM entries WHERE id IS NOT NULL) WHERE nth > 1)"
        )

    def _load_stream(self, name: str, before: _Known | None) -> None:
        if name not in self._present:
            self._ask("DELETE FROM problems WHERE stream=?", name)
            self._ask("DELETE FROM streams WHERE name=?", name)
            return
        try:
            place = self._store.place(name)
            with files.opened(place) as descriptor:
                if before is not None and not _is_continued(descriptor, before):
                    return  # replaced since we looked; the next reader sees that
                self._load(place, descriptor, name, before)
        except (ToolkitError, FileNotFoundError) as problem:
            stat = self._present[name]
            self._ask("DELETE FROM problems WHERE stream=?", name)
            self._ask("INSERT INTO problems VALUES (?, 1, ?)", name, index_rows.storable(str(problem)))
            self._remember(name, stat, 0, 0, "", 0)

    def _load(self, place: Place, descriptor: int, name: str, before: _Known | None) -> None:
        stat = os.fstat(descriptor)
        start, number = (before.end, before.lines + 1) if before else (0, 1)
        if before is not None and before.loose:
            self._ask("DELETE FROM entries WHERE seq=?", before.loose)
        self._ask("DELETE FROM problems WHERE stream=? AND number>=?", name, number)
        end, lines, loose, seq = start, number - 1, 0, self._last_seq()
        usual: list[index_rows.Row] = []
        seldom: list[index_rows.Row] = []
        row = index_rows.row_maker(name, self._now, self._now if start else 0)
        for count, line in enumerate(jsonl.lines_of(descriptor, start), number):
            outcome = jsonl.parse_plain(line.raw) or jsonl.examine(place, line, count)
            if line.whole:
                end, lines = line.end, count
            if isinstance(outcome, (dict, jsonl.Found)):
                seq += 1
                loose = 0 if line.whole else seq
                made = row(seq, count, line, outcome if isinstance(outcome, dict) else outcome.record)
                (usual if len(made) == index_rows.USUAL_COUNT else seldom).append(made)
                if not seq % _BATCH:
                    self._insert(name, usual, seldom)
            elif outcome is not None:
                self._ask("INSERT OR REPLACE INTO problems VALUES (?, ?, ?)", name, count, outcome.reason)
        self._insert(name, usual, seldom)
        digest = next(jsonl.lines_backwards(descriptor, end)).hash if end else ""
        self._remember(name, stat, end, lines, digest, loose)

    def _remember(self, name: str, stat: os.stat_result, end: int, lines: int, digest: str, loose: int) -> None:
        self._ask(
            "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(name, stat.st_ino, stat.st_mtime_ns, stat.st_size, end, lines, digest, loose),
        )

    def _insert(self, stream: str, usual: list[index_rows.Row], seldom: list[index_rows.Row]) -> None:
        """Adds records; most have none of the seldom columns, and binding those costs as much as the rest."""
        for columns, rows in ((index_rows.USUAL, usual), (f"{index_rows.USUAL}, {index_rows.SELDOM}", seldom)):
            self._insert_into(stream, columns, rows)
            rows.clear()

    def _insert_into(self, stream: str, columns: str, rows: list[index_rows.Row]) -> None:
        marks = ", ".join("?" * len(columns.split(",")))
        name = str(index_rows.storable(stream)).replace("'", "''")
        sql = f"INSERT OR IGNORE INTO entries (stream, {columns}) VALUES ('{name}', {marks})"
        try:
            self._connection.executemany(sql, rows)
        except UnicodeEncodeError:  # a lone surrogate in some field
            self._connection.executemany(sql, [tuple(map(index_rows.storable, row)) for row in rows])

    # -- what is gone ------------------------------------------------------------------------
    def _set_aside(self, name: str) -> None:
        """Before a log is read anew: every record is suspected lost until the new log shows it."""
        which = "stream='events'" if name == EVENTS else "stream<>'events' AND stream=?"
        values = () if name == EVENTS else (name,)
        self._ask(f"INSERT INTO lost SELECT stream, id, mark, raw FROM entries WHERE {which}", *values)
        self._ask(
            "UPDATE entries SET waiting=1 WHERE waiting=0 AND id IN"
            f" (SELECT reply_to FROM entries WHERE {which} AND reply_to IS NOT NULL)",
            *values,
        )
        self._ask(f"DELETE FROM entries WHERE {which}", *values)

    def _keep_missing(self, replaced: list[str]) -> None:
        """After a bulk load: what the old table has and the new one has not."""
        marks = ", ".join("?" * len(replaced))
        self._ask(
            f"INSERT INTO lost SELECT stream, id, mark, raw FROM before WHERE stream IN ({marks}) AND NOT EXISTS"
            " (SELECT 1 FROM entries WHERE entries.id=before.id AND entries.stream=before.stream) AND NOT EXISTS"
            " (SELECT 1 FROM entries WHERE entries.mark=before.mark AND entries.stream=before.stream)",
            *replaced,
        )

    def _settle_lost(self, streams: list[str], after: int) -> None:
        """Takes back what has shown up again, and counts what has not."""
        if not self._ask("SELECT 1 FROM lost LIMIT 1").fetchone():
            self._ask("DELETE FROM losses")
            return
        for name in streams:
            for column in ("id", "mark"):
                self._ask(
                    f"DELETE FROM lost WHERE rowid IN (SELECT lost.rowid FROM lost JOIN entries ON"
                    f" entries.{column}=lost.{column} AND entries.stream=lost.stream AND entries.seq>?"
                    f" WHERE lost.stream=? AND lost.{column} IS NOT NULL)"
                    if not after
                    else f"DELETE FROM lost WHERE rowid IN (SELECT lost.rowid FROM entries CROSS JOIN lost ON"
                    f" lost.stream=entries.stream AND lost.{column}=entries.{column} WHERE entries.seq>?"
                    f" AND entries.stream=? AND entries.{column} IS NOT NULL)",
                    *(after, name),
                )
            self._ask("DELETE FROM losses WHERE stream=?", name)
            self._ask("INSERT INTO losses SELECT ?, COUNT(*) FROM lost WHERE stream=?", name, name)
        self._ask("DELETE FROM losses WHERE count=0")

    def _settle_requests(self, after: int) -> None:
        """Closes requests that have a reply, in whatever order the two were read."""
        if after:
            self._ask(
                "UPDATE entries SET waiting=0 WHERE waiting=1 AND id IN"
                " (SELECT reply_to FROM entries NOT INDEXED WHERE seq>? AND reply_to IS NOT NULL)",
                after,
            )
        self._ask(
            f"UPDATE entries {'NOT INDEXED' if after else 'INDEXED BY waiting_by_time'} SET waiting=0 WHERE seq>? AND waiting=1"
            " AND id IS NOT NULL AND EXISTS (SELECT 1 FROM entries AS reply WHERE reply.reply_to=entries.id)",
            after,
        )


def _is_continued(descriptor: int, before: _Known) -> bool:
    stat = os.fstat(descriptor)
    if stat.st_ino != before.inode or stat.st_size < before.end:
        return False
    if before.end == 0:
        return True
    last = next(jsonl.lines_backwards(descriptor, before.end), None)
    return last is not None and last.whole and last.hash == before.hash
