#!/usr/bin/env python3
"""Set up, look at and upgrade the PostgreSQL server that carries a bus."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import clock, hint
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.hint import Note
from tools.core.relocation import export_age
from tools.core.store import signpost
from tools.core.store.postgres import inspection, schema
from tools.core.store.postgres.driver import Connection
from tools.core.store.signpost import Address

main = cli.group(__doc__)

BUS = "bus"


@cli.command(main, "init")
@cli.option("--url", type=cli.LINE, required=True, help="postgresql://host/database; a login that may create roles.")
@cli.option("--bus", type=cli.LABEL, default=BUS, show_default=True, help="The bus's name in the database.")
def init(run: cli.Run, *, url: str, bus: str) -> None:
    """Make roles, schema and an empty bus; what is there stays."""
    address = signpost.parse_address(url, bus)
    connection = Connection(address)
    applied = schema.upgrade(connection)
    flush = schema.settle_flush(connection)
    schema.make_bus(connection, bus)
    connection.close()
    text = f"{_changes(applied)}; the bus {bus} is there, and empty or as it was; a commit is flushed {flush} its lock"
    run.emit({"server": address.shown, "bus": bus, "applied": [m.name for m in applied], "flush": flush}, text)
    run.advise(hint.tool("maintenance.bus_server", "grant", "--url", address.plain_url, "--role", hint.WORDS))


@cli.command(main, "check")
@cli.option("--url", type=cli.LINE, help="The server (default: the one this bus is on).")
@cli.option("--bus", type=cli.LABEL, help="The bus's name in the database.")
def check(run: cli.Run, *, url: str | None, bus: str | None) -> None:
    """Reach the server and say what is wrong with it, and with git's copy of this bus; exit 1 with findings."""
    address = _address(run, url, bus)
    connection = Connection(address)
    facts, findings = inspection.inspect(connection)
    connection.close()
    export = _export(run, address, url)
    rights = "manages" if facts["may_manage"] else "writes" if facts["may_write"] else "reads"
    seats = f" for {', '.join(facts['seats'])}" if facts["seats"] else ""
    lines = [
        f"server: postgresql://{address.shown}, PostgreSQL {facts['server']}, schema {facts['schema']}",
        f"login: {facts['login']}, {rights}{seats}",
        f"bus: {address.bus}, {facts['state'] or 'absent'}, {facts['records'] or 0} records, {facts['documents'] or 0} documents",
        f"load: {facts['events_a_day']} events in the last day, {facts['bytes'] / 1e6:.1f} MB in all,"
        f" longest wait {facts['longest_wait']} s, clock {facts['clock_ahead']:+.1f} s",
    ]
    if export is not None:
        lines.append(f"export: {export.text}")
        facts["exported_at"] = clock.to_text(export.at) if export.at else None
        findings = [*findings, *([Note(export.text, export_age.EXPORT)] if export.is_old else [])]
    lines += [f"finding: {finding.text}" for finding in findings]
    document = {"server": address.shown, "bus": address.bus, **facts, "findings": [item.text for item in findings]}
    run.emit(document, "\n".join(lines))
    for finding in findings:
        run.advise(finding.hint)
    run.finish(1 if findings else 0)


@cli.command(main, "upgrade")
@cli.option("--url", type=cli.LINE, help="The server (default: the one this bus is on); a login that is its owner.")
def upgrade(run: cli.Run, *, url: str | None) -> None:
    """Apply the migrations that the server lacks."""
    address = _address(run, url, None)
    connection = Connection(address)
    applied = schema.upgrade(connection)
    flush = schema.settle_flush(connection)
    connection.close()
    run.emit({"server": address.shown, "applied": [m.name for m in applied], "flush": flush}, _changes(applied))


@cli.command(main, "grant")
@cli.option("--role", type=cli.LINE, required=True, help="A login of the server; made without a password where absent.")
@cli.repeated("--seat", type=cli.LINE, help="An agent it may write for, * for any letters (default: any agent).")
@cli.option("--reader", is_flag=True, help="It may only read.")
@cli.option("--manager", is_flag=True, help="It may also bind seats, move and export the bus.")
@cli.option("--url", type=cli.LINE, help="The server (default: the one this bus is on); a login that may grant.")
def grant(run: cli.Run, *, role: str, seat: tuple[str, ...], reader: bool, manager: bool, url: str | None) -> None:
    """Let a login read, write or manage, and bind it to seats."""
    if reader and manager:
        raise UsageError("--reader and --manager contradict each other", code="usage")
    address = _address(run, url, None)
    connection = Connection(address)
    group = schema.READER if reader else schema.MANAGER if manager else schema.AGENT
    schema.grant(connection, role, group, seat)
    connection.close()
    bound = f", for {', '.join(seat)} alone" if seat else ""
    run.emit({"server": address.shown, "role": role, "group": group, "seats": list(seat)}, f"{role}: {group}{bound}")


def _address(run: cli.Run, url: str | None, bus: str | None) -> Address:
    """The server that is named, else the one that the bus is on."""
    address = signpost.parse_address(url, bus or "") if url else signpost.address_of(run.workspace)
    if address is None:
        raise UsageError(
            "this bus is in files; name the server with --url",
            code="store.address",
            hint=hint.again("--url", f"postgresql://{hint.WORDS}/{hint.WORDS}"),
        )
    return address._replace(bus=bus) if bus else address


def _export(run: cli.Run, address: Address, url: str | None) -> export_age.ExportAge | None:
    """The age of git's copy, where the server is looked at for the bus of this clone."""
    if url or address != signpost.address_of(run.workspace):
        return None
    return export_age.of(run.workspace.root, run.now)


def _changes(applied: list[schema.Migration]) -> str:
    return f"applied {', '.join(m.name for m in applied)}" if applied else "the schema is as this toolkit has it"


if __name__ == "__main__":
    cli.main(main)
