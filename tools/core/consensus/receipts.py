"""The receipts of decisions, from proposal to closing."""

from __future__ import annotations

from collections.abc import Mapping

from tools.core import clock
from tools.core.bus import posts
from tools.core.context import Context
from tools.core.models.evidence import CONSENSUS_FIELDS, ConsensusReceipt
from tools.core.models.record import to_mapping
from tools.core.receipts import outputs, write
from tools.core.workspace import REPORT, Place, Workspace


def decision_folder(workspace: Workspace) -> Place:
    """The folder of the receipts of decisions."""
    return workspace.in_root(f"{REPORT}/consensus")


def write_receipt(context: Context, receipt: ConsensusReceipt, *, output: str | None = None) -> Place:
    """Writes the receipt of a decision and returns its place; an existing `output` gets one more line."""
    if output is None:
        records = [to_mapping(receipt)]
        return write.write_stamped(
            decision_folder(context.workspace), receipt.decision_id, ".jsonl", records, context.now
        )
    place = outputs.output_place(context.workspace, output, decision_folder(context.workspace))
    outputs.require_lines_of(place, CONSENSUS_FIELDS)
    write.append_entry(context.workspace, place, to_mapping(receipt))
    return place


def cite(
    context: Context, draft: posts.EventDraft, decision_id: str, meta: Mapping[str, str], output: str | None
) -> posts.EventDraft:
    """Writes the receipt of a decision, and returns the event that cites it; the event's guard comes first."""
    posts.guarded(context, draft.event, draft.task_id)
    receipt = ConsensusReceipt(
        decision_id=decision_id,
        summary=posts.summary_of(draft.summary),
        agent_id=context.seat.agent_id,
        event=draft.event,
        ts=clock.to_text(context.now),
        receipts=write.citations_of(context.workspace, draft.receipts)[0],
        meta=meta,
    )
    place = write_receipt(context, receipt, output=output)
    return draft._replace(receipts=(*draft.receipts, place.name), meta={**draft.meta, "decision_id": decision_id})
