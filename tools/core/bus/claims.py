"""What a seat does with claims: read what a rule needs, decide, record overrides, commit once.

Every function checks all guards before its first write. The store notices a concurrent change, and the
decision is repeated on the new state.
"""

from __future__ import annotations

from tools.core import clock, ids
from tools.core.bus import claim_documents
from tools.core.bus.claim_documents import TaskDocuments
from tools.core.bus.rules import claim_rules
from tools.core.clock import datetime, timedelta
from tools.core.context import Context
from tools.core.fs import files
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, Assignment, Claim, Event
from tools.core.models.record import MAX_SUMMARY, over, replace, to_mapping
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.api import Append, Change, Expect, Replace, retry_stale
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ClaimChange(NamedTuple):
    """A claim after an operation; `record` is None when nothing had to change."""

    claim: Claim
    record: Mapping[str, object] | None
    warnings: tuple[str, ...]


def facts(context: Context, documents: TaskDocuments, agent: str, *, paths: bool = False) -> claim_rules.Facts:
    """What a claim rule needs to know; the holder's last sign of life only where another seat asks."""
    last_seen, is_clock_sound = None, True
    if documents.claim is not None and documents.claim.is_live and documents.claim.agent_id != agent:
        from tools.core.fs import folders  # a free task has no holder whose silence is to be dated

        holder = documents.claim.agent_id
        last_seen = context.history.last_seen([holder], context.now).get(holder)
        is_clock_sound = (
            folders.clock_skew(context.workspace.cache.child("clock")) < clock.CREDIBLE_AHEAD.total_seconds()
        )
    live = claim_documents.live_claims(context.store).claims if paths else []
    return claim_rules.Facts(context.now, documents.assignment, last_seen, live, is_clock_sound)


def take(context: Context, request: claim_rules.Request) -> ClaimChange:
    """Claims a task for a seat; raises what `claim_rules.take` raises."""

    def decide(documents: TaskDocuments) -> claim_rules.Outcome:
        rule_facts = facts(context, documents, request.agent, paths=bool(request.paths))
        return claim_rules.take(documents.claim, request, rule_facts)

    return _change_claim(context, request.task, decide)


def release(context: Context, task: str, *, status: str, notes: str | None) -> ClaimChange:
    """Releases a task; raises what `release_rules.release` raises, and once when the task was lost."""
    from tools.core.bus import losses  # a claim needs neither
    from tools.core.bus.rules import release_rules

    losses.require_seen(context, task)
    return _change_claim(
        context,
        task,
        lambda documents: release_rules.release(
            documents.claim,
            task,
            context.seat.agent_id,
            status,
            notes,
            claim_rules.Facts(context.now, documents.assignment),
        ),
    )


def pause(context: Context, task: str, *, notes: str, stale_after: timedelta, force: bool, reason: str) -> ClaimChange:
    """Pauses a claim; raises what `release_rules.pause` raises, and once when the task was lost."""
    from tools.core.bus import losses  # a claim needs neither
    from tools.core.bus.rules import release_rules

    losses.require_seen(context, task)

    def decide(documents: TaskDocuments) -> claim_rules.Outcome:
        request = release_rules.PauseRequest(task, context.seat.agent_id, notes, stale_after, force, reason)
        return release_rules.pause(documents.claim, request, facts(context, documents, request.agent))

    return _change_claim(context, task, decide)


def _change_claim(context: Context, task: str, decide: Callable[[TaskDocuments], claim_rules.Outcome]) -> ClaimChange:
    recorded: list[claim_rules.Override] = []

    def attempt() -> ClaimChange:
        documents = claim_documents.of_task(context.store, task)
        depends = _signs_as_they_are(context, documents.claim)
        with claim_documents.refusing(context.store, task, documents):
            outcome = decide(documents)
        if not outcome.event:
            claim_documents.require_one_moment(context.store, task, documents)
            return ClaimChange(outcome.claim, None, outcome.warnings)
        for override in outcome.overrides:
            if override not in recorded:
                record_override(context, override)
                recorded.append(override)
        written = context.store.commit([*claim_changes(context, documents, outcome), *depends])
        return ClaimChange(outcome.claim, written[0], outcome.warnings)

    change: ClaimChange = retry_stale(attempt)
    return change


def _signs_as_they_are(context: Context, claim: Claim | None) -> list[Change]:
    """What a decision about another's claim depends on: that its holder has logged nothing meanwhile."""
    if claim is None or not claim.is_live or claim.agent_id == context.seat.agent_id:
        return []
    version = context.store.version(EVENTS)
    context.store.history.refresh()
    return [Expect(EVENTS, version)]


