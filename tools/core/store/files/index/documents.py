"""Claims and assignments in the index, so that no reader opens the finished ones.

A document is replaced by renaming a new file over it, which changes its folder: while that is as it
was, only the live documents are looked at. Else the folder is listed, and what has another inode than
in the listing before is read; because a second change may bring an old inode back, so is what an event
since then names. A folder that changed within the last two seconds is listed again by the next reader,
because a further change may carry the same moment.
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
from tools.core.store.files.index import listing
from tools.core.store.files.live_claims import SETTLED
from tools.core.store.live import DONE, RELEASED, ended_at
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
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


class _Folder(NamedTuple):
    """A folder as it was when its documents were brought up."""

    inode: int  # 0 where a further change may carry the same moment
    mtime: int
    seq: int  # the last record then
    version: int  # another one after each change of the rows


class _Change(NamedTuple):
    """What a folder has that the rows have not."""

    changed: dict[str, _Facts]
    gone: Collection[str] = ()
    listed: listing.Listing | None = None  # where it is another one than was kept


class Row(NamedTuple):
    """A document as the index has it; `state` is "" for one that cannot be read."""

    name: str  # with its kind
    state: str
    raw: bytes


def catch_up(connection: Connection, workspace: Workspace) -> None:
    """Brings the documents up to the folders as they are now."""
    for kind in (CLAIMS, ASSIGNMENTS):
        while not _has_caught_up(connection, workspace, kind):
            pass  # another process did so meanwhile, perhaps to a state before this one


def _has_caught_up(connection: Connection, workspace: Workspace, kind: str) -> bool:
    """Brings one kind up; False when another process changed the rows meanwhile, which are then left as they are."""
    folder, before = _facts(workspace.bus.child(kind).path), _remembered(connection, kind)
    is_same = folder is not None and folder[:2] == before[:2]
    if is_same:
        change = _Change(_changed(connection, workspace, kind, _live(connection, kind)))
    else:
        change = _listed_anew(connection, workspace, kind, before.seq)
    if not any(change) and (is_same or folder is None):
        return True
    settled = folder is not None and time.time_ns() - folder[1] > SETTLED
    last = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM entries").fetchone()[0]
    after = _Folder(*(folder[:2] if folder and settled else (0, 0)), last, before.version + any(change))
    connection.execute("BEGIN IMMEDIATE")
    try:
        is_first = _remembered(connection, kind).version == before.version
        if is_first:
            _write(connection, workspace, kind, change)
            connection.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?, ?)", (kind, *after))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return is_first


def _remembered(connection: Connection, kind: str) -> _Folder:
    rows = connection.execute("SELECT inode, mtime, seq, version FROM folders WHERE kind=?", (kind,)).fetchall()
    return _Folder(*rows[0]) if rows else _Folder(0, 0, 0, 0)


def _listed_anew(connection: Connection, workspace: Workspace, kind: str, seq: int) -> _Change:
    """What a listing of the folder shows; only names that it has become rows, so that the next one tells what is gone."""
    listed = listing.of(workspace.bus.child(kind).path)
    difference = listing.compare(_kept_listing(connection, kind), listed)
    gone = _names(difference.gone)
    suspects = _live(connection, kind) | _names(difference.differing) | _named_since(connection, seq, listed)
    changed = _changed(connection, workspace, kind, suspects - gone)
    return _Change(changed, gone, listed if any(difference) else None)


def _write(connection: Connection, workspace: Workspace, kind: str, change: _Change) -> None:
    """Puts rows of documents as they are in place of those there were, and keeps the listing that goes with them."""
    outdated = [(kind, name) for name in (*change.changed, *change.gone)]
    connection.executemany("DELETE FROM documents WHERE kind=? AND name=?", outdated)
    connection.executemany(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (row for name, facts in change.changed.items() for row in _read(workspace, kind, name, facts)),
    )
    if change.listed is not None:
        values = (kind, os.fsencode(change.listed.names), change.listed.inodes)
        connection.execute("INSERT OR REPLACE INTO listings VALUES (?, ?, ?)", values)


def _kept_listing(connection: Connection, kind: str) -> listing.Listing:
    """The listing that the rows were made from; DatabaseError for one that is torn."""
    rows = connection.execute("SELECT names, inodes FROM listings WHERE kind=?", (kind,)).fetchall()
    try:
        return listing.read(*rows[0]) if rows else listing.NONE
    except ValueError as problem:
        raise connection.DatabaseError(str(problem)) from problem


def _facts(path: str) -> _Facts | None:
    with suppress(OSError):
        stat = os.stat(path, follow_symlinks=False)
        return stat.st_ino, stat.st_mtime_ns, stat.st_size
    return None


def _live(connection: Connection, kind: str) -> set[str]:
    """The indexed documents that may have been edited in place: the live ones."""
    sql = f"SELECT name FROM {_BY_STATE} IN ({_marks(_OPEN)})"
    return {name for (name,) in connection.execute(sql, (kind, *_OPEN))}


def _names(listed: Iterable[str]) -> set[str]:
    """The documents among some files."""
    return {file[: -len(_SUFFIX)] for file in listed if file.endswith(_SUFFIX)}


def _named_since(connection: Connection, seq: int, listed: listing.Listing) -> set[str]:
    """The documents of the tasks that records since `seq` name; all that are listed where there are many of those."""
    sql = f"SELECT task FROM entries WHERE seq>? LIMIT {_MANY}"
    tasks = [task for (task,) in connection.execute(sql, (seq,))]
    if len(tasks) < _MANY:
        return {task for task in set(tasks) if listed.has(task + _SUFFIX)}
    return _names(listed.files)


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
        done = "(SELECT 1 FROM documents AS claim WHERE kind=? AND name=documents.name AND state=?)"  # few are assigned
        rows += _rows(connection, f"documents WHERE kind=? AND NOT EXISTS {done}", (ASSIGNMENTS, CLAIMS, DONE))
    for kind in kinds:
        rows += _named(connection, kind, also)
    by_name = {row.name: row for row in rows}
    sql = f"SELECT state, count FROM tallies WHERE kind=? AND count>0 AND state IN ({_marks(_OVER)})"
    counts = dict(connection.execute(sql, (CLAIMS, *_OVER)).fetchall())
    return [by_name[name] for name in sorted(by_name)], counts


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
