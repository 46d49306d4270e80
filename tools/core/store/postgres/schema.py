"""The schema of a server: numbered files of SQL, applied in order, each in one transaction with its checksum."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.hashing import sha256_hex
from tools.core.plain import NamedTuple
from tools.core.store.postgres import driver

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "migrations")
_LOCK = 7_463_063
"""The key of the advisory lock that lets one upgrade run at a time."""

OWNER, AGENT, MANAGER, READER = "teof_owner", "teof_agent", "teof_manager", "teof_reader"

_ROLES = """
DO $$
DECLARE
  given text;
BEGIN
  FOREACH given IN ARRAY ARRAY['teof_owner', 'teof_agent', 'teof_manager', 'teof_reader'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = given) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', given);
    END IF;
  END LOOP;
  IF NOT pg_has_role(current_user, 'teof_owner', 'MEMBER') THEN
    EXECUTE format('GRANT teof_owner TO %I', current_user);
  END IF;
END $$;
CREATE SCHEMA IF NOT EXISTS teof AUTHORIZATION teof_owner;
"""

_VERSIONS = """
SET LOCAL ROLE teof_owner;
CREATE TABLE IF NOT EXISTS teof.version (
  number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, serves integer NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(), applied_by text NOT NULL DEFAULT session_user
);
"""


class Migration(NamedTuple):
    """One file of SQL; clients that know schema `serves` go on with it."""

    number: int
    name: str
    sql: str
    serves: int

    @property
    def checksum(self) -> str:
        """What `teof.version` keeps of it."""
        return sha256_hex(self.sql.encode())


def migrations() -> list[Migration]:
    """Every migration of this toolkit, in order."""
    listed = []
    for name in sorted(name for name in os.listdir(_FOLDER) if name.endswith(".sql")):
        with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
            sql = file.read()
        number = int(name[:4])
        first = sql.partition("\n")[0]
        serves = int(first.rpartition(" ")[2]) if first.startswith("-- serves ") else number
        listed.append(Migration(number, name.removesuffix(".sql"), sql, serves))
    return listed


def upgrade(connection: driver.Connection) -> list[Migration]:
    """Applies what is missing; returns it. Refuses a server whose files were other ones."""
    connection.tell(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK}); {_ROLES} COMMIT; SELECT 1")
    connection.tell(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK}); {_VERSIONS} COMMIT; SELECT 1")
    applied = []
    for migration in migrations():
        if _is_applied(connection, migration):
            continue
        connection.tell(
            f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK}); SET LOCAL ROLE teof_owner;\n{_escaped(migration.sql)}\n"
            "INSERT INTO teof.version (number, name, checksum, serves) VALUES (%s, %s, %s, %s); COMMIT; SELECT 1",
            migration.number,
            migration.name,
            migration.checksum,
            migration.serves,
        )
        applied.append(migration)
    return applied


def _escaped(sql: str) -> str:
    return sql.replace("%", "%%")


def _is_applied(connection: driver.Connection, migration: Migration) -> bool:
    rows = connection.tell("SELECT checksum FROM teof.version WHERE number = %s", migration.number)
    if rows and rows[0][0] != migration.checksum:
        raise SetupError(
            f"migration {migration.name} was another one when it was applied to this server",
            code="store.schema",
            hint=hint.program("python", "-m", "pip", "install", "--upgrade", "teof"),
        )
    return bool(rows)


def probe_flush(connection: driver.Connection) -> bool:
    """Whether the small second transaction of a commit's message takes the first one to the disk."""
    place = connection.tell(
        "BEGIN; SET LOCAL synchronous_commit = off; SELECT pg_logical_emit_message(true, 'teof', 'probe'); COMMIT;"
        " SELECT pg_logical_emit_message(true, 'teof', '')::text"
    )[0][0]
    return bool(connection.tell("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", place)[0][0])


def settle_flush(connection: driver.Connection) -> str:
    """Tries how this server flushes, and keeps what commits shall do: `after` their lock or `within` it."""
    flush = "after" if probe_flush(connection) else "within"
    connection.tell(
        "BEGIN; SET LOCAL ROLE teof_owner; UPDATE teof.settings SET value = %s WHERE name = 'flush'; COMMIT; SELECT 1",
        flush,
    )
    return flush


def make_bus(connection: driver.Connection, key: str) -> None:
    """Makes an empty bus, unless there is one of that name."""
    connection.tell("SELECT teof.make_1(%s, %s)", key, sha256_hex(os.urandom(16))[:32])


def grant(connection: driver.Connection, role: str, group: str, seats: Sequence[str]) -> None:
    """Makes a login a member of a group, and binds it to agents; a role that is not there is made without a password."""
    name = driver.identifier(role)
    if not connection.tell("SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        connection.tell(f"CREATE ROLE {name} LOGIN")
    for other in (AGENT, MANAGER, READER):
        verb, way = ("GRANT", "TO") if other == group else ("REVOKE", "FROM")
        connection.tell(f"{verb} {other} {way} {name}")
    connection.tell("SELECT teof.seat_1(%s, %s::text[])", role, list(seats))
