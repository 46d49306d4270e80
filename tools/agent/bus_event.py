#!/usr/bin/env python3
"""Log what happened: one event at the end of the bus's log."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.bus import posts
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.models.bus import EVENTS, SEVERITIES
from tools.core.text import terminal

main = cli.group(__doc__)


@cli.command(main, "log", writes=True)
@cli.option("--event", required=True, type=cli.EVENT, help="status, proposal, complete, pr_opened, audit, note, …")
@cli.option("--summary", help="One line (default: a sentence made of the rest).")
@cli.option("--task", type=cli.TASK, help="The task it is about.")
@cli.option("--plan", type=cli.PLAN, help="The plan it is about.")
@cli.option("--branch", type=cli.LINE, default="", help="The branch it is about.")
@cli.option("--pr", type=cli.LINE, default="", help="The pull request's number.")
@cli.repeated("--receipt", help="A path of evidence.")
@cli.option("--severity", type=cli.Choice(SEVERITIES), help="How serious it is.")
@cli.repeated("--extra", help="Free data, key=value.")
@cli.option("--consensus-decision", type=cli.DECISION, help="A decision this belongs to; its receipt is written first.")
@cli.repeated("--consensus-meta", help="Free data of the decision's receipt, key=value.")
@cli.option("--consensus-output", help="Where the decision's receipt goes (a bare name: _report/consensus/).")
def log(
    run: cli.Run,
    *,
    event: str,
    summary: str | None,
    task: str | None,
    plan: str | None,
    branch: str,
    pr: str,
    receipt: tuple[str, ...],
    severity: str | None,
    extra: tuple[str, ...],
    consensus_decision: str | None,
    consensus_meta: tuple[str, ...],
    consensus_output: str | None,
) -> None:
    """Append one event."""
    if not consensus_decision and (consensus_meta or consensus_output):
        raise UsageError("--consensus-meta and --consensus-output need --consensus-decision", code="usage")
    draft = posts.EventDraft(
        event,
        _sentence(run.seat.agent_id, event, task, consensus_decision) if summary is None else summary,
        task_id=task or "",
        plan_id=plan or "",
        branch=branch,
        pr=pr,
        severity=severity or "",
        receipts=receipt,
        meta=cli.key_values(extra),
    )
    where = ""
    if consensus_decision:
        from tools.core.consensus import receipts as consensus  # only this option needs it
        from tools.core.models.evidence import CONSENSUS_FIELDS

        meta = cli.key_values(consensus_meta, CONSENSUS_FIELDS)
        draft = consensus.cite(run, draft, consensus_decision, meta, consensus_output)
        where = f" (receipt {draft.receipts[-1]})"
    posted = posts.post(run, draft)
    record = posted.records[0]
    run.emit(
        record, f"{record['id']} {event}: {terminal.short(draft.summary, 120)} -> {run.store.where(EVENTS)}{where}"
    )


def _sentence(agent: str, event: str, task: str | None, decision: str | None) -> str:
    parts = [agent, event]
    if task:
        parts.append(f"on {task}")
    if decision:
        parts.append(f"for decision {decision}")
    return " ".join(parts)


if __name__ == "__main__":
    cli.main(main)