def claim_changes(context: Context, documents: TaskDocuments, outcome: claim_rules.Outcome) -> list[Change]:
    """The event of a claim's change, the claim, and the assignment it was decided on."""
    task = outcome.claim.task_id
    return [
        Append(EVENTS, to_mapping(claim_event(context, outcome, documents.claim))),
        *_notices(context, outcome, documents.claim),
        Replace(f"{CLAIMS}/{task}", over(outcome.claim, documents.claim_raw), documents.claim_version),
        _assignment_change(context, documents, outcome),
    ]


def _assignment_change(context: Context, documents: TaskDocuments, outcome: claim_rules.Outcome) -> Change:
    """What becomes of the assignment: one that a claim overrides is ended, any other must be as it was."""
    name = f"{ASSIGNMENTS}/{outcome.claim.task_id}"
    ended = ended_by(outcome, documents.assignment, context.now)
    if ended is None:
        return Expect(name, documents.assignment_version)
    return Replace(name, over(ended, documents.assignment_raw), documents.assignment_version)


def ended_by(outcome: claim_rules.Outcome, assignment: Assignment | None, now: datetime) -> Assignment | None:
    """The assignment to another engineer as a granted claim ends it; None where it ends none."""
    is_granted = outcome.event in ("claim", "takeover", "reopened")
    if assignment is None or not is_granted or assignment.engineer in (None, outcome.claim.agent_id):
        return None
    return replace(assignment, engineer=None, assigned_at=clock.to_text(now))


def _notices(context: Context, outcome: claim_rules.Outcome, before: Claim | None) -> list[Append]:
    if before is None:
        return []
    from tools.core.bus import losses  # a task that no agent had is lost to none

    return losses.notices(context, outcome, before)


def claim_event(context: Context, outcome: claim_rules.Outcome, before: Claim | None) -> Event:
    """The event of a claim's change; it carries the claim whole, so that claims can be rebuilt."""
    claim = outcome.claim
    meta = {}
    if claim.agent_id != context.seat.agent_id:
        meta["holder"] = claim.agent_id
    if before is not None and before.agent_id != claim.agent_id:
        meta["previous_holder"] = before.agent_id
    if outcome.overrides:
        meta["override"] = ",".join(override.code for override in outcome.overrides)
        reason = next((override.reason for override in outcome.overrides if override.reason), "")
        if reason:
            meta["reason"] = reason
    return Event(
        id=ids.new_record_id(),
        ts=clock.to_text(context.now),
        agent_id=context.seat.agent_id,
        event=outcome.event,
        summary=claim_sentence(context.seat.agent_id, outcome, before),
        task_id=claim.task_id,
        plan_id=claim.plan_id,
        branch=claim.branch,
        meta=meta,
        claim=to_mapping(claim),
    )


def claim_sentence(actor: str, outcome: claim_rules.Outcome, before: Claim | None) -> str:
    """One sentence about a claim's change, notes included when they fit."""
    claim = outcome.claim
    task, for_holder = claim.task_id, "" if claim.agent_id == actor else f" for {claim.agent_id}"
    updates = before is not None and before.is_live and before.agent_id == claim.agent_id
    text = {
        "claim": f"{actor} {('updated its claim on' if not for_holder else 'updated the claim on') if updates else 'claimed'} {task}{for_holder}",
        "takeover": f"{actor} took over {task} from {before.agent_id if before else 'no holder'}{for_holder}",
        "reopened": f"{actor} reopened {task}{for_holder}",
        "release": f"{actor} released {task} ({claim.state})",
        "pause": f"{actor} paused {task}" + (f", held by {claim.agent_id}" if for_holder else ""),
    }[outcome.event]
    if claim.notes and outcome.event in ("release", "pause", "takeover"):
        text += f": {' '.join(claim.notes.split())}"
    return text[:MAX_SUMMARY]


def record_override(context: Context, override: claim_rules.Override) -> None:
    """Writes evidence of an override, before the change that it allows."""
    from tools.core.models.evidence import Warning  # most claims override nothing
    from tools.core.receipts.write import record_warning

    record_warning(
        context.workspace,
        Warning(
            ts=clock.to_text(context.now),
            agent_id=context.seat.agent_id,
            code=override.code,
            message=override.message,
            reason=override.reason,
        ),
    )


def plan_is_missing(workspace: Workspace, plan_id: str) -> bool:
    """Whether a plan that is named has no file in this checkout."""
    return bool(plan_id) and not files.exists(workspace.plan(plan_id))
