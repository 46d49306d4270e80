"""Claims and assignments in the index, so that no reader opens the finished ones.

A document is replaced by renaming a new file over it, which changes its folder: while that is as it
was, only the live documents are looked at. Else the folder is listed, and what has another inode is
read; because a second change may bring an old inode back, so is what an event since then names. A
folder that changed within the last two seconds is listed again by the next reader, because a further
change may carry the same moment.
"""

from __future__ import annotations

import os
import time

from tools.core import ids
from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.models.bus import ASSIGNMENTS, CLAIMS
from tools.core.models.claim_state import CLAIM_STATUSES, LIVE, state_of
from tools.core.models.lenient import text_of
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.store.api import Document
from tools.core.store.files.live_claims import SETTLED
from tools.core.store.live import DONE, RELEASED, ended_at
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from sqlite3 import Connection

DAMAGED = "damaged"
"""The state of a document that cannot be read."""

_RESERVING = "reserving"
"""The state of every assignment: whether it still counts is for its task's claim to say."""

_OPEN = (*LIVE, DAMAGED)
"""The states of documents that every question reads, and that may have been edited in place."""

_OVER = tuple(state for state in CLAIM_STATUSES if state not in LIVE)

_BY_STATE = "documents INDEXED BY documents_by_state WHERE kind=? AND state"
"""Along this index the finished ones are passed over; without a word about it SQLite reads them all."""

_SUFFIX = ".json"
_CHUNK = 500


_Facts = tuple[int, int, int]
"""Inode, moment of change in nanoseconds and size: what tells that a file is as it was."""

_MANY = 2000
"""Events from which on every document is looked at, not those that the events name."""


class Row(NamedTuple):
    """A document as the index has it; `state` is "" for one that cannot be read."""

    name: str  # with its kind
    state: str
    raw: bytes


def catch_up(connection: Connection, workspace: Workspace) -> None:
    """Brings the documents up to the folders as they are now."""
    for kind in (CLAIMS, ASSIGNMENTS):
        _catch_up_kind(connection, workspace, kind)


def _catch_up_kind(connection: Connection, workspace: Workspace, kind: str) -> None:
    folder = _facts(workspace.bus.child(kind).path)
    rows = connection.execute("SELECT inode, mtime, seq FROM folders WHERE kind=?", (kind,)).fetchall()
    inode, mtime, seq = rows[0] if rows else (0, 0, 0)
    is_same = folder is not None and (inode, mtime) == folder[:2]
    indexed = _live(connection, kind) if is_same else _inodes(connection, kind)
    listed = dict.fromkeys(indexed, 0) if is_same else _listed(workspace, kind)
    suspects = set(_live(connection, kind))
    if not is_same and listed:
        suspects |= {name for name, inode in listed.items() if indexed.get(name) != inode}
        suspects |= _named_since(connection, seq, listed)
    changed = _changed(connection, workspace, kind, suspects & listed.keys())
    gone = indexed.keys() - listed.keys()
    if not changed and (is_same or (folder is None and not gone)):
        return
    settled = folder is not None and time.time_ns() - folder[1] > SETTLED
    last = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM entries").fetchone()[0]
    mark = (*(folder[:2] if folder and settled else (0, 0)), last)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany("DELETE FROM documents WHERE kind=? AND name=?", [(kind, name) for name in gone])
        connection.executemany(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (row for name, facts in changed.items() for row in _read(workspace, kind, name, facts)),
        )
        connection.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?)", (kind, *mark))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _facts(path: str) -> _Facts | None:
    with suppress(OSError):
        stat = os.stat(path, follow_symlinks=False)
        return stat.st_ino, stat.st_mtime_ns, stat.st_size
    return None


def _live(connection: Connection, kind: str) -> dict[str, int]:
    """By name, the inodes of the indexed documents that may have been edited in place: the live ones."""
    sql = f"SELECT name, inode FROM {_BY_STATE} IN ({_marks(_OPEN)})"
    return dict(connection.execute(sql, (kind, *_OPEN)).fetchall())


def _inodes(connection: Connection, kind: str) -> dict[str, int]:
    return dict(connection.execute("SELECT name, inode FROM documents WHERE kind=?", (kind,)).fetchall())


