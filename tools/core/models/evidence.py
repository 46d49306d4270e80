"""The one definition of each record of evidence, below `_report/` and in `memory/`."""

from __future__ import annotations

from tools.core import ids
from tools.core.models.record import (
    STAMP_PATTERN,
    SUMMARY_PATTERN,
    Record,
    field,
    fields_of,
    listed,
    record,
    text_rule,
)
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA256 = r"^[0-9a-f]{64}$"
_OBJECT = r"^[0-9a-f]{40,64}$"


@record
class Warning(Record):
    """An override that was used, in `_report/agent/<agent>/session_guard/warnings.jsonl`."""

    ts: str = text_rule(pattern=STAMP_PATTERN)
    agent_id: str = text_rule(pattern=ids.NAME_PATTERN)
    code: str = text_rule(pattern=ids.WORD_PATTERN)
    message: str = text_rule(min_length=1)
    reason: str = text_rule(optional=True, min_length=1)
    manifest_agent: str = text_rule(optional=True, min_length=1)
    branch: str = text_rule(optional=True, min_length=1)


@record
class Refusal(Record):
    """An event that the claim guard refused, in `_report/agent/<agent>/errors.jsonl`."""

    ts: str = text_rule(pattern=STAMP_PATTERN)
    agent_id: str = text_rule(pattern=ids.NAME_PATTERN)
    event: str = text_rule(pattern=ids.WORD_PATTERN)
    reason: str = text_rule(min_length=1)
    task_id: str = text_rule(optional=True, min_length=1)
    claim_owner: str = text_rule(optional=True, min_length=1)
    claim_status: str = text_rule(optional=True, min_length=1)


@record
class RunReceipt(Record):
    """A command that was run: what, how it ended, on which commit, and the hash of its output."""

    command: tuple[str, ...] = field(metadata={"min_length": 1})
    exit_status: int = field()
    started_at: str = text_rule(pattern=STAMP_PATTERN)
    duration_seconds: float = field(metadata={"ge": 0})
    output_sha256: str = text_rule(pattern=_SHA256)
    output_bytes: int = field(metadata={"ge": 0})
    dirty: bool = field()
    agent_id: str = text_rule(pattern=ids.NAME_PATTERN, max_length=ids.AGENT_LENGTH)
    commit: str = text_rule(optional=True, pattern=_OBJECT)
    tree_sha: str = text_rule(optional=True, pattern=_OBJECT)
    plan_id: str = text_rule(optional=True, pattern=ids.PLAN_PATTERN)
    step: str = text_rule(optional=True, min_length=1)
    task_id: str = text_rule(optional=True, pattern=ids.NAME_PATTERN)


@record
class MemoryEntry(Record):
    """One entry of the memory log."""

    ts: str = text_rule(pattern=STAMP_PATTERN)
    run_id: str = text_rule(min_length=1)
    summary: str = text_rule(pattern=SUMMARY_PATTERN)
    hash_prev: str | None = text_rule(pattern=_SHA256)
    hash_self: str = text_rule(pattern=_SHA256)
    actor: str = text_rule(optional=True, min_length=1)
    ref: str = text_rule(optional=True, min_length=1)
    task: str = text_rule(optional=True, min_length=1)
    artifacts: tuple[str, ...] = listed()
    receipts: tuple[str, ...] = listed()
    signatures: tuple[str, ...] = listed()


MEMORY_FIELDS = frozenset(fields_of(MemoryEntry))


@record
class ConsensusReceipt(Record):
    """One line of evidence about a decision, in `_report/consensus/<decision>-<stamp>.jsonl`."""

    decision_id: str = text_rule(pattern=ids.NAME_PATTERN, max_length=ids.NAME_LENGTH)
    summary: str = text_rule(min_length=1)
    agent_id: str = text_rule(pattern=ids.NAME_PATTERN, max_length=ids.AGENT_LENGTH)
    event: str = text_rule(pattern=ids.WORD_PATTERN)
    ts: str = text_rule(pattern=STAMP_PATTERN)
    receipts: tuple[str, ...] = listed()
    meta: Mapping[str, str] = field(default_factory=dict, metadata={"min_length": 1})


CONSENSUS_FIELDS = frozenset(fields_of(ConsensusReceipt))
"""Names that free data of a decision's receipt must not use."""
