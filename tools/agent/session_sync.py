#!/usr/bin/env python3
"""Bring the code forward: fetch and fast-forward, nobody's work touched."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.errors import GuardError
from tools.core.session import dirty_tree as dirt
from tools.core.sync import exchange
from tools.core.sync import fast_forward as synchronise


@cli.command(doc=__doc__, writes=True)
@cli.option("--allow-dirty", is_flag=True, help="Sync although the tree has work in progress.")
@cli.option("--quiet", is_flag=True, help="Say nothing when all went well.")
def main(run: cli.Run, *, allow_dirty: bool, quiet: bool) -> None:
    agent = run.seat.agent_id if run.named_agent or run.reader else None
    synchronise.require_git(run.workspace)
    lines = dirt.status(run.workspace)
    if lines and not allow_dirty:
        raise GuardError(
            f"the tree has work in progress: {lines[0]}" + (f" and {len(lines) - 1} more" if lines[1:] else ""),
            code="session.dirty",
            hint=hint.again("--allow-dirty"),
            details={"paths": lines[:20]},
        )
    done = synchronise.synchronise(run, agent)
    run.warn(done.notes)
    if done.conflicts:
        raise exchange.lost_error(done.conflicts)
    run.emit({"state": done.state, "sentence": done.sentence, "commits": done.commits}, "" if quiet else done.sentence)


if __name__ == "__main__":
    cli.main(main)
