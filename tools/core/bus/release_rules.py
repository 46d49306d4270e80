"""Giving a task back, pausing it, and relieving a holder who is gone: pure rules, no I/O.

The other half of `claims`; the same table in docs/architecture.md says it in words.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tools.core import clock, hint
from tools.core.bus import claim_rules
from tools.core.errors import ConflictError, GuardError, UsageError
from tools.core.models.bus import Claim


def release(
    current: Claim | None, task: str, agent: str, status: str, notes: str | None, facts: claim_rules.Facts
) -> claim_rules.Outcome:
    """The claim once its holder gave it back (`done`, `released`) or paused it; GuardError for others."""
    if current is None:
        raise GuardError(
            f"nobody holds {task}, so {agent} cannot release it",
            code="claim.none",
            hint=hint.tool("agent.bus_claim", "claim", "--task", task),
        )
    if current.agent_id != agent:
        raise GuardError(
            f"{task} is {current.agent_id}'s ({current.state}), so {agent} cannot release it",
            code="claim.not_holder",
            hint=hint.tool("agent.bus_claim", "show", "--task", task),
            details=claim_rules.details(current),
        )
    if not current.is_live:
        return claim_rules.Outcome(
            current, "", (f"{task} is {current.state} since {current.released_at}: nothing changed",)
        )
    if status == "paused":
        return _paused(current, notes, "", facts)
    now = clock.to_text(facts.now)
    given = replace(current, status=status, released_at=now, updated_at=now, paused_by="")
    given = replace(given, notes=current.notes if notes is None else notes)
    return claim_rules.Outcome(claim_rules.rewritten(given, facts), "release")


def _paused(current: Claim, notes: str | None, by: str, facts: claim_rules.Facts) -> claim_rules.Outcome:
    paused = replace(current, status="paused", paused_by=by, notes=current.notes if notes is None else notes)
    if paused == replace(current, status=current.state):
        return claim_rules.Outcome(current, "")
    return claim_rules.Outcome(
        claim_rules.rewritten(replace(paused, updated_at=clock.to_text(facts.now)), facts), "pause"
    )


def pause(
    current: Claim | None,
    task: str,
    agent: str,
    notes: str,
    facts: claim_rules.Facts,
    *,
    stale_after: timedelta = claim_rules.STALE_AFTER,
    force: bool = False,
    reason: str = "",
) -> claim_rules.Outcome:
    """The claim once it is paused: by its holder, or by another who found the holder gone.

    This is the playbook's recovery from a crashed agent. ConflictError while the holder lives.
    """
    if force and not reason:
        raise UsageError("--force needs --reason", code="claim.reason")
    if current is None:
        raise GuardError(
            f"nobody holds {task}, so it cannot be paused",
            code="claim.none",
            hint=hint.tool("agent.bus_claim", "claim", "--task", task),
        )
    if not current.is_live:
        raise ConflictError(
            f"{task} is {current.state}: there is nothing to pause",
            code="claim.finished",
            hint=hint.tool("agent.bus_claim", "show", "--task", task),
            details=claim_rules.details(current),
        )
    if current.agent_id == agent:
        return _paused(current, notes, "", facts)
    if current.state == "paused" and current.paused_by:
        return claim_rules.Outcome(current, "", (f"{task} was paused by {current.paused_by} already",))
    overrides = tuple(claim_rules.sooner_than_default(current, agent, facts, stale_after, reason))
    if not claim_rules.is_stale(current, facts, stale_after):
        if not force:
            raise claim_rules.held(
                current,
                facts,
                advice=hint.tool(
                    *("agent.bus_claim", "pause", "--task", task, "--notes", notes),
                    *("--force", "--reason", hint.WORDS),
                ),
            )
        message = f"{agent} paused {task} while {current.agent_id} showed signs of life"
        overrides = (claim_rules.Override("takeover_forced", message, reason),)
    outcome = _paused(current, notes, agent, facts)
    return outcome._replace(overrides=overrides)
