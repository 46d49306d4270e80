#!/usr/bin/env python3
"""Bring the files of a bus that is on a server to what the server has, and commit them."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.relocation import export
from tools.core.store import signpost
from tools.core.store.postgres.opening import Bus
from tools.core.sync import exchange


@cli.command(doc=__doc__, writes=True)
@cli.option("--commit", is_flag=True, help="Also commit on the branch that carries the bus.")
@cli.option("--push", is_flag=True, help="Also push it.")
@cli.option("--check", is_flag=True, help="Only compare; exit 1 with differences.")
def main(run: cli.Run, *, commit: bool, push: bool, check: bool) -> None:
    address = signpost.address_of(run.workspace)
    if address is None:
        raise UsageError(
            "this bus is in files: there is nothing to export", code="export.files", hint=hint.tool("agent.bus_sync")
        )
    mark = signpost.read(run.workspace)
    bus = Bus(run.workspace, address, mark.token if mark else "")
    number = bus.opened.bus
    if check:
        problems = export.differences(run.workspace, bus.connection, number)
        text = "\n".join(map(str, problems)) or "the files are what the server has"
        run.emit({"differences": [problem._asdict() for problem in problems]}, text)
        run.finish(1 if problems else 0)
    brought = export.bring(run.workspace, bus.connection, number)
    document: dict[str, object] = brought._asdict()
    text = f"exported {brought.bytes} bytes of logs and {brought.documents} documents"
    if commit or push:
        done = exchange.exchange(run, run.seat.agent_id, push=push, is_export=True)
        if done.received:  # what another clone had pushed came to the server, and from there into the files
            export.bring(run.workspace, bus.connection, number)
        run.warn(map(str, done.problems))
        document |= {"commit": done.commit or None, "pushed": done.pushed}
        text += f"; {exchange.sentence(done, push=push)}"
    run.emit(document, text)


if __name__ == "__main__":
    cli.main(main)
