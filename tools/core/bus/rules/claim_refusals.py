"""What a refusal says about a claim, and the command that it advises."""

from __future__ import annotations

from tools.core import clock, hint
from tools.core.clock import datetime
from tools.core.errors import ConflictError
from tools.core.hint import Hint
from tools.core.models.bus import Claim


def done_refusal(current: Claim) -> ConflictError:
    """Says who finished a task, when, and how it is reopened."""
    return ConflictError(
        f"{current.task_id} is done: {current.agent_id} finished it at {current.released_at or 'an unknown time'}",
        code="claim.done",
        hint=hint.tool("agent.bus_claim", "claim", "--task", current.task_id, "--reopen", "--reason", hint.WORDS),
        details=claim_details(current),
    )


def held_refusal(
    current: Claim, now: datetime, last_seen: datetime | None = None, *, advice: Hint | None = None
) -> ConflictError:
    """Names the holder, the claim's age and the last sign of life; without `advice` it says how to ask the holder."""
    claimed = clock.parse(current.claimed_at)
    age = f" for {clock.age(claimed, now)}" if claimed else ""
    seen = f"; last sign of life {clock.age(last_seen, now)} ago" if last_seen else "; no sign of life"
    return ConflictError(
        f"{current.task_id} is held by {current.agent_id} ({current.state}{age}{seen})",
        code="claim.held",
        hint=advice or ask_hint(current.agent_id, current.task_id),
        details=claim_details(current),
    )


def claim_details(claim: Claim) -> dict[str, object]:
    """The claim in a refusal's JSON."""
    return {
        "task_id": claim.task_id,
        "holder": claim.agent_id,
        "status": claim.state,
        "claimed_at": claim.claimed_at,
        "branch": claim.branch,
    }


def ask_hint(agent: str, thread: str) -> Hint:
    """The command that sends an agent a request."""
    words = ("--task", thread, "--type", "request", "--target", agent, "--summary", hint.WORDS)
    return hint.tool("agent.bus_message", *words)


def claim_anyway_hint(task: str) -> Hint:
    """The command that claims a task assigned to another engineer; its reason is recorded."""
    return hint.tool("agent.bus_claim", "claim", "--task", task, "--allow-unassigned", "--reason", hint.WORDS)
