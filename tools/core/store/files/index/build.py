"""How the derived index catches up with the logs; `index` opens it and asks it.

A log continues when its last indexed line is where it was, in the same file: only what came after is
read. Any other log is read anew, and what it no longer has is kept in `lost`. A few rows are added
one by one; many are loaded into a table without indexes, which are made afterwards, because that
costs a quarter. All of it is one transaction: readers see the index before or after it.
"""

from __future__ import annotations

import os

from tools.core import clock
from tools.core.errors import ToolkitError
from tools.core.fs import files, jsonl
from tools.core.models.bus import EVENTS, MESSAGES, stream_of
from tools.core.models.lenient import shortcoming
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.problem import Problem
from tools.core.store.addresses import place_of
from tools.core.store.files.index import owner, rows, settle
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection
    from typing import Any

_BATCH = 500
_BULK = 4 * 1024 * 1024
"""Bytes of log from which it is cheaper to make the indexes after loading."""


class _StreamState(NamedTuple):
    """A stream as far as it is indexed."""

    inode: int
    mtime: int
    size: int
    end: int  # the byte behind the last whole line
    lines: int
    hash: str  # of the last whole line
    loose: int  # the seq of a last record without line end, read again once its line end is there


def catch_up(connection: Connection, workspace: Workspace) -> bool:
    """Brings the index up to the logs, if one of them has changed; whether one had.

    ForeignIndexError for the index of another bus.
    """
    identity = owner.of(workspace)
    owner.refuse_another(connection, identity)
    present = _stats(workspace)
    indexed = _indexed_streams(connection)
    changed = _changed(indexed, present)
    if not changed:
        return False
    if sum(_bytes_to_read(indexed.get(name), present[name]) for name in changed if name in present) > _BULK:
        _leave_wal(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        _CatchUp(connection, workspace, _indexed_streams(connection), present).run()
        connection.execute("UPDATE bus SET folder=?, first=?", identity)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def _leave_wal(connection: Connection) -> None:
    """Before a bulk load, if no other process has the file open: new pages are then written once, not twice."""
    with suppress(connection.OperationalError):
        patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        connection.execute("PRAGMA busy_timeout=0")
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        finally:
            connection.execute(f"PRAGMA busy_timeout={patience}")


def _indexed_streams(connection: Connection) -> dict[str, _StreamState]:
    streams = connection.execute("SELECT name, inode, mtime, size, end, lines, hash, loose FROM streams")
    return {name: _StreamState(*rest) for name, *rest in streams}


def _changed(indexed: Mapping[str, _StreamState], present: Mapping[str, os.stat_result]) -> list[str]:
    """The streams that are not as the index knows them, gone ones included."""
    return [
        name
        for name in indexed.keys() | present.keys()
        if name not in indexed or name not in present or not _unchanged(indexed[name], present[name])
    ]


def _bytes_to_read(indexed: _StreamState | None, stat: os.stat_result) -> int:
    return stat.st_size - (indexed.end if indexed is not None and indexed.inode == stat.st_ino else 0)


def _unchanged(indexed: _StreamState, stat: os.stat_result) -> bool:
    return (indexed.inode, indexed.mtime, indexed.size) == (stat.st_ino, stat.st_mtime_ns, stat.st_size)


def _stats(workspace: Workspace) -> dict[str, os.stat_result]:
    stats: dict[str, os.stat_result] = {}
    with suppress(FileNotFoundError), files.folder_of(workspace.events) as opened:
        stats[EVENTS] = os.stat(os.path.basename(workspace.events.name), dir_fd=opened, follow_symlinks=False)
    folder = workspace.bus.child(MESSAGES)
    with suppress(FileNotFoundError), files.folder_of(folder.child("x")) as opened, os.scandir(opened) as entries:
        for entry in entries:
            if entry.name.endswith(".jsonl") and not entry.name.startswith("."):
                name = os.fsencode(entry.name.removesuffix(".jsonl")).decode("utf-8", "backslashreplace")
                stats[stream_of(name)] = entry.stat(follow_symlinks=False)
    return stats


class _CatchUp:
    """One transaction over all streams that have changed."""

    def __init__(
        self,
        connection: Connection,
        workspace: Workspace,
        indexed: Mapping[str, _StreamState],
        present: Mapping[str, os.stat_result],
    ) -> None:
        self._connection = connection
        self._workspace = workspace
        self._indexed = indexed
        self._present = present
        self._now = int((clock.now() + clock.CREDIBLE_AHEAD).timestamp())

    def run(self) -> None:
        """Adds what is new, sets aside what is gone, and settles what follows from both."""
        changed = sorted(_changed(self._indexed, self._present))
        grown = [name for name in changed if name in self._indexed and self._continues(name)]
        anew = [name for name in changed if name not in grown]
        before = self._last_seq()
        bulk = sum(map(self._bytes_to_load, grown)) + sum(map(self._bytes_to_replace, anew)) > _BULK
        if bulk:
            before = self._load_bulk(grown, anew)
        else:
            self._load_rows(grown, anew)
        settle.settle_requests(self._connection, 0 if bulk or anew else before)
        settle.settle_lost(self._connection, [*grown, *anew], 0 if bulk or anew else before)
        if any(name in self._indexed for name in anew):
            self._ask("UPDATE generation SET number=random()")

    def _ask(self, sql: str, *values: object) -> Any:
        return self._connection.execute(sql, values)

    def _last_seq(self) -> int:
        return int(self._ask("SELECT MAX(seq) FROM entries").fetchone()[0] or 0)

    def _bytes_to_load(self, name: str) -> int:
        return self._present[name].st_size - self._indexed[name].end

    def _bytes_to_replace(self, name: str) -> int:
        there = self._present[name].st_size if name in self._present else 0
        return max(there, self._indexed[name].size if name in self._indexed else 0)

    def _continues(self, name: str) -> bool:
        if name not in self._present:
            return False
        with suppress(ToolkitError, FileNotFoundError), files.opened(place_of(self._workspace, name)) as descriptor:
            return _is_continued(descriptor, self._indexed[name])
        return False

    # -- loading -----------------------------------------------------------------------------
    def _load_rows(self, grown: list[str], anew: list[str]) -> None:
        for name in anew:
            if name in self._indexed:
                settle.set_aside(self._connection, name)
        for name in [*grown, *anew]:
            self._load_stream(name, self._indexed[name] if name in grown else None)

    def _load_bulk(self, grown: list[str], anew: list[str]) -> int:
        from tools.core.store.files.index import schema  # a few records are loaded without it

        self._ask("PRAGMA cache_size=-16000")
        replaced = [name for name in anew if name in self._indexed]
        for name in schema.COMMON | schema.RARE if replaced else schema.COMMON:
            self._ask(f"DROP INDEX {name}")
        if replaced:
            self._ask("ALTER TABLE entries RENAME TO before")
            self._ask(schema.ENTRIES)
            schema.make_indexes(self._connection, schema.RARE)
            marks = ", ".join("?" * len(replaced))
            self._ask(
                f"INSERT INTO entries ({rows.COLUMNS}) SELECT {rows.COLUMNS} FROM before WHERE stream NOT IN ({marks})"
                " ORDER BY seq",
                *replaced,
            )
            self._ask("UPDATE entries SET waiting=1 WHERE waiting=0")
        for name in [*grown, *anew]:
            self._load_stream(name, self._indexed[name] if name in grown else None)
        try:
            schema.make_indexes(self._connection, schema.COMMON)
        except self._connection.IntegrityError:
            self._drop_repeated()
            schema.make_indexes(self._connection, schema.COMMON)
        if replaced:
            settle.keep_missing(self._connection, replaced)
            self._ask("DROP TABLE before")
        return 0

    def _drop_repeated(self) -> None:
        """A repeated id counts once (formats); a load without indexes finds out afterwards."""
        self._ask(
            "DELETE FROM entries WHERE seq IN (SELECT seq FROM (SELECT seq, ROW_NUMBER() OVER"
            " (PARTITION BY id, stream ORDER BY seq) AS nth FROM entries WHERE id IS NOT NULL) WHERE nth > 1)"
        )

    def _load_stream(self, name: str, before: _StreamState | None) -> None:
        if name not in self._present:
            self._ask("DELETE FROM problems WHERE stream=?", name)
            self._ask("DELETE FROM streams WHERE name=?", name)
            return
        try:
            place = place_of(self._workspace, name)
            with files.opened(place) as descriptor:
                if before is not None and not _is_continued(descriptor, before):
                    return  # replaced since we looked; the next reader sees that
                self._load(place, descriptor, name, before)
        except (ToolkitError, FileNotFoundError) as error:
            gone = Problem(name, 1, "gone meanwhile", "file.missing")
            problem = error.problem_in(name) if isinstance(error, ToolkitError) else gone
            stat = self._present[name]
            self._ask("DELETE FROM problems WHERE stream=?", name)
            reason = rows.storable(problem.reason)
            self._ask("INSERT INTO problems VALUES (?, ?, ?, ?)", name, problem.line, reason, problem.code)
            self._remember(name, stat, 0, 0, "", 0)

    def _load(self, place: Place, descriptor: int, name: str, before: _StreamState | None) -> None:
        stat = os.fstat(descriptor)
        start, number = (before.end, before.lines + 1) if before else (0, 1)
        if before is not None and before.loose:
            self._ask("DELETE FROM entries WHERE seq=?", before.loose)
        self._ask("DELETE FROM problems WHERE stream=? AND number>=?", name, number)
        end, lines, loose, seq = start, number - 1, 0, self._last_seq()
        common: list[rows.Row] = []
        sparse: list[rows.Row] = []
        make_row = rows.row_maker(name, self._now, self._now if start else 0)
        for count, line in enumerate(jsonl.lines_of(descriptor, start), number):
            outcome = jsonl.parse_plain(line.raw) or jsonl.examine(place, line, count)
            if line.whole:
                end, lines = line.end, count
            if isinstance(outcome, jsonl.StoredRecord):
                outcome = outcome.record
            row = make_row(seq + 1, count, line, outcome) if isinstance(outcome, dict) else None
            if row is not None:
                seq += 1
                loose = 0 if line.whole else seq
                (common if len(row) == rows.COMMON_COUNT else sparse).append(row)
                if not seq % _BATCH:
                    self._insert(name, common, sparse)
            elif outcome is not None:
                if isinstance(outcome, dict):
                    outcome = Problem(place.name, count, shortcoming(outcome), jsonl.UNREADABLE)
                values = (name, count, outcome.reason, outcome.code)
                self._ask("INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?)", *values)
        self._insert(name, common, sparse)
        digest = next(jsonl.lines_backwards(descriptor, end)).hash if end else ""
        self._remember(name, stat, end, lines, digest, loose)

    def _remember(self, name: str, stat: os.stat_result, end: int, lines: int, digest: str, loose: int) -> None:
        self._ask(
            "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(name, stat.st_ino, stat.st_mtime_ns, stat.st_size, end, lines, digest, loose),
        )

    def _insert(self, stream: str, common: list[rows.Row], sparse: list[rows.Row]) -> None:
        """Adds records; most have none of the seldom columns, and binding those costs as much as the rest."""
        for columns, batch in ((rows.COMMON, common), (f"{rows.COMMON}, {rows.SPARSE}", sparse)):
            self._insert_into(stream, columns, batch)
            batch.clear()

    def _insert_into(self, stream: str, columns: str, batch: list[rows.Row]) -> None:
        marks = ", ".join("?" * len(columns.split(",")))
        name = str(rows.storable(stream)).replace("'", "''")
        sql = f"INSERT OR IGNORE INTO entries (stream, {columns}) VALUES ('{name}', {marks})"
        try:
            self._connection.executemany(sql, batch)
        except UnicodeEncodeError:  # a lone surrogate in some field
            self._connection.executemany(sql, [tuple(map(rows.storable, row)) for row in batch])


def _is_continued(descriptor: int, before: _StreamState) -> bool:
    stat = os.fstat(descriptor)
    if stat.st_ino != before.inode or stat.st_size < before.end:
        return False
    if before.end == 0:
        return True
    last = next(jsonl.lines_backwards(descriptor, before.end), None)
    return last is not None and last.whole and last.hash == before.hash
