#!/usr/bin/env python3
"""Log what happened: one event at the end of the bus's log."""

from __future__ import annotations

from typing import Any

if not __package__:  # started by its path: the checkout belongs on the module path, not this folder
    import sys
    from os.path import abspath, dirname

    sys.path[0] = dirname(dirname(dirname(abspath(__file__))))

from tools.core import clock
from tools.core.bus import operations as bus
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.models.bus import SEVERITIES
from tools.core.receipts import write as receipts
from tools.core.text import render

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
    bus.guarded(
        run,
        event,
        task,
    )
    if consensus_decision:
        pairs["decision_id"] = consensus_decision
        said = {"decision_id": consensus_decision, "event": event, "summary": text, "receipts": paths}
        paths += (_decision_receipt(run, said, consensus_meta, consensus_output),)
    about = {"task_id": task, "plan_id": plan or "", "branch": branch, "pr": pr, "severity": severity or ""}
    record = bus.new_event(run, event=event, summary=text, receipts=paths, meta=pairs, **about)
    written = bus.log(
        run,
        record,
        [],
    )
    run.warn(f"receipt {path} is not there yet" for path in missing)
    where = f" (receipt {paths[-1]})" if consensus_decision else ""
    run.emit(written[0], f"{record.id} {event}: {render.short(text, 120)} -> _bus/events/events.jsonl{where}")


def _decision_receipt(run: cli.Run, said: dict[str, Any], pairs: tuple[str, ...], output: str | None) -> str:
    """Writes the receipt of a decision, which the event then cites, and says where."""
    from tools.core.consensus import receipts as consensus  # only this option needs it
    from tools.core.models.evidence import CONSENSUS_FIELDS, ConsensusReceipt

    meta = cli.key_values(pairs, CONSENSUS_FIELDS)
    receipt = ConsensusReceipt(agent_id=run.seat.agent_id, ts=clock.to_text(run.now), meta=meta, **said)
    return consensus.write_receipt(run, receipt, output=output).name


def _sentence(agent: str, event: str, task: str, decision: str | None) -> str:
    parts = [agent, event]
    if task:
        parts.append(f"on {task}")
    if decision:
        parts.append(f"for decision {decision}")
    return " ".join(parts)


if __name__ == "__main__":
    cli.main(main)
