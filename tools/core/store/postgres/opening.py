"""The first question of a process: which bus it is, whether the schema fits, the clock, and what is gone."""

from __future__ import annotations

import time
from typing import Any

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.plain import NamedTuple
from tools.core.store.postgres import seen
from tools.core.store.postgres.driver import Connection
from tools.core.store.signpost import Address
from tools.core.workspace import Workspace

SCHEMA = 7
"""The number of the last migration that this toolkit needs."""

_LINE = "(SELECT substr(encode(sha256(raw), 'hex'), 1, 16) FROM teof.records AS r WHERE r.bus = b.bus AND seq = {})"
_VERSION = "FROM teof.version ORDER BY number DESC LIMIT 1"
_QUESTION = (
    f"SELECT bus, state, head, {_LINE.format('head')}, {_LINE.format('%s')}, (SELECT number {_VERSION}), (SELECT serves {_VERSION}),"
    " (SELECT value FROM teof.settings WHERE name = 'flush'), extract(epoch FROM clock_timestamp()),"
    " EXISTS (SELECT 1 FROM teof.records AS r WHERE r.bus = b.bus AND kind IS NULL) FROM teof.buses AS b WHERE key = %s"
)
_TOGETHER = f"SELECT first.*, own.* FROM ({_QUESTION}) AS first LEFT JOIN (SELECT true AS is_row, rows.* FROM ({{}}) AS rows) AS own ON true"
"""The first question and another one in one message; without an answer to the other there is one row still."""


_WIDTH = 10
"""Columns of the first question."""


class Opened(NamedTuple):
    """What the first question answered: the bus's number, its head, and what this clone had seen of it."""

    bus: int
    head: int
    hash: str
    lost: int  # records that this clone has seen and the server has no longer
    flushes_after: bool
    ahead: float  # seconds that the server's clock is ahead of this machine's
    has_faults: bool  # whether some line may be no record


class Bus:
    """A bus on a server, opened with the first question; `token` is the signpost's, "" without one."""

    def __init__(self, workspace: Workspace, address: Address, token: str) -> None:
        self.connection = Connection(address)
        self._workspace = workspace
        self._address = address
        self._token = token
        self._opened: Opened | None = None

    @property
    def opened(self) -> Opened:
        """What the first question answered; it is asked now where it was not."""
        if self._opened is None:
            before = seen.read(self._workspace, self._address)
            self._open(before, self.connection.ask(_QUESTION, before.head, self._address.bus))
        assert self._opened is not None
        return self._opened

    def ask(self, sql: str, *values: object) -> list[Any]:
        """The rows of a question that names its bus `:bus`; the first one also opens the bus."""
        if self._opened is not None:
            return self.connection.ask(sql.replace(":bus", str(self._opened.bus)), *values)
        before, key = seen.read(self._workspace, self._address), self._address.bus
        question = sql.replace(":bus", f"(SELECT bus FROM teof.buses WHERE key = '{key}')")
        rows = self.connection.ask(_TOGETHER.format(question), before.head, key, *values)
        self._open(before, rows)
        return [row[_WIDTH + 1 :] for row in rows if row[_WIDTH]]

    def _open(self, before: seen.Seen, rows: list[Any]) -> None:
        self._opened = _opened(self.connection, before, rows, self._token)
        if self._opened.head != before.head:
            self.saw(self._opened.head, self._opened.hash)

    def saw(self, head: int, line_hash: str) -> None:
        """Remembers the last record, unless some that this clone saw are gone."""
        if head and not self.opened.lost:
            seen.write(self._workspace, self._address, seen.Seen(head, line_hash))

    def accept(self) -> None:
        """From now on what the server has counts as what this clone has seen; what is gone is no news any more."""
        self.close()
        opened = self.opened
        seen.write(self._workspace, self._address, seen.Seen(opened.head, opened.hash))
        self.close()

    def forget(self) -> None:
        """What was true when the bus was opened may have changed."""
        if self._opened is not None:
            self._opened = self._opened._replace(has_faults=True)

    def close(self) -> None:
        """Gives the connection back; the next question opens the bus again."""
        self.connection.close()
        self._opened = None


def _opened(connection: Connection, before: seen.Seen, rows: list[Any], token: str) -> Opened:
    address = connection.address
    if not rows:
        raise SetupError(
            f"postgresql://{address.shown} has no bus {address.bus!r}",
            code="store.bus",
            hint=hint.tool("maintenance.bus_server", "init", "--url", address.plain_url, "--bus", address.bus),
        )
    bus, state, head, last, there, number, serves, flush, now, has_faults = rows[0][:_WIDTH]
    if number < SCHEMA or serves > SCHEMA:
        raise _wrong_schema(address, number)
    if state == "filling" and token:  # whoever wrote the signpost died before the bus was opened
        connection.ask("SELECT teof.open_1(%s, %s)", address.bus, token)
    lost = max(1, before.head - head) if before.head and there != before.hash else 0
    return Opened(bus, head, last or "", lost, flush == "after", float(now) - time.time(), has_faults)


def _wrong_schema(address: Address, number: int) -> SetupError:
    where = f"postgresql://{address.shown}"
    if number > SCHEMA:
        text = f"{where} has schema {number}, this toolkit knows {SCHEMA}; update the toolkit"
        return SetupError(
            text, code="store.schema", hint=hint.program("python", "-m", "pip", "install", "--upgrade", "teof")
        )
    return SetupError(
        f"{where} has schema {number}, this toolkit needs {SCHEMA}",
        code="store.schema",
        hint=hint.tool("maintenance.bus_server", "upgrade", "--url", address.plain_url),
    )
