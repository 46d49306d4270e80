"""What a server is like: its versions, this login's rights, how it flushes, its clock, sizes and waits."""

from __future__ import annotations

import time
from typing import Any

from tools.core import hint
from tools.core.hint import Note
from tools.core.plain import NamedTuple
from tools.core.store.postgres import schema
from tools.core.store.postgres.driver import Connection
from tools.core.store.postgres.opening import SCHEMA

MANY_RECORDS = 50_000_000
"""From here on closed months belong into an archive: the table's indexes outgrow the memory."""

_CLOCKS_APART = 5.0
_LONG_WAIT = 5.0

_FACTS = """
SELECT current_setting('server_version'), (SELECT max(number) FROM teof.version), session_user::text,
  has_function_privilege('teof.commit_1(integer, text[], text[], text[], bytea[], text[], text[], text[], text[])', 'EXECUTE'),
  has_function_privilege('teof.fill_1(text, text)', 'EXECUTE'),
  (SELECT array_agg(pattern ORDER BY pattern) FROM teof.seats WHERE role = session_user),
  current_setting('fsync') = 'on', current_setting('synchronous_commit') <> 'off',
  (SELECT value FROM teof.settings WHERE name = 'flush'), extract(epoch FROM clock_timestamp()),
  pg_total_relation_size('teof.records'),
  coalesce((SELECT extract(epoch FROM max(clock_timestamp() - state_change)) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()), 0),
  b.state, b.head, (SELECT count(*) FROM teof.documents AS d WHERE d.bus = b.bus),
  (SELECT count(*) FROM teof.records AS r WHERE r.bus = b.bus AND r.stream = 'events' AND r.kind IS NOT NULL
    AND r.moment >= extract(epoch FROM now())::bigint - 86400)
FROM (VALUES (%s)) AS named (key) LEFT JOIN teof.buses AS b USING (key)
"""
_NAMES = ("server", "schema", "login", "may_write", "may_manage", "seats", "fsync", "synchronous", "flush", "clock", "bytes",
          "longest_wait", "state", "records", "documents", "events_a_day")  # fmt: skip


class Inspection(NamedTuple):
    """The facts by their names, and what is wrong with them."""

    facts: dict[str, Any]
    findings: list[Note]


def inspect(connection: Connection) -> Inspection:
    """Looks at a server and at the bus that its address names."""
    before = time.time()
    row = connection.ask(_FACTS, connection.address.bus)[0]
    facts = dict(zip(_NAMES, row, strict=True))
    ahead = float(facts.pop("clock")) - (before + time.time()) / 2
    facts |= {"clock_ahead": round(ahead, 1), "longest_wait": round(float(facts["longest_wait"]), 1)}
    flushes = schema.probe_flush(connection) if facts["may_write"] else True
    return Inspection(facts, [*_of_setup(facts, flushes=flushes), *_of_load(facts)])


def _of_setup(facts: dict[str, Any], *, flushes: bool) -> list[Note]:
    upgrade = hint.tool("maintenance.bus_server", "upgrade")
    findings = []
    if facts["schema"] < SCHEMA:
        findings.append(Note(f"the schema is {facts['schema']}, this toolkit needs {SCHEMA}", upgrade))
    if facts["state"] is None:
        findings.append(Note("there is no bus of that name"))
    if not facts["may_write"]:
        findings.append(Note(f"the login {facts['login']} may only read"))
    if not facts["fsync"] or not facts["synchronous"]:
        findings.append(Note("the server does not wait for its disk: acknowledged records can be lost"))
    elif facts["flush"] == "after" and not flushes:
        findings.append(Note("the end of a commit does not reach the disk", upgrade))
    return findings


def _of_load(facts: dict[str, Any]) -> list[Note]:
    findings = []
    if abs(facts["clock_ahead"]) > _CLOCKS_APART:
        findings.append(Note(f"the server's clock is {facts['clock_ahead']:+.1f} s from this machine's"))
    if facts["longest_wait"] > _LONG_WAIT:
        findings.append(Note(f"a command has waited {facts['longest_wait']:.0f} s for a lock"))
    if (facts["records"] or 0) > MANY_RECORDS:
        findings.append(Note(f"{facts['records']:,} records: archive closed months"))
    return findings
