"""One connection to PostgreSQL: the only module that knows the driver.

Every question is one message. There are no prepared statements and no settings of a session, so that a
pooler in transaction mode may stand between. Who waits is patient, and never for ever: `CONNECTING`
seconds for a connection, `ANSWERING` for an answer.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from contextlib import suppress
from typing import Any

from tools.core import hint
from tools.core.errors import BusyError, GuardError, SetupError, ToolkitError, UsageError
from tools.core.store.api import StaleVersion
from tools.core.store.signpost import Address

CONNECTING = 15
ANSWERING = 30
LOCKING = 10
"""Seconds that a writer waits for the others."""


_SAME_TRY = 0.5
"""Seconds in which a server whose silence took longer than that is not waited for again, by the same command."""


class Lost(Exception):
    """The connection broke: whether a commit was done is not known."""


class Repeated(Exception):
    """The records of a commit are there already: it was done before its answer was lost."""


class Taken(Exception):
    """A bus that was to be filled has records."""


class Connection:
    """A connection that is made with the first question."""

    def __init__(self, address: Address, *, connecting: float = CONNECTING, answering: float = ANSWERING) -> None:
        self.address = address
        self._connecting = connecting
        self._answering = answering
        self._opened: Any = None
        self._refusal: tuple[float, ToolkitError] | None = None
        self._listens = False
        self.messages = 0

    def ask(self, sql: str, *values: object) -> list[Any]:
        """The rows of one question that changes nothing; asked again once where the connection broke."""
        try:
            return self.tell(sql, *values)
        except Lost:
            try:
                return self.tell(sql, *values)
            except Lost as error:
                raise unreachable(self.address, "the connection broke") from error

    def tell(self, sql: str, *values: object) -> list[Any]:
        """The rows of a message; Lost when the connection broke before its answer was there."""
        connection = self._connected()
        import psycopg2

        cursor = connection.cursor()
        try:
            self.messages += 1
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            self._after(error)
            raise refusal(self.address, error) from error
        except BaseException:  # interrupted in the middle: the rest of the answer is nobody's
            self.close()
            raise
        finally:
            cursor.close()

    def _after(self, error: Any) -> None:
        """Leaves no failed transaction behind; Lost where there is no connection any more."""
        is_over = error.pgcode is not None and error.pgcode.startswith(("57P0", "08"))
        if self._opened is None or self._opened.closed or is_over or isinstance(error, _interface_error()):
            self.close()
            raise Lost from error
        try:
            self._opened.cursor().execute("ROLLBACK")
        except Exception:
            self.close()

    def _connected(self) -> Any:
        if self._opened is None:
            if self._refusal is not None and time.monotonic() - self._refusal[0] < _SAME_TRY:
                raise self._refusal[1]
            begin = time.monotonic()
            try:
                self._opened = _connect(self.address, self._connecting, self._answering)
            except ToolkitError as refusal:
                if time.monotonic() - begin > _SAME_TRY:
                    self._refusal = (time.monotonic(), refusal)
                raise
        return self._opened

    def wait(self, seconds: float) -> None:
        """Waits until the server rings because somebody committed, at most so long; a pooler may keep the bell."""
        if not self._listens:
            self.ask("LISTEN teof")
            self._listens = True
        connection = self._connected()
        if not connection.notifies and select.select([connection.fileno()], [], [], seconds)[0]:
            self._hear(connection)
        connection.notifies.clear()

    def _hear(self, connection: Any) -> None:
        import psycopg2

        try:
            connection.poll()
        except psycopg2.Error:
            self.close()

    def close(self) -> None:
        """Gives the connection back; the next question makes a new one."""
        opened, self._opened, self._listens = self._opened, None, False
        if opened is not None:
            with suppress(Exception):
                opened.close()


def binary(data: bytes) -> Any:
    """Bytes as the driver sends them."""
    import psycopg2

    return psycopg2.Binary(data)


def identifier(name: str) -> str:
    """A role's name inside a statement."""
    return '"' + name.replace('"', '""') + '"'


def _interface_error() -> Any:
    import psycopg2

    return psycopg2.InterfaceError


