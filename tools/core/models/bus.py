"""The one definition of each record of the bus, and the names of its streams and documents.

What old and foreign files hold is read into these classes by `lenient`.
"""

from __future__ import annotations

from tools.core.models.claim_state import CLAIM_STATUSES as CLAIM_STATUSES
from tools.core.models.claim_state import LIVE, state_of
from tools.core.models.record import (
    AGENT,
    GRANT,
    HASH,
    PLAN,
    RECORD_ID,
    STAMP,
    SUMMARY,
    TASK,
    WORD,
    Record,
    field,
    fields_of,
    listed,
    one_of,
    optional_text,
    record,
    text_rule,
)
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

EVENTS = "events"
MESSAGES = "messages"
CLAIMS = "claims"
ASSIGNMENTS = "assignments"
MANAGER_ROLE = "manager"


def stream_of(task: str) -> str:
    """The stream that is a task's thread."""
    return f"{MESSAGES}/{task}"


SEVERITIES = ("low", "medium", "high")


@record
class Event(Record):
    """Something that happened, in `_bus/events/events.jsonl`."""

    id: str = text_rule(**RECORD_ID)
    ts: str = text_rule(**STAMP)
    agent_id: str = text_rule(**AGENT)
    event: str = text_rule(**WORD)
    summary: str = text_rule(**SUMMARY)
    prev: str = optional_text(**HASH)
    task_id: str = optional_text(**TASK)
    plan_id: str = optional_text(**PLAN)
    branch: str = optional_text()
    pr: str = optional_text()
    receipts: tuple[str, ...] = listed()
    severity: str = optional_text(pattern=one_of(SEVERITIES))
    meta: Mapping[str, str] = field(default_factory=dict, metadata={"min_length": 1})
    claim: Mapping[str, Any] | None = None


@record
class Message(Record):
    """A message of a thread, in `_bus/messages/<task>.jsonl`."""

    id: str = text_rule(**RECORD_ID)
    ts: str = text_rule(**STAMP)
    sender: str = text_rule(**AGENT, alias="from")
    type: str = text_rule(**WORD)
    task_id: str = text_rule(**TASK)
    summary: str = text_rule(**SUMMARY)
    prev: str = optional_text(**HASH)
    to: str = optional_text(**AGENT)
    branch: str = optional_text()
    note: str = optional_text()
    receipts: tuple[str, ...] = listed()
    meta: Mapping[str, str] = field(default_factory=dict, metadata={"min_length": 1})
    reply_to: str = optional_text(**RECORD_ID)


@record
class TakenFrom(Record):
    """Who held a claim before, until when, and why it moved."""

    agent_id: str = text_rule(**AGENT)
    at: str = text_rule(**STAMP)
    reason: str = text_rule(min_length=1)


@record
class Claim(Record):
    """Who holds a task, in `_bus/claims/<task>.json`; `fence` grows with every change of holder."""

    task_id: str = text_rule(**TASK)
    agent_id: str = text_rule(**AGENT)
    branch: str = text_rule(min_length=1)
    status: str = text_rule(pattern=one_of(CLAIM_STATUSES))
    claimed_at: str = text_rule(**STAMP)
    fence: int = text_rule(ge=1)
    plan_id: str = optional_text(**PLAN)
    notes: str = optional_text()
    paths: tuple[str, ...] = listed()
    paused_by: str = optional_text(**AGENT)
    released_at: str = optional_text(**STAMP)
    updated_at: str = optional_text(**STAMP)
    taken_from: TakenFrom | None = None
    grant: str = optional_text(**GRANT)

    @property
    def state(self) -> str:
        """The status in today's words: active, paused, released or done."""
        return state_of(self.status)

    @property
    def is_live(self) -> bool:
        """Whether the claim has a holder: active or paused."""
        return self.state in LIVE


@record
class Assignment(Record):
    """The engineer to whom a manager gave a task, in `_bus/assignments/<task>.json`."""

    task_id: str = text_rule(**TASK)
    engineer: str | None = text_rule(**AGENT)
    manager: str = text_rule(**AGENT)
    assigned_at: str = text_rule(**STAMP)
    plan_id: str = optional_text(**PLAN)
    branch: str = optional_text()
    note: str = optional_text()
    grant: str = optional_text(**GRANT)


OWN_FIELDS = frozenset(fields_of(Event)) | frozenset(fields_of(Message))
"""Names that free key=value data must not use (design §2, promise 5)."""
