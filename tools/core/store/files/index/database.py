"""The derived index of the bus: SQLite in `_bus/.cache/`, so that no question reads all of history.

Never the truth: `build` catches it up from where it stopped, and builds it anew when a log does
not continue what it knew (rewritten, merged, shorter). Records that it knew and a rewritten log no
longer has are kept in `lost`, so that readers can warn and `bus_repair` can bring them back. A file
that is damaged or of another bus is thrown away and built again. Where the file cannot be used (a
folder that cannot be written, a full disk, another process that keeps it for longer than a second) the
same index is built for this process alone, at the price of reading the logs once, and a note says why.

Parallel use is SQLite's own: readers see a snapshot, a reader never keeps a writer waiting, and one
process at a time catches up.
"""

from __future__ import annotations

import os

from tools.core import versions
from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.models.bus import EVENTS
from tools.core.plain import TYPE_CHECKING, Mapping, lean_functools, suppress
from tools.core.store.files.index import build, marks, owner, rows, seal
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from typing import Any
else:  # what `sqlite3` wraps, without `datetime` for conversions that nothing here needs
    with lean_functools():
        import _sqlite3 as sqlite3

_PATIENCE = 1.0
"""Seconds to wait for another process that is catching up; it may have been stopped."""

_ELSEWHERE = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
)
"""What is wrong with the place of the file, not with the file."""


