#!/usr/bin/env python3
"""Find and take work from the backlog: what is ready, best first."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint
from tools.core.backlog import pickup, task_ids
from tools.core.bus import assignments
from tools.core.cli import app as cli
from tools.core.clock import timedelta

main = cli.group(__doc__)
_WHY = hint.tool("agent.idle_pickup", "list", "--all")
_allow_busy = cli.option("--allow-busy", is_flag=True, help="Take it although you are at work on another (recorded).")


@cli.command(main, "list")
@cli.option("--agent", type=cli.AGENT, help="Show also what is assigned to this agent.")
@cli.option("--all", "everything", is_flag=True, help="Every task of the backlog with its state.")
@cli.option("--limit", type=cli.COUNT, default=pickup.SHOWN, show_default=True, help="The number of tasks.")
def list_tasks(run: cli.Run, *, agent: str | None, everything: bool, limit: int) -> None:
    """Show what is assigned to you and what is ready, best first."""
    backlog = pickup.read(run)
    run.warn(run.losses())
    run.skipped(backlog.problems)
    agent = agent or (run.reader.agent_id if run.reader else "")
    rows = backlog.tasks if everything else [*backlog.own(agent), *backlog.ready]
    document = {
        "tasks": [pickup.document(task, backlog) for task in rows[:limit]],
        "ready": len(backlog.ready),
        "more": max(0, len(rows) - limit),
    }
    if not rows:
        run.advise(_WHY)
    more = hint.tool("agent.idle_pickup", "list", *(("--all",) if everything else ()), "--limit", str(len(rows)))
    run.emit(document, pickup.table(rows[:limit], backlog) + run.cut(len(rows) - limit, more))


@cli.command(main, "claim", writes=True)
@cli.option("--task", required=True, type=cli.TASK, help="The task.")
@_allow_busy
def claim(run: cli.Run, *, task: str, allow_busy: bool) -> None:
    """Take one task of the backlog."""
    _report(run, pickup.take(run, task, allow_busy=allow_busy))


@cli.command(main, "next", writes=True)
@_allow_busy
@cli.confirm
@cli.patience
def take_next(run: cli.Run, *, allow_busy: bool, confirm: bool, patience: timedelta) -> None:
    """Take the best ready task; two who ask at once get different ones."""
    picked = pickup.Picking(run, allow_busy=allow_busy)
    taken = run.done(picked.take, pickup.task_of, patience if confirm else None)
    run.skipped(picked.problems)
    if taken is None:
        from tools.core.backlog import elsewhere  # it asks git

        if more := elsewhere.missing(run.workspace):
            run.note(more)
        run.advise(_WHY)
        run.emit({"claim": None, "changed": False}, "nothing is ready")
        run.finish(1)
    _report(run, taken)


def _report(run: cli.Run, result: assignments.AssignmentResult) -> None:
    claim = result.claim
    assert claim is not None
    plan = f", plan {claim.plan_id}" if claim.plan_id else ""
    item = task_ids.find(run.workspace, claim.task_id)
    text = f"{claim.agent_id} holds {claim.task_id} ({claim.state}, branch {claim.branch}{plan})"
    lines = [text + ("" if result.written else "; nothing to change"), *task_ids.lines_of(item)]
    run.emit({**result.as_document(), "item": item._asdict() if item else None}, "\n".join(lines))


if __name__ == "__main__":
    cli.main(main)
