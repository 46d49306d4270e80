#!/usr/bin/env python3
"""Log what happened: one event at the end of the bus's log."""

from __future__ import annotations

if not __package__:  # started by its path: the checkout belongs on the module path, not this folder
    import sys
    from os.path import abspath, dirname

    sys.path[0] = dirname(dirname(dirname(abspath(__file__))))

from tools.core import bus, cli, clock, ids, receipts, render
from tools.core.errors import UsageError
from tools.core.records import SEVERITIES, Event

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
    seat, task = run.seat, task or ""
    if not consensus_decision and (consensus_meta or consensus_output):
        raise UsageError("--consensus-meta and --consensus-output need --consensus-decision", code="usage")
    text = bus.summary_of(summary if summary is not None else _sentence(seat.agent_id, event, task, consensus_decision))
    pairs = cli.key_values(extra)
    paths, missing = receipts.cited_all(run.workspace, receipt)
    bus.guarded(run.workspace, run.store, seat, event, task, run.now)
    if consensus_decision:
        from tools.core import consensus  # only this option needs it

        pairs["decision_id"] = consensus_decision
        decision = consensus.Receipt(
            decision_id=consensus_decision,
            summary=text,
            agent_id=seat.agent_id,
            event=event,
            ts=clock.to_text(run.now),
            receipts=paths,
            meta=cli.key_values(consensus_meta, consensus.OWN_FIELDS),
        )
        paths += (consensus.write_receipt(run.workspace, decision, run.now, output=consensus_output).name,)
    record = Event(
        id=ids.new_record_id(),
        ts=clock.to_text(run.now),
        agent_id=seat.agent_id,
        event=event,
        summary=text,
        task_id=task,
        plan_id=plan or "",
        branch=branch,
        pr=pr,
        receipts=paths,
        severity=severity or "",
        meta=pairs,
    )
    written = bus.log(run.workspace, run.store, seat, record, [], run.now)
    run.warn(f"receipt {path} is not there yet" for path in missing)
    where = f" (receipt {paths[-1]})" if consensus_decision else ""
    run.emit(written[0], f"{record.id} {event}: {render.short(text, 120)} -> _bus/events/events.jsonl{where}")


def _sentence(agent: str, event: str, task: str, decision: str | None) -> str:
    parts = [agent, event]
    if task:
        parts.append(f"on {task}")
    if decision:
        parts.append(f"for decision {decision}")
    return " ".join(parts)


if __name__ == "__main__":
    cli.main(main)
