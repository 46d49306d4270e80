#!/usr/bin/env python3
"""Find and take work from the backlog: what is ready, best first."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint
from tools.core.backlog import pickup, states
from tools.core.bus import assignments
from tools.core.cli import app as cli
from tools.core.clock import timedelta
from tools.core.plain import TYPE_CHECKING
from tools.core.text import terminal

if TYPE_CHECKING:
    from typing import Any

main = cli.group(__doc__)
_WHY = hint.tool("agent.idle_pickup", "list", "--all")
_allow_busy = cli.option("--allow-busy", is_flag=True, help="Take it although you are at work on another (recorded).")


@cli.command(main, "list")
@cli.option("--agent", type=cli.AGENT, help="Show also what is assigned to this agent.")
@cli.option("--all", "everything", is_flag=True, help="Every task of the backlog with its state.")
def list_tasks(run: cli.Run, agent: str | None, everything: bool) -> None:
    """Show what is ready, best first."""
    backlog = pickup.read(run)
    run.skipped(backlog.problems)
    assigned = [task for task in backlog.tasks if agent and task.state == states.ASSIGNED and task.engineer == agent]
    shown = backlog.tasks if everything else [*assigned, *backlog.ready]
    document = {"tasks": [_document(task, backlog) for task in shown], "ready": len(backlog.ready)}
    if not shown:
        run.advise(_WHY)
    run.emit(document, _table(shown, backlog))


def _document(task: states.Task, backlog: pickup.Backlog) -> dict[str, Any]:
    item = task.item
    return {
        "task_id": item.task_id,
        "state": task.state,
        "priority": item.priority,
        "title": item.title,
        "goal": item.goal,
        "path": item.path,
        "plan_id": backlog.plans.get(item.path),
        "depends": list(item.depends),
        "waits_for": list(task.waits_for),
        "engineer": task.engineer or None,
    }


def _table(shown: list[states.Task], backlog: pickup.Backlog) -> str:
    if not shown:
        return "nothing is ready"
    rows = []
    for task in shown:
        item = task.item
        what = terminal.short(f"{item.title}: {item.goal}" if item.goal else item.title, 80)
        state = f"{task.state} ({task.engineer})" if task.engineer else task.state
        depends = ", ".join(f"{name}{'' if name in task.waits_for else ' (done)'}" for name in item.depends)
        rows.append((item.task_id, state, item.priority, backlog.plans.get(item.path, "-"), depends or "-", what))
    return terminal.table(("task", "state", "priority", "plan", "depends", "what"), rows)


@cli.command(main, "claim", writes=True)
@cli.option("--task", required=True, type=cli.TASK, help="The task.")
@_allow_busy
def claim(run: cli.Run, task: str, allow_busy: bool) -> None:
    """Take one task of the backlog."""
    if allow_busy:
        pickup.record_busy(run)
    _report(run, pickup.take(run, task, allow_busy=allow_busy))


@cli.command(main, "next", writes=True)
@_allow_busy
@cli.confirm
@cli.patience
def take_next(run: cli.Run, allow_busy: bool, confirm: bool, patience: timedelta) -> None:
    """Take the best ready task; two who ask at once get different ones."""
    if allow_busy:
        pickup.record_busy(run)
    picked = pickup.Picking(run, allow_busy=allow_busy)
    taken = run.done(picked.take, pickup.task_of, patience if confirm else None)
    run.skipped(picked.problems)
    if taken is None:
        run.advise(_WHY)
        run.emit({"claim": None, "changed": False}, "nothing is ready")
        run.finish(1)
    _report(run, taken)


def _report(run: cli.Run, result: assignments.AssignmentResult) -> None:
    claim = result.claim
    assert claim is not None
    plan = f", plan {claim.plan_id}" if claim.plan_id else ""
    text = f"{claim.agent_id} holds {claim.task_id} ({claim.state}, branch {claim.branch}{plan})"
    run.emit(result.as_document(), text + ("" if result.written else "; nothing to change"))


if __name__ == "__main__":
    cli.main(main)
