#!/usr/bin/env python3
"""Put assignment and claim in place for an agent before it starts."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from datetime import datetime

from tools.core import clock, hint
from tools.core.backlog import task_ids
from tools.core.bus import assignments, claims
from tools.core.bus.assignment_rules import AssignmentRequest
from tools.core.cli import app as cli
from tools.core.errors import UsageError


@cli.command(doc=__doc__)
@cli.option("--task", required=True, type=cli.TASK, help="The task.")
@cli.option("--agent", required=True, type=cli.AGENT, help="Who will hold it; the acting seat is the manifest's.")
@cli.option("--plan", type=cli.PLAN, help="The plan it follows.")
@cli.option("--branch", type=cli.LINE, default="", help="The branch of the work (default: agent/<agent>/<task>).")
@cli.option("--notes", default="", help="A note on the claim.")
@cli.option(
    "--status", type=cli.Choice(["paused", "active"]), default="paused", show_default=True, help="How it is held."
)
@cli.option("--claimed-at", type=cli.STAMP, help="Since when it is held; not in the future.")
@cli.option("--scaffold", "with_scaffold", is_flag=True, help="Lay out the agent's evidence folder.")
def main(
    run: cli.Run,
    *,
    task: str,
    agent: str,
    plan: str | None,
    branch: str,
    notes: str,
    status: str,
    claimed_at: datetime | None,
    with_scaffold: bool,
) -> None:
    if claimed_at is not None and claimed_at > run.now:
        raise UsageError(f"--claimed-at {clock.to_text(claimed_at)} is in the future", code="seed.future")
    seat = run.seat
    assignments.require_seeder(run, agent)
    item = task_ids.checked(run, task, lambda meant: hint.tool("agent.claim_seed", "--task", meant, "--agent", agent))
    if item is not None and (waits := task_ids.waits_for(run, item)):
        run.warn([f"{task} waits for {', '.join(waits)}"])
    request = AssignmentRequest(
        task,
        agent,
        seat.agent_id,
        plan=plan or "",
        branch=branch,
        note=notes,
        claim=status,
        claimed_at=clock.to_text(claimed_at) if claimed_at else "",
        with_scaffold=with_scaffold,
    )
    result = assignments.assign(run, request)
    if plan and claims.plan_is_missing(run.workspace, plan):
        run.warn([f"plan {plan} has no file in this checkout"])
    claim = result.claim
    state = f"{claim.state}, since {claim.claimed_at}, branch {claim.branch}" if claim else "not claimed"
    lines = [f"{task} is seeded for {agent} ({state})" + ("" if result.written else "; nothing to change")]
    lines += [f"scaffold: {place.name}" for place in result.scaffolded]
    run.emit(result.as_document(), "\n".join(lines))


if __name__ == "__main__":
    cli.main(main)
