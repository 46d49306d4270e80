"""The server that a bus is on: reached, of the right version, with the right to write, its clock, its export, its secret."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from typing import Any

from tools.core import hint
from tools.core.context import Context
from tools.core.relocation import export_age
from tools.core.seats.seat import reading
from tools.core.setup.probes.probe import FAIL, PATIENCE, WARN, Probe, passed
from tools.core.store import signpost
from tools.core.store.postgres import inspection
from tools.core.store.postgres.driver import Connection
from tools.core.store.postgres.opening import SCHEMA
from tools.core.store.signpost import Address

_CLOCKS_APART = 5.0
_WEAK = ("disable", "allow", "prefer", "require")
"""Modes of TLS in which whoever stands between may pass for the server."""


def probes(context: Context, home: str, bound: str | None) -> Iterator[Probe]:
    """All of them; none for a bus that is in files. An error where the server is not reached."""
    address = signpost.address_of(context.workspace)
    if address is None:
        return
    yield _way(address, home)
    connection = Connection(address, connecting=PATIENCE, answering=PATIENCE)
    try:
        facts = inspection.inspect(connection).facts
    finally:
        connection.close()
    yield _bus(address, facts)
    yield _schema(facts)
    yield _rights(context, facts, bound)
    yield _clock(facts)
    yield _export(context)


def _way(address: Address, home: str) -> Probe:
    """The server must prove who it is, and a kept password is its owner's alone."""
    check = hint.tool("maintenance.bus_server", "check")
    mode = address.sslmode
    if mode in _WEAK and not address.is_local:
        return Probe("server.way", WARN, f"sslmode={mode}: another machine could pass for the server", check)
    place = os.path.join(home, ".pgpass")
    try:
        open_to = stat.S_IMODE(os.stat(place).st_mode) & 0o077
    except OSError:
        return passed("server.way", "no socket but this machine's" if address.is_local else f"sslmode={mode}")
    if open_to:
        text = f"{place} may be read by others, so that it is not used"
        return Probe("server.way", WARN, text, hint.program("chmod", "600", place))
    return passed("server.way", f"the password is in {place}")


def _bus(address: Address, facts: dict[str, Any]) -> Probe:
    where = f"{address.bus} on postgresql://{address.shown}, PostgreSQL {facts['server']}"
    if facts["state"] is None:
        return Probe("server", FAIL, f"there is no {where}", hint.tool("maintenance.bus_server", "check"))
    if facts["state"] != "open":
        return Probe("server", FAIL, f"{where} is {facts['state']}", hint.tool("agent.bus_sync"))
    return passed("server", f"{where}: {facts['records']} records")


def _schema(facts: dict[str, Any]) -> Probe:
    upgrade = hint.tool("maintenance.bus_server", "upgrade")
    if facts["schema"] < SCHEMA:
        text = f"{facts['schema']} is older than {SCHEMA}, which this toolkit needs"
        return Probe("server.schema", FAIL, text, upgrade)
    return passed("server.schema", str(facts["schema"]))


def _rights(context: Context, facts: dict[str, Any], bound: str | None) -> Probe:
    check = hint.tool("maintenance.bus_server", "check")
    if not facts["may_write"]:
        return Probe("server.rights", WARN, f"the login {facts['login']} may only read", check)
    patterns = facts["seats"] or []
    seat = reading(context.workspace, bound)
    if seat is not None and patterns and not any(_matches(pattern, seat.agent_id) for pattern in patterns):
        text = f"the login {facts['login']} may write for {', '.join(patterns)}, not for {seat.agent_id}"
        return Probe("server.rights", FAIL, text, check)
    return passed("server.rights", f"{facts['login']} writes for {', '.join(patterns) or 'any agent'}")


def _matches(pattern: str, agent: str) -> bool:
    """Whether a seat's pattern names an agent, `*` for any letters, as the server compares them."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), agent) is not None


def _clock(facts: dict[str, Any]) -> Probe:
    ahead = facts["clock_ahead"]
    if abs(ahead) > _CLOCKS_APART:
        text = f"the server's clock, which stamps everything, is {ahead:+.1f} s from this machine's"
        return Probe("server.clock", WARN, text, hint.program("timedatectl"))
    return passed("server.clock", f"{ahead:+.1f} s")


def _export(context: Context) -> Probe:
    """git's history of the bus is not old."""
    export = export_age.of(context.workspace.root, context.now)
    if export.is_old:
        return Probe("server.export", WARN, export.text, export_age.EXPORT)
    return passed("server.export", export.text)
