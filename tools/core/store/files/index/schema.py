"""The tables of the derived index; a change of them increases `versions.INDEX`.

Text columns are NULL where a record has no such field, so that their indexes hold only what can be
asked for. `at` is the record's own stamp in Unix seconds. `moment` is when the record counts as
written: its stamp where that was credible when it was read, else the moment of the record before it,
so that a stamp from the future pins nothing to the top. `party` is whom an event gives a say in its task.
"""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

ENTRIES = """
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY, stream TEXT, number INTEGER, id TEXT, mark TEXT, at INTEGER, moment INTEGER, agent TEXT,
  kind TEXT, task TEXT, target TEXT, reply_to TEXT, severity TEXT, subject TEXT, decision TEXT, waiting INTEGER,
  party TEXT, raw BLOB
)
"""
COMMON = {
    "by_id": "UNIQUE entries (id, stream) WHERE id IS NOT NULL",
    "by_agent": "entries (agent, kind, moment)",
    "by_task": "entries (task, moment)",
    "by_time": "entries (moment) WHERE stream='events'",
    "by_line": "entries (number) WHERE stream='events'",
}
"""Indexes that hold most records: made after a load of many."""

RARE = {
    "by_speaker": "entries (stream, agent, moment) WHERE stream<>'events'",
    "by_thread": "entries (stream, moment) WHERE stream<>'events'",
    "by_message": "entries (moment) WHERE stream<>'events'",
    "by_mark": "entries (mark, stream) WHERE mark IS NOT NULL",
    "by_reply": "entries (reply_to) WHERE reply_to IS NOT NULL",
    "by_severity": "entries (severity, moment) WHERE severity IS NOT NULL",
    "by_subject": "entries (subject, moment) WHERE subject IS NOT NULL",
    "by_decision": "entries (decision, moment) WHERE decision IS NOT NULL",
    "by_party": "entries (task, party) WHERE party IS NOT NULL",
    "by_manager": "entries (party) WHERE party IS NOT NULL AND kind='handshake'",
    "waiting_by_time": "entries (moment, id) WHERE waiting=1",
    "waiting_by_target": "entries (target, moment) WHERE waiting=1",
    "waiting_by_task": "entries (task, moment) WHERE waiting=1",
}
"""Indexes that hold few records: kept while many are loaded, because making them reads everything."""

_OTHERS = """
CREATE TABLE streams (
  name TEXT PRIMARY KEY, inode INTEGER, mtime INTEGER, size INTEGER, end INTEGER, lines INTEGER, hash TEXT,
  loose INTEGER
) WITHOUT ROWID;
CREATE TABLE problems (stream TEXT, number INTEGER, reason TEXT, code TEXT, PRIMARY KEY (stream, number)) WITHOUT ROWID;
CREATE TABLE lost (stream TEXT, id TEXT, mark TEXT, raw BLOB);
CREATE INDEX lost_id ON lost (stream, id);
CREATE INDEX lost_mark ON lost (stream, mark) WHERE mark IS NOT NULL;
CREATE TABLE losses (stream TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID;
CREATE TABLE bus (folder INTEGER, first TEXT);
INSERT INTO bus VALUES (0, '');
CREATE TABLE generation (number INTEGER);
INSERT INTO generation VALUES (random())
"""


def create(connection: Connection) -> None:
    """Makes an empty index, in a transaction of the caller's."""
    connection.execute(ENTRIES)
    for statement in _OTHERS.split(";"):
        connection.execute(statement)
    make_indexes(connection, COMMON | RARE)


def make_indexes(connection: Connection, definitions: Mapping[str, str]) -> None:
    """Makes some of the indexes."""
    for name, definition in definitions.items():
        unique = "UNIQUE " if definition.startswith("UNIQUE ") else ""
        connection.execute(f"CREATE {unique}INDEX {name} ON {definition.removeprefix(unique)}")
