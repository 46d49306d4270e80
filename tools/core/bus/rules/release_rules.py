"""Releasing a task, pausing it, and relieving a holder who is gone: pure rules, no I/O.

They complete `claim_rules`; docs/architecture.md, "The life of a claim", has both in one table.
"""

from __future__ import annotations

from tools.core import clock, hint
from tools.core.bus.rules.claim_rules import (
    STALE_AFTER,
    Facts,
    Outcome,
    Override,
    early_takeover,
    is_stale,
    with_defaults,
)
from tools.core.clock import timedelta
from tools.core.errors import ConflictError, GuardError, UsageError
from tools.core.models.bus import Claim
from tools.core.models.record import replace
from tools.core.plain import NamedTuple


class PauseRequest(NamedTuple):
    """What a seat asks for when it pauses a claim, its own or another's."""

    task: str
    agent: str
    notes: str
    stale_after: timedelta = STALE_AFTER
    force: bool = False
    reason: str = ""


def release(current: Claim | None, task: str, agent: str, status: str, notes: str | None, facts: Facts) -> Outcome:
    """The claim once its holder has released it (`done`, `released`) or paused it; GuardError for other seats."""
    if current is None:
        raise GuardError(
            f"{task} is not claimed, so {agent} cannot release it",
            code="claim.none",
            hint=hint.tool("agent.bus_claim", "claim", "--task", task),
        )
    if current.agent_id != agent:
        from tools.core.bus.rules.claim_refusals import claim_details  # most claims are released by their holders

        raise GuardError(
            f"{task} is {current.agent_id}'s ({current.state}), so {agent} cannot release it",
            code="claim.not_holder",
            hint=hint.tool("agent.bus_claim", "show", "--task", task),
            details=claim_details(current),
        )
    if not current.is_live:
        return Outcome(current, "", (f"{task} is {current.state} since {current.released_at}: nothing changed",))
    if status == "paused":
        return _paused(current, notes, "", facts)
    own = facts.assignment is not None and facts.assignment.engineer == agent
    now = clock.stamp_behind(facts.now, facts.assignment.assigned_at if facts.assignment and own else "", 0)
    released = replace(current, status=status, released_at=now, updated_at=now, paused_by="")
    released = replace(released, notes=current.notes if notes is None else notes)
    return Outcome(with_defaults(released, facts), "release")


def _paused(current: Claim, notes: str | None, paused_by: str, facts: Facts) -> Outcome:
    paused = replace(current, status="paused", paused_by=paused_by, notes=current.notes if notes is None else notes)
    if paused == replace(current, status=current.state):
        return Outcome(current, "")
    return Outcome(with_defaults(replace(paused, updated_at=clock.to_text(facts.now)), facts), "pause")


def pause(current: Claim | None, request: PauseRequest, facts: Facts) -> Outcome:
    """The claim once it is paused: by its holder, or by another seat because the holder is gone.

    This is the playbook's recovery from a crashed agent. ConflictError while the holder lives.
    """
    if request.force and not request.reason:
        raise UsageError("--force needs --reason", code="claim.reason")
    current = _pausable(current, request.task)
    if current.agent_id == request.agent:
        return _paused(current, request.notes, "", facts)
    if current.state == "paused" and current.paused_by:
        return Outcome(current, "", (f"{request.task} was paused by {current.paused_by} already",))
    outcome = _paused(current, request.notes, request.agent, facts)
    return outcome._replace(overrides=_check_holder(current, request, facts))


def _pausable(current: Claim | None, task: str) -> Claim:
    if current is None:
        raise GuardError(
            f"{task} is not claimed, so it cannot be paused",
            code="claim.none",
            hint=hint.tool("agent.bus_claim", "claim", "--task", task),
        )
    if not current.is_live:
        from tools.core.bus.rules.claim_refusals import claim_details

        raise ConflictError(
            f"{task} is {current.state}: there is nothing to pause",
            code="claim.finished",
            hint=hint.tool("agent.bus_claim", "show", "--task", task),
            details=claim_details(current),
        )
    return current


def _check_holder(current: Claim, request: PauseRequest, facts: Facts) -> tuple[Override, ...]:
    if is_stale(current, facts, request.stale_after):
        return tuple(early_takeover(current, request.agent, facts, request.stale_after, request.reason))
    if not request.force:
        command = ("agent.bus_claim", "pause", "--task", request.task, "--notes", request.notes)
        advice = hint.tool(*command, "--force", "--reason", hint.WORDS)
        from tools.core.bus.rules.claim_refusals import held_refusal

        raise held_refusal(current, facts.now, facts.last_seen, advice=advice)
    message = f"{request.agent} paused {request.task} while {current.agent_id} showed signs of life"
    return (Override("takeover_forced", message, request.reason),)
