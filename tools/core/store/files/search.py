"""Full-text search over the bus: the newest records with all words, harmless to any query text.

The words of events and messages lie in a file of their own beside the index, so that only those who
search pay for them. It holds no text, only where words occur, and is filled from where it stopped; when
the index was built anew its numbers mean other records, and the words are read again. Where SQLite has
no full-text search, or the words cannot be kept, the newest records are compared one by one.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from tools.core.errors import ToolkitError
from tools.core.models.entry import Entry, Search, unrepeated
from tools.core.store.answers import Matches
from tools.core.store.files.index.database import Index, discard, is_busy, is_damage, plain_file
from tools.core.store.files.selection import entry_of
from tools.core.workspace import Workspace

_BATCH = 5000

_WALKED = 20_000
"""Newest records with the words, or without full-text search of all, that are held against the filters."""

_SEQ_BITS = 28
_SEQ = (1 << _SEQ_BITS) - 1


def newest(index: Index, workspace: Workspace, search: Search) -> Matches:
    """See History."""
    if not search.words:
        return Matches([], False)
    file = _words_file(workspace)
    for place in (file, file, ""):
        try:
            if _attach(index.connection, place) and place:
                index.believe("-words", "words_file")
            _fill(index.connection)
            return _matching(index.connection, search)
        except sqlite3.DatabaseError as problem:
            with suppress(sqlite3.Error):
                index.connection.execute("DETACH words_file")
            if is_busy(problem):
                break  # another process fills them
            if place and is_damage(problem):
                discard(workspace, "-words")
    return _compared(index, search)


def _words_file(workspace: Workspace) -> str:
    try:
        return plain_file(workspace, "-words")
    except (OSError, ToolkitError):
        return ""


def _attach(connection: sqlite3.Connection, place: str) -> bool:
    """Whether the file had to be attached."""
    if any(name == "words_file" for _, name, _ in connection.execute("PRAGMA database_list")):
        return False
    connection.execute("ATTACH ? AS words_file", (place,))
    if place:
        connection.execute("PRAGMA words_file.journal_mode=WAL")
        connection.execute("PRAGMA words_file.synchronous=NORMAL")
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS words_file.words USING fts5(text, content='')")
    connection.execute("CREATE TABLE IF NOT EXISTS words_file.word_state (generation INTEGER, seq INTEGER)")
    connection.execute("INSERT INTO word_state SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM word_state)")
    return True


def _fill(connection: sqlite3.Connection) -> None:
    """Reads the words of what came since the last search; all of it or nothing.

    A record's number among the words is its moment and its `seq`, so that they can be walked newest first.
    """
    connection.execute("BEGIN")
    try:
        connection.execute("UPDATE word_state SET seq=seq")  # one process at a time, and only of those that search
        generation = connection.execute("SELECT number FROM generation").fetchone()[0]
        filled, seq = connection.execute("SELECT generation, seq FROM word_state").fetchone()
        if filled != generation:
            connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
            seq = 0
        _add_words(connection, seq)
        last = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM entries").fetchone()[0]
        connection.execute("UPDATE word_state SET generation=?, seq=?", (generation, last))
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _add_words(connection: sqlite3.Connection, after: int) -> None:
    batch: list[tuple[int, str]] = []
    rows = connection.execute(
        f"SELECT place, raw FROM (SELECT (MAX(moment, 0) << {_SEQ_BITS}) | seq AS place, seq AS part"
        " FROM entries WHERE seq>? ORDER BY place) CROSS JOIN entries ON seq=part",
        (after,),
    )
    for place, raw in rows:
        batch.append((place, text_in(raw)))
        if len(batch) >= _BATCH:
            connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", batch)
            batch.clear()
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", batch)


def _matching(connection: sqlite3.Connection, search: Search) -> Matches:
    terms, values = _filters(search)
    match = " AND ".join(f'"{word}"' for word in search.words)
    walked = f"SELECT rowid AS place FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT {_WALKED}"
    rows = connection.execute(
        f"SELECT stream, raw FROM ({walked}) CROSS JOIN entries ON seq=(place & {_SEQ}) WHERE 1 {terms}"
        f" ORDER BY place DESC LIMIT {2 * search.limit}",
        [match, *values],
    ).fetchall()
    is_cut = False
    if terms and len(rows) < 2 * search.limit:
        is_cut = connection.execute(f"SELECT COUNT(*) FROM ({walked})", [match]).fetchone()[0] == _WALKED
    return Matches(_first([entry_of(*row) for row in rows], search.limit), is_cut)


def _filters(search: Search) -> tuple[str, list[object]]:
    terms, values = [], list[object]()
    for column, accepted in (("agent", search.agents), ("task", search.tasks)):
        if accepted:
            terms.append(f"AND entries.{column} IN ({', '.join('?' * len(accepted))})")
            values += accepted
    if search.since is not None:
        terms.append("AND entries.at>=?")
        values.append(int(search.since.timestamp()))
    return " ".join(terms), values


def _first(entries: Sequence[Entry], limit: int) -> list[Entry]:
    """The first entries; a message and its inbox copy are one."""
    return unrepeated(entries)[:limit]


def text_in(raw: bytes) -> str:
    """What can be searched in a record: its values, ids and stamps left out."""
    parts: list[str] = []
    for name, value in json.loads(raw).items():
        if name not in ("id", "ts", "prev", "reply_to", "claim"):
            parts.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return " ".join(parts).encode("utf-8", "replace").decode()


def _compared(index: Index, search: Search) -> Matches:
    terms, values = _filters(search)
    rows = index.ask(f"SELECT stream, raw FROM entries WHERE 1 {terms} ORDER BY seq DESC LIMIT {_WALKED}", values)
    matching = [row for row in rows if has_words(text_in(row[1]), search.words)]
    return Matches(_first([entry_of(*row) for row in matching[: 2 * search.limit]], search.limit), len(rows) == _WALKED)


def has_words(text: str, words: Sequence[str]) -> bool:
    """Whether a text has all of some words."""
    return set(re.findall(r"\w+", text.casefold())).issuperset(words)
