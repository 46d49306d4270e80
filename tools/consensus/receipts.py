#!/usr/bin/env python3
"""Write one receipt of a decision under _report/consensus/; with --close also its row of the ledger."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import clock
from tools.core.bus import posts
from tools.core.cli import app as cli
from tools.core.consensus import ledger
from tools.core.consensus.receipts import write_receipt
from tools.core.errors import UsageError
from tools.core.models.evidence import CONSENSUS_FIELDS, ConsensusReceipt
from tools.core.models.record import to_mapping
from tools.core.receipts import write


@cli.command(doc=__doc__, writes=True)
@cli.option("--decision", required=True, type=cli.DECISION, help="The decision, such as WEEKLY-2026-W02.")
@cli.option("--summary", help="One line (default: made from the other options).")
@cli.option("--event", type=cli.EVENT, help="consensus or complete close the decision (default: status).")
@cli.option("--close", is_flag=True, help="Decide it: the event is consensus, and the ledger gets a row.")
@cli.option("--outcome", type=cli.LINE, help="What was decided, for the ledger; needs --close.")
@cli.option("--no-event", is_flag=True, help="Log no note that cites the receipt on the bus.")
@cli.repeated("--receipt", help="A path of evidence.")
@cli.repeated("--meta", help="Free data, key=value.")
@cli.option("--output", help="Append to this file (a bare name: _report/consensus/).")
def main(
    run: cli.Run,
    *,
    decision: str,
    summary: str | None,
    event: str | None,
    close: bool,
    outcome: str | None,
    no_event: bool,
    receipt: tuple[str, ...],
    meta: tuple[str, ...],
    output: str | None,
) -> None:
    seat = run.seat
    if close != (outcome is not None):
        raise UsageError("--close and --outcome belong together", code="usage")
    event = event or ("consensus" if close else "status")
    if close:
        ledger.require_open(run.workspace, decision)
    text = summary if summary is not None else f"{seat.agent_id} {event} for decision {decision}"
    paths, _ = write.citations_of(run.workspace, receipt)
    record = ConsensusReceipt(
        decision_id=decision,
        summary=posts.summary_of(text),
        agent_id=seat.agent_id,
        event=event,
        ts=clock.to_text(run.now),
        receipts=paths,
        meta={**cli.key_values(meta, CONSENSUS_FIELDS), **({"outcome": outcome} if outcome else {})},
    )
    place = write_receipt(run, record, output=output)
    posts.warn_of_absent(run, receipt)
    if outcome is not None:
        row = ledger.Closing(decision, seat.agent_id, record.ts, outcome, place.name)
        if homeless := ledger.close(run.workspace, row):
            run.note(f"the ledger has no column for the {', the '.join(homeless)}; the receipt has it")
    if not no_event:
        posts.post(
            run, posts.EventDraft("note", record.summary, receipts=(place.name,), meta={"decision_id": decision})
        )
    run.emit({**to_mapping(record), "path": place.name}, f"{decision}: {event} -> {place.name}")


if __name__ == "__main__":
    cli.main(main)
