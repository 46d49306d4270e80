"""Decisions: the receipts that carry them from proposal to closing."""

from __future__ import annotations

from tools.core.context import Context
from tools.core.fs import jsonl
from tools.core.models.evidence import ConsensusReceipt as Receipt
from tools.core.models.record import to_mapping
from tools.core.receipts import write as receipts
from tools.core.workspace import REPORT, Place, Workspace


def folder(workspace: Workspace) -> Place:
    """Where decisions' receipts are kept."""
    return workspace.in_root(f"{REPORT}/consensus")


def write_receipt(context: Context, receipt: Receipt, *, output: str | None = None) -> Place:
    """Writes a decision's receipt and says where; an existing `output` gets one more line."""
    line = jsonl.encode(to_mapping(receipt))
    if output is None:
        return receipts.write_stamped(
            folder(context.workspace), receipt.decision_id, ".jsonl", line + b"\n", context.now
        )
    place = receipts.output_place(context.workspace, output, folder(context.workspace))
    receipts.append(context.workspace, place, to_mapping(receipt))
    return place
