#!/usr/bin/env python3
"""Give a task to an engineer: assignment, message, event and claim at once, or nothing."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from datetime import timedelta

from tools.core import hint
from tools.core.backlog import task_ids
from tools.core.bus import assignments, claims
from tools.core.bus.assignment_rules import ACTIVE, AssignmentRequest, require_manager
from tools.core.cli import app as cli
from tools.core.errors import UsageError


@cli.command(doc=__doc__, writes=True)
@cli.option("--task", required=True, type=cli.TASK, help="The task.")
@cli.option("--engineer", required=True, type=cli.AGENT, help="Who is to do it.")
@cli.option("--plan", type=cli.PLAN, help="The plan it follows.")
@cli.option("--branch", type=cli.LINE, default="", help="The branch of the work (default: agent/<engineer>/<task>).")
@cli.option("--note", default="", help="What the engineer should know.")
@cli.option(
    "--manager", type=cli.AGENT, help="The manager who assigns (default: the seat; another needs a manager seat)."
)
@cli.option("--no-auto-claim", is_flag=True, help="Only reserve it; make no claim yet.")
@cli.option("--scaffold", "with_scaffold", is_flag=True, help="Lay out the engineer's evidence folder.")
@cli.option("--reassign", is_flag=True, help="Take it from its holder or engineer (needs --reason, recorded).")
@cli.option("--reason", type=cli.LINE, default="", help="Why it is taken from its holder or engineer.")
@cli.confirm
@cli.patience
def main(
    run: cli.Run,
    *,
    task: str,
    engineer: str,
    plan: str | None,
    branch: str,
    note: str,
    manager: str | None,
    no_auto_claim: bool,
    with_scaffold: bool,
    reassign: bool,
    reason: str,
    confirm: bool,
    patience: timedelta,
) -> None:
    if reason and not reassign:
        raise UsageError("--reason goes with --reassign", code="usage")
    seat = run.seat
    require_manager(seat, manager or seat.agent_id)
    item = task_ids.checked(
        run, task, lambda meant: hint.tool("agent.task_assign", "--task", meant, "--engineer", engineer)
    )
    if item is not None and (waits := task_ids.waits_for(run, item)):
        run.warn([f"{task} waits for {', '.join(waits)}"])
    request = AssignmentRequest(
        task,
        engineer,
        manager or seat.agent_id,
        plan=plan or "",
        branch=branch,
        note=note,
        claim="" if no_auto_claim else ACTIVE,
        reassign=reassign,
        reason=reason,
        with_scaffold=with_scaffold,
    )
    result = run.done(lambda: assignments.assign(run, request), lambda _: task, patience if confirm else None)
    if plan and claims.plan_is_missing(run.workspace, plan):
        run.warn([f"plan {plan} has no file in this checkout"])
    held = f"{result.claim.agent_id} holds it ({result.claim.state})" if result.claim else "not claimed yet"
    lines = [f"{task} is {engineer}'s; {held}" + ("" if result.written else "; nothing to change")]
    lines += [f"scaffold: {place.name}" for place in result.scaffolded]
    run.emit(result.as_document(), "\n".join(lines))


if __name__ == "__main__":
    cli.main(main)