def _listed(workspace: Workspace, kind: str) -> dict[str, int]:
    """By name, the inodes of the documents in a folder."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(workspace.bus.child(kind).path) as entries:
        return {entry.name[: -len(_SUFFIX)]: entry.inode() for entry in entries if entry.name.endswith(_SUFFIX)}
    return {}


def _named_since(connection: Connection, seq: int, listed: Collection[str]) -> set[str]:
    """The tasks that records since `seq` name; all that are listed where there are many of those."""
    sql = f"SELECT task FROM entries WHERE seq>? LIMIT {_MANY}"
    tasks = [task for (task,) in connection.execute(sql, (seq,))]
    return set(tasks) if len(tasks) < _MANY else set(listed)


def _changed(connection: Connection, workspace: Workspace, kind: str, names: Collection[str]) -> dict[str, _Facts]:
    """The documents among some whose files are not as the index has them, with their facts."""
    folder, changed = workspace.bus.child(kind).path, dict[str, _Facts]()
    sql = "SELECT inode, mtime, size FROM documents WHERE kind=? AND name=?"
    for name in names:
        facts = _facts(f"{folder}/{name}{_SUFFIX}")
        if facts is not None and connection.execute(sql, (kind, name)).fetchone() != facts:
            changed[name] = facts
    return changed


def _read(workspace: Workspace, kind: str, name: str, facts: _Facts) -> Iterator[tuple[object, ...]]:
    """The row of a document; none for one that is gone meanwhile."""
    place = workspace.bus.child(f"{kind}/{name}{_SUFFIX}")
    state, ended = _RESERVING, 0
    try:
        raw = files.read_bytes(place)
        if raw is None:
            return
        content = files.parse_object(raw, place.name) if ids.is_task(name) else None
        if kind == CLAIMS and content is not None:
            state, ended = state_of(text_of(content.get("status"))), ended_at(Document(content, ""))
        elif content is None:
            state = DAMAGED
    except ToolkitError:
        state, raw = DAMAGED, b""
    yield (kind, name, *facts, state, ended, raw)


# -- questions -------------------------------------------------------------------------------------


def live(
    connection: Connection, kinds: Collection[str], also: Sequence[str], newest: int
) -> tuple[list[Row], dict[str, int]]:
    """The documents that Store.live asks for, by name, and how many claims are over, by state."""
    rows: list[Row] = []
    if CLAIMS in kinds:
        rows += _rows(connection, f"{_BY_STATE} IN ({_marks(_OPEN)})", (CLAIMS, *_OPEN))
        rows += _named(connection, CLAIMS, _newest(connection, newest) if newest else [])
    if ASSIGNMENTS in kinds and CLAIMS in kinds:
        reserved = "name IN (SELECT name FROM documents WHERE kind=?)"
        rows += _rows(connection, f"{_BY_STATE}=? AND {reserved}", (CLAIMS, RELEASED, ASSIGNMENTS))
    if ASSIGNMENTS in kinds:
        done = f"(SELECT name FROM {_BY_STATE}=?)"
        rows += _rows(connection, f"documents WHERE kind=? AND name NOT IN {done}", (ASSIGNMENTS, CLAIMS, DONE))
    for kind in kinds:
        rows += _named(connection, kind, also)
    by_name = {row.name: row for row in rows}
    sql = f"SELECT COUNT(*) FROM {_BY_STATE}=?"  # of one state: grouping by it costs three times as much
    counts = {state: connection.execute(sql, (CLAIMS, state)).fetchone()[0] for state in _OVER}
    return [by_name[name] for name in sorted(by_name)], {state: count for state, count in counts.items() if count}


def _newest(connection: Connection, count: int) -> list[str]:
    """The tasks whose claims ended last."""
    sql = f"SELECT -ended, name FROM {_BY_STATE}=? ORDER BY ended DESC, name LIMIT {count}"
    ends = [end for state in _OVER for end in connection.execute(sql, (CLAIMS, state))]
    return [name for _, name in sorted(ends)[:count]]


def _named(connection: Connection, kind: str, tasks: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(tasks), _CHUNK):
        names = tasks[start : start + _CHUNK]
        rows += _rows(connection, f"documents WHERE kind=? AND name IN ({_marks(names)})", (kind, *names))
    return rows


def _rows(connection: Connection, source: str, values: tuple[object, ...]) -> list[Row]:
    rows = connection.execute(f"SELECT kind, name, state, raw FROM {source}", values)
    return [Row(f"{kind}/{name}", "" if state == DAMAGED else state, raw) for kind, name, state, raw in rows]


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))