class Index:
    """An open index that has caught up with the bus; `remark` hears why it is not the shared one."""

    def __init__(self, workspace: Workspace, remark: Callable[[Sequence[str]], None]) -> None:
        self._workspace = workspace
        self._remark = remark
        self._is_private = False
        self._attached: list[str] = []
        self._connection = self._connect()

    @property
    def workspace(self) -> Workspace:
        """The checkout whose bus this is."""
        return self._workspace

    def ask(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        """The rows of a query; an index that fails meanwhile is left for one that is built from the logs."""
        if isinstance(values, Mapping):
            values = {name: rows.storable(value) for name, value in values.items()}
        else:
            values = [rows.storable(value) for value in values]
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as problem:
            self.give_up(problem)
            return self._connection.execute(sql, values).fetchall()

    def values(self, column: str, **fixed: str) -> list[str]:
        """The values of a column of entries that one of their indexes begins with, behind the columns `fixed` gives a value.

        Got by skipping from one value to the next, so that their number counts and not the records'.
        """
        also = "".join(f"{name}=:{name} AND " for name in fixed)
        sql = (
            f"WITH RECURSIVE each(value) AS (SELECT MIN({column}) FROM entries WHERE {also}{column} IS NOT NULL"
            f" UNION ALL SELECT (SELECT MIN({column}) FROM entries WHERE {also}{column}>value) FROM each"
            " WHERE value IS NOT NULL) SELECT value FROM each WHERE value IS NOT NULL"
        )
        return [value for (value,) in self.ask(sql, fixed)]

    def give_up(self, problem: sqlite3.DatabaseError) -> None:
        """Leaves a file that failed: a damaged one is made anew, else the logs are read; raises when they were."""
        if self._is_private or isinstance(problem, sqlite3.ProgrammingError) or _is_our_mistake(problem):
            raise problem
        self._connection.close()
        if is_damage(problem):
            discard(self._workspace)
            self._connection = self._connect()
        else:
            self._connection = self._private(str(problem))

    def catch_up(self) -> None:
        """Brings an open index up to the logs as they are now."""
        try:
            if build.catch_up(self._connection, self._workspace) and not self._is_private:
                _keep_mark(self._workspace, self._connection)
        except (sqlite3.DatabaseError, OSError, ToolkitError, owner.ForeignIndexError):
            self._connection.close()
            self._connection = self._connect()

    @property
    def connection(self) -> sqlite3.Connection:
        """What `search` keeps its words with."""
        return self._connection

    def close(self) -> None:
        """Ends the use of the file, which is believed again as it is now."""
        self._connection.close()
        for which in [*([] if self._is_private else [""]), *self._attached]:
            seal.keep(self._workspace, which)

    def believe(self, which: str, schema: str) -> None:
        """Takes another file of the index into use, attached as `schema`; DatabaseError for a damaged one."""
        seal.refuse_damaged(self._connection, self._workspace, which, schema)
        self._attached.append(which)

    # -- opening -----------------------------------------------------------------------------
    def _connect(self) -> sqlite3.Connection:
        reason = ""
        for _ in range(2):
            connection = None
            try:
                connection = _open_file(self._workspace)
                if build.catch_up(connection, self._workspace):
                    _keep_mark(self._workspace, connection)
                _use_wal(connection)
                return connection
            except (sqlite3.DatabaseError, OSError, ToolkitError, owner.ForeignIndexError) as problem:
                reason = str(problem)
                if connection is not None:
                    connection.close()
                if isinstance(problem, (OSError, ToolkitError)) or not is_damage(problem):
                    break
                discard(self._workspace)
        return self._private(reason)

    def _private(self, reason: str) -> sqlite3.Connection:
        """An index of this process alone, in a temporary file; in memory where there can be none."""
        self._is_private = True
        if os.path.isdir(self._workspace.bus.path):
            self._remark([f"the index in {self._workspace.cache.name}/ cannot be used ({reason}): the logs were read"])
        try:
            return _built_anew(self._workspace, "")
        except sqlite3.DatabaseError:
            return _built_anew(self._workspace, ":memory:")


def _built_anew(workspace: Workspace, place: str) -> sqlite3.Connection:
    from tools.core.store.files.index import schema  # a file that is there has its tables

    connection = sqlite3.connect(place, isolation_level=None)
    try:
        if place:
            connection.execute("PRAGMA temp_store=MEMORY")
        schema.create(connection)
        build.catch_up(connection, workspace)
    except BaseException:
        connection.close()
        raise
    return connection


def _keep_mark(workspace: Workspace, connection: sqlite3.Connection) -> None:
    streams = connection.execute("SELECT end, hash FROM streams WHERE name=?", (EVENTS,)).fetchall()
    end, digest = streams[0] if streams else (0, "")
    lost = connection.execute("SELECT COALESCE(SUM(count), 0) FROM losses WHERE stream=?", (EVENTS,)).fetchone()[0]
    marks.write(workspace, marks.Mark(end, digest, lost))


def is_damage(problem: Exception) -> bool:
    """Whether a file is to be made anew: it is damaged, or an index of another bus."""
    code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code not in _ELSEWHERE


def is_busy(problem: sqlite3.DatabaseError) -> bool:
    """Whether another process keeps the file."""
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _is_our_mistake(problem: sqlite3.DatabaseError) -> bool:
    """Whether the statement is wrong, as in a table that is missing from a whole file."""
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_ERROR


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
    connection = sqlite3.connect(plain_file(workspace), timeout=_PATIENCE, isolation_level=None)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != versions.INDEX:
            _create(connection, workspace)
        else:
            seal.refuse_damaged(connection, workspace)
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def plain_file(workspace: Workspace, which: str = "") -> str:
    """The path of a file of the index; a link, pipe or folder is refused here, before SQLite follows it."""
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError), files.opened(_file(workspace, which + suffix), os.O_RDWR):
            pass
    with files.opened(_file(workspace, which), os.O_RDWR | os.O_CREAT, create=True):
        pass
    return _file(workspace, which).path


def _use_wal(connection: sqlite3.Connection) -> None:
    """After a load without it, so that readers and a writer do not wait for each other; they may be there already."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")


def _create(connection: sqlite3.Connection, workspace: Workspace) -> None:
    from tools.core.store.files.index import schema  # as in `_built_anew`

    connection.execute("PRAGMA page_size=8192")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != versions.INDEX:
            lost = _lost_records(connection, workspace)
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
                connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            schema.create(connection)
            connection.executemany("INSERT INTO lost VALUES (?, ?, ?, ?)", lost)
            connection.execute("INSERT INTO losses SELECT stream, COUNT(*) FROM lost GROUP BY stream")
            connection.execute(f"PRAGMA user_version={versions.INDEX}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _lost_records(connection: sqlite3.Connection, workspace: Workspace) -> list[tuple[object, ...]]:
    """What an index of another version knows to be gone, which nothing else does; none of another bus."""
    with suppress(sqlite3.DatabaseError, owner.ForeignIndexError, TypeError):
        owner.refuse_another(connection, owner.of(workspace))
        return connection.execute("SELECT stream, id, mark, raw FROM lost").fetchall()
    return []
