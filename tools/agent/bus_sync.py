#!/usr/bin/env python3
"""Exchange the bus with the remote, record by record; work files stay untouched."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from datetime import timedelta

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.errors import SetupError, UsageError
from tools.core.hint import Note
from tools.core.sync import exchange, memory
from tools.core.workspace import BUS


@cli.command(doc=__doc__, writes=True)
@cli.option("--push", is_flag=True, help="Also push; one that lost against another clone's is repeated.")
@cli.option("--remote", type=cli.LINE, help="The remote (default: the branch's, else origin).")
@cli.option(
    "--patience", type=cli.DURATION, default="120s", show_default=True, help="How long a lost push is repeated."
)
@cli.option(
    "--accept-rewrite", is_flag=True, help="Follow a remote whose history was rewritten (needs --reason, recorded)."
)
@cli.option("--reason", type=cli.LINE, default="", help="Why the rewritten history is followed.")
@cli.option("--quiet", is_flag=True, help="Say nothing when all went well.")
def main(
    run: cli.Run, *, push: bool, remote: str | None, patience: timedelta, accept_rewrite: bool, reason: str, quiet: bool
) -> None:
    if accept_rewrite and not reason:
        raise UsageError("--accept-rewrite needs --reason", code="usage")
    done = exchange.exchange(
        run, run.seat.agent_id, push=push, remote=remote, patience=patience, accepts_rewrite=accept_rewrite
    )
    if accept_rewrite and done.rewritten:
        exchange.record_rewrite(run, done, reason)
    run.warn(map(str, done.problems))
    if reason_to_move := memory.outgrown(run.workspace, memory.load(run.workspace), int(run.now.timestamp())):
        run.note(Note(f"{reason_to_move}: a server would serve this bus better", hint.tool("maintenance.bus_server")))
    if done.carrier is None and push:
        raise SetupError(
            f"no branch carries the bus here: {BUS}/ is a plain folder",
            code="bus.plain",
            hint=hint.init("--bus", "branch"),
        )
    if done.conflicts:
        raise exchange.lost_error(done.conflicts)
    document = {
        "branch": done.carrier.branch if done.carrier else None,
        "remote": done.remote or None,
        "commit": done.commit or None,
        "committed": done.committed,
        "received": done.received,
        "pushed": done.pushed,
    }
    run.emit(document, "" if quiet else exchange.sentence(done, push=push))


if __name__ == "__main__":
    cli.main(main)
