#!/usr/bin/env python3
"""Move the bus to a PostgreSQL server, or back to files, byte for byte."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.hint import Note
from tools.core.relocation import survey, to_files, to_server
from tools.core.store import signpost
from tools.core.sync import exchange


@cli.command(doc=__doc__, writes=True)
@cli.option("--to", "target", type=cli.LINE, required=True, help="postgresql://host/database, or files.")
@cli.option("--bus", type=cli.LABEL, help="The bus's name in the database (default: bus).")
@cli.option("--dry-run", is_flag=True, help="Only say what would be moved.")
def main(run: cli.Run, *, target: str, bus: str | None, dry_run: bool) -> None:
    survey.require_manager(run)
    if target == signpost.FILES:
        if dry_run:
            totals = run.history.totals()
            run.emit({"to": target, **totals._asdict()}, f"would move {sum(totals)} records back to files")
            return
        moved = to_files.move(run)
        run.emit({"to": target}, "the bus is in files again; the server keeps what it has, sealed")
    else:
        address = signpost.parse_address(target, bus or "")
        signpost.refuse_secret(address)
        moving = survey.of_files(run)
        counted = (
            f"{moving.lines} lines of {moving.streams} logs ({moving.bytes} bytes) and {moving.documents} documents"
        )
        document = {"to": address.shown, "bus": address.bus, **moving._asdict()}
        if dry_run:
            run.emit({**document, "problems": [str(one) for one in run.history.problems()]}, f"would move {counted}")
            run.skipped(run.history.problems())
            return
        moved = to_server.move(run, address)
        run.emit(document, f"moved {counted} to postgresql://{address.shown}, bus {address.bus}")
    _publish(run, moved)


def _publish(run: cli.Run, moved: Context) -> None:
    """Commits the signpost on the bus's branch and pushes it, so that other clones find the bus."""
    try:
        exchange.exchange(moved, run.seat.agent_id, push=True, is_export=True)
    except ToolkitError as error:
        run.warn([Note(f"other clones do not know of it yet: {error.message}", hint.tool("agent.bus_sync", "--push"))])


if __name__ == "__main__":
    cli.main(main)