def _connect(address: Address, connecting: float, answering: float) -> Any:
    try:
        if sys.flags.no_site:  # a hook's interpreter is started without its packages
            import site

            site.main()
        import psycopg2
        from psycopg2 import extensions
    except ImportError as error:
        raise SetupError(
            "the bus is on a PostgreSQL server, and its driver is not installed",
            code="store.driver",
            hint=hint.program("python", "-m", "pip", "install", "psycopg2-binary"),
        ) from error
    hosts = address.url.partition("//")[2].partition("/")[0].count(",") + 1
    extensions.set_wait_callback(None)  # libpq's own patience goes from host to host
    try:
        connection = psycopg2.connect(
            address.complete_url,
            connect_timeout=max(2, int(connecting / hosts)),
            application_name=f"teof {os.uname().nodename} {os.getpid()}"[:63],
            keepalives_idle=20,
            keepalives_interval=5,
            keepalives_count=3,
        )
    except psycopg2.Error as error:
        raise _not_connected(address, str(error)) from None
    connection.autocommit = True
    extensions.set_wait_callback(_Patience(answering))
    return connection


class _Patience:
    """Waits for the server as long as it is worth waiting."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, connection: Any) -> None:
        from psycopg2 import OperationalError, extensions

        end = time.monotonic() + self._seconds
        while (state := connection.poll()) != extensions.POLL_OK:
            poll = select.poll()
            poll.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
            rest = end - time.monotonic()
            if rest <= 0 or not poll.poll(rest * 1000):
                connection.close()
                raise OperationalError("no answer in time")


def unreachable(address: Address, reason: str) -> SetupError:
    """What is said where there is no server."""
    return SetupError(
        f"the bus is on postgresql://{address.shown}, which cannot be reached ({reason})",
        code="store.unreachable",
        hint=hint.tool("maintenance.bus_server", "check"),
    )


def _not_connected(address: Address, text: str) -> ToolkitError:
    where = f"postgresql://{address.shown}"
    check = hint.tool("maintenance.bus_server", "check")
    if re.search(r"certificate|SSL", text):
        return SetupError(
            f"{where} did not prove who it is; give its certificate's authority in sslrootcert, or name an sslmode",
            code="store.insecure",
            hint=check,
        )
    if re.search(r"authentication|pg_hba|role .* does not exist|no password", text):
        return SetupError(
            f"{where} does not let this user in; PGUSER names the role, ~/.pgpass its password",
            code="store.forbidden",
            hint=check,
        )
    for pattern, reason in _REASONS:
        if re.search(pattern, text):
            return unreachable(address, reason)
    return unreachable(address, "no connection")


_REASONS = (
    ("Connection refused|No such file", "nobody listens there"),
    ("timeout|timed out", "no answer in time"),
    ("database .* does not exist", "there is no such database"),
    ("could not translate host name", "its name is not known"),
    ("too many|remaining connection slots", "it has no connection left"),
    ("starting up|shutting down|recovery", "it is not ready"),
    ("read-only|session is", "no host of the address takes writes"),
)


def refusal(address: Address, error: Any) -> Exception:
    """What the server's answer means."""
    code, detail = error.pgcode or "", (error.diag.message_detail or "") if error.diag else ""
    where = f"postgresql://{address.shown}"
    check = hint.tool("maintenance.bus_server", "check")
    if code == "TE001":
        return StaleVersion(detail)
    if code == "TE007":
        return Repeated()
    if code == "TE010":
        return Taken()
    if code in ("55P03", "TE008"):
        return BusyError(
            f"the bus was locked for {LOCKING} seconds{f' by {detail}' if detail else ''}", code="store.busy"
        )
    if code in ("53300", "53400"):
        return BusyError(f"{where} has no connection left", code="store.busy")
    if code == "TE003":
        return GuardError(f"this login may not write for {detail!r} on {where}", code="store.seat", hint=check)
    if code == "TE004":
        name = detail.partition("/")[2]
        return UsageError(f"the name differs only in case from {name!r}, which exists", code="id.case",
                          hint=hint.again("--task", name))  # fmt: skip
    if code == "TE002":
        text = f"{where}: the bus {address.bus} moved away; the branch that carries it says where"
        return SetupError(text, code="bus.moved", hint=hint.tool("agent.bus_sync"))
    if code == "TE005":
        return SetupError(f"{where} has no bus {address.bus!r}", code="store.bus", hint=check)
    if code == "TE006":
        return BusyError(f"{where}: the bus {address.bus} is being moved there", code="store.busy")
    if code == "42501":
        return SetupError(f"this login has no right to do that on {where}", code="store.forbidden", hint=check)
    if code in ("42P01", "42883", "3F000", "42704", "42703"):
        return SetupError(f"{where} has no schema of this version", code="store.schema",
                          hint=hint.tool("maintenance.bus_server", "upgrade"))  # fmt: skip
    if code == "25006":
        return unreachable(address, "it is a standby and takes no writes")
    reason = error.diag.message_primary if error.diag else str(error)
    return SetupError(f"{where} refused: {reason} (SQLSTATE {code})", code="store.refused", hint=check)
