"""Decisions: the receipts that carry them from proposal to closing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from tools.core import ids
from tools.core.fs import jsonl
from tools.core.models.records import STAMP_PATTERN, Record, fields_of, record, text_rule, to_mapping
from tools.core.receipts import write as receipts
from tools.core.workspace import REPORT, Place, Workspace


@record
class Receipt(Record):
    """One line of evidence about a decision, in `_report/consensus/<decision>-<stamp>.jsonl`."""

    decision_id: str = text_rule(pattern=ids.NAME_PATTERN, max_length=ids.NAME_LENGTH)
    summary: str = text_rule(min_length=1)
    agent_id: str = text_rule(pattern=ids.NAME_PATTERN, max_length=ids.AGENT_LENGTH)
    event: str = text_rule(pattern=ids.WORD_PATTERN)
    ts: str = text_rule(pattern=STAMP_PATTERN)
    receipts: tuple[str, ...] = receipts.paths_rule()
    meta: Mapping[str, str] = field(default_factory=dict, metadata={"min_length": 1})


OWN_FIELDS = frozenset(fields_of(Receipt))
"""Names that free data of a decision's receipt must not use."""


def folder(workspace: Workspace) -> Place:
    """Where decisions' receipts are kept."""
    return workspace.in_root(f"{REPORT}/consensus")


def write_receipt(workspace: Workspace, receipt: Receipt, now: datetime, *, output: str | None = None) -> Place:
    """Writes a decision's receipt and says where; an existing `output` gets one more line."""
    line = jsonl.encode(to_mapping(receipt))
    if output is None:
        return receipts.write_stamped(folder(workspace), receipt.decision_id, ".jsonl", line + b"\n", now)
    place = receipts.output_place(workspace, output, folder(workspace))
    receipts.append(workspace, place, to_mapping(receipt))
    return place
