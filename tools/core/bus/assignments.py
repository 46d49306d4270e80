"""Giving a task to somebody: assignment, message, event and claim in one commit, or nothing at all.

`decide` is the rule, without I/O; `place` reads, decides and commits, again where others were faster.
Every guard comes before the first write. Running an order again adds only what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.bus import claim_documents, claim_rules, claims, presence
from tools.core.context import Context
from tools.core.errors import ConflictError, GuardError, UsageError
from tools.core.hint import Hint
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, Assignment, Claim, Event, Message, stream_of
from tools.core.models.record import MAX_SUMMARY, over, to_mapping
from tools.core.receipts import scaffold
from tools.core.seats import seat as seats
from tools.core.seats.seat import Seat
from tools.core.store.api import Append, Change, Expect, Replace, retry_stale
from tools.core.workspace import Place

ACTIVE = "active"


class Order(NamedTuple):
    """Who is to do what; an empty `plan`, `branch` or `note` keeps what is known."""

    task: str
    engineer: str
    manager: str
    plan: str = ""
    branch: str = ""
    note: str = ""
    claim: str = ACTIVE  # the state of a claim that is made; "" makes none
    claimed_at: str = ""
    reassign: bool = False
    reason: str = ""
    with_inbox: bool = True
    with_scaffold: bool = False


class Decision(NamedTuple):
    """What an order comes to; None where nothing has to change."""

    assignment: Assignment | None
    outcome: claim_rules.Outcome | None
    overrides: tuple[claim_rules.Override, ...]


class Placed(NamedTuple):
    """What was done about an order; `written` is empty when it had been carried out already."""

    assignment: Assignment | None
    claim: Claim | None
    written: list[dict[str, object]]
    laid_out: tuple[Place, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The answer of the commands that give out work."""
        return {
            "assignment": to_mapping(self.assignment) if self.assignment else None,
            "claim": to_mapping(self.claim) if self.claim else None,
            "changed": bool(self.written),
            "records": self.written,
            "scaffold": [place.name for place in self.laid_out],
        }


def require_manager(seat: Seat, manager: str) -> None:
    """GuardError when a seat that is no manager's acts as another manager."""
    if manager != seat.agent_id and not seat.is_manager:
        raise GuardError(
            f"{seat.agent_id} is no manager seat, so it cannot act as the manager {manager}",
            code="assign.manager",
            hint=claim_rules.asking(manager, ids.HUB),
        )


def require_seeder(context: Context, holder: str) -> None:
    """GuardError when a seat seeds for another although a manager is known and it is none."""
    if holder == context.seat.agent_id or context.seat.is_manager:
        return
    held = {claim.task_id: claim for claim in claim_documents.all_claims(context.store)[0]}
    known = presence.managers(
        context.history,
        context.now,
        manifests=seats.manifests(context.workspace),
        assignments=claim_documents.all_assignments(context.store)[0],
        claims=held,
    )
    if known:
        raise GuardError(
            f"{context.seat.agent_id} is no manager seat, so it cannot seed a claim for {holder}; {known[0]} can",
            code="assign.manager",
            hint=claim_rules.asking(known[0], ids.HUB),
        )


# -- the rule ------------------------------------------------------------------------------------


def decide(found: claim_documents.Held, order: Order, facts: claim_rules.Facts) -> Decision:
    """What has to change so that an order is carried out; raises when it must not be.

    ConflictError while the task is done, in other hands or another's; UsageError without a reason.
    """
    if order.reassign and not order.reason:
        raise UsageError("--reassign needs --reason", code="assign.reason")
    claim_rules.require_task(order.task)
    if found.claim is not None and found.claim.state == "done":
        raise claim_rules.done(found.claim)
    holds = found.claim is not None and found.claim.is_live and found.claim.agent_id == order.engineer
    overrides = () if holds else _past_the_holder(found.claim, order, facts) or _past_the_engineer(found, order)
    assignment = _assignment(found, order, facts.now)
    in_force = holds or found.engineer == order.engineer
    is_known = in_force and found.assignment is not None and _same(found.assignment, assignment)
    outcome = None
    if order.claim and not (is_known and holds):
        outcome = _claimed(found.claim, order, assignment, facts)
    return Decision(None if is_known else assignment, outcome if outcome and outcome.event else None, overrides)


def _past_the_holder(current: Claim | None, order: Order, facts: claim_rules.Facts) -> tuple[claim_rules.Override, ...]:
    if current is None or not current.is_live or (current.paused_by and current.paused_by != current.agent_id):
        return ()
    if not order.reassign:
        raise claim_rules.held(current, facts, advice=_reassigning(order))
    message = f"{order.manager} moved {order.task} from {current.agent_id} to {order.engineer}"
    return (claim_rules.Override("takeover_forced", message, order.reason),)


def _past_the_engineer(found: claim_documents.Held, order: Order) -> tuple[claim_rules.Override, ...]:
    engineer = found.engineer
    if engineer in (None, order.engineer) or found.assignment is None:
        return ()
    if not order.reassign:
        raise ConflictError(
            f"{order.task} is assigned to {engineer} (by {found.assignment.manager or 'nobody known'},"
            f" {found.assignment.assigned_at})",
            code="assign.assigned",
            hint=_reassigning(order),
            details={"engineer": engineer, "manager": found.assignment.manager},
        )
    message = f"{order.manager} gave {order.task} to {order.engineer}; it was assigned to {engineer}"
    return (claim_rules.Override("assignment_override", message, order.reason),)


def _reassigning(order: Order) -> Hint:
    words = ("--task", order.task, "--engineer", order.engineer, "--reassign", "--reason", hint.WORDS)
    return hint.tool("agent.task_assign", *words)


def _assignment(found: claim_documents.Held, order: Order, now: datetime) -> Assignment:
    known = found.assignment if found.assignment and found.assignment.engineer == order.engineer else None
    mine = found.claim if found.claim and found.claim.agent_id == order.engineer and found.claim.is_live else None
    branch = order.branch or (known.branch if known else "") or (mine.branch if mine else "")
    return Assignment(
        task_id=order.task,
        engineer=order.engineer,
        manager=order.manager,
        assigned_at=clock.to_text(now),
        plan_id=order.plan or (known.plan_id if known else "") or (found.claim.plan_id if found.claim else ""),
        branch=branch or ids.default_branch(order.engineer, order.task),
        note=order.note or (known.note if known else ""),
    )


def _same(one: Assignment, other: Assignment) -> bool:
    return replace(one, assigned_at="") == replace(other, assigned_at="")


def _claimed(
    current: Claim | None, order: Order, assignment: Assignment, facts: claim_rules.Facts
) -> claim_rules.Outcome:
    moves = current is not None and current.is_live and current.agent_id != order.engineer
    request = claim_rules.Request(
        order.task,
        order.engineer,
        plan=assignment.plan_id or None,
        branch=assignment.branch,
        status=_status(current, order),
        notes=order.note or None,
        reason=order.reason or (current.notes or current.state if current and moves else ""),
    )
    known = facts._replace(assignment=None)
    if current is None or not moves:
        outcome = claim_rules.take(current, request, known)
    else:  # the guards let it go, so the rules see a task that was given back
        outcome = claim_rules.take(replace(current, status="released"), request, known)._replace(event="takeover")
    if order.claimed_at and outcome.claim.claimed_at == clock.to_text(facts.now):
        outcome = outcome._replace(claim=replace(outcome.claim, claimed_at=order.claimed_at))
    return outcome


def _status(current: Claim | None, order: Order) -> str:
    """A claim its holder has keeps its state, unless another seat had found the holder gone."""
    if current is not None and current.is_live and current.agent_id == order.engineer and not current.paused_by:
        return current.state
    return order.claim


# -- carrying it out -----------------------------------------------------------------------------


def place(context: Context, order: Order) -> Placed:
    """Carries an order out, all or nothing; raises what `decide` raises."""
    recorded: list[claim_rules.Override] = []

    def attempt() -> Placed:
        found = claim_documents.held(context.store, order.task)
        if order.with_scaffold:
            scaffold.missing(context.workspace, _work(_assignment(found, order, context.now)))
        return carry_out(context, found, order, recorded)

    done: Placed = retry_stale(attempt)
    if order.with_scaffold and done.assignment is not None:
        done = done._replace(laid_out=tuple(scaffold.write(context.workspace, _work(done.assignment))))
    return done


def _work(given: Assignment) -> scaffold.Work:
    return scaffold.Work(
        given.engineer or "",
        given.plan_id or given.task_id,
        given.note,
        task_id=given.task_id,
        plan_id=given.plan_id,
        branch=given.branch,
    )


def carry_out(
    context: Context, found: claim_documents.Held, order: Order, recorded: list[claim_rules.Override]
) -> Placed:
    """Decides on what was read and commits it; StaleVersion when that is no longer so.

    `recorded` keeps the overrides that have left their evidence, for when it is tried again.
    """
    decision = decide(found, order, claims.facts(context, found, order.engineer))
    changes = _changes(context, found, order, decision)
    claim = decision.outcome.claim if decision.outcome else found.claim
    if not changes:
        return Placed(found.assignment, claim, [])
    for override in decision.overrides:
        if override not in recorded:
            claims.record_override(context, override)
            recorded.append(override)
    return Placed(decision.assignment or found.assignment, claim, context.store.commit(changes))


def _changes(context: Context, found: claim_documents.Held, order: Order, decision: Decision) -> list[Change]:
    changes: list[Change] = []
    if decision.assignment is not None:
        changes += _announced(context, order, decision.assignment, decision.overrides)
        changes.append(
            Replace(
                f"{ASSIGNMENTS}/{order.task}", over(decision.assignment, found.assignment_raw), found.assignment_version
            )
        )
    if decision.outcome is not None:
        outcome = decision.outcome._replace(overrides=decision.overrides)
        changes += claims.claim_changes(context, found, outcome)
    elif changes:
        changes.append(Expect(f"{CLAIMS}/{order.task}", found.claim_version))
    return changes


def _announced(
    context: Context, order: Order, assignment: Assignment, overrides: tuple[claim_rules.Override, ...]
) -> list[Change]:
    summary = _sentence(context.seat, order)
    shared: dict[str, Any] = {"ts": clock.to_text(context.now), "summary": summary, "task_id": order.task}
    meta: dict[str, str] = {"engineer": order.engineer, "manager": order.manager}
    if overrides:
        meta.update(override=",".join(override.code for override in overrides), reason=order.reason)
    event = Event(
        id=ids.new_record_id(),
        agent_id=context.seat.agent_id,
        event="assign",
        plan_id=assignment.plan_id,
        branch=assignment.branch,
        meta=meta,
        **shared,
    )
    message = Message(
        id=ids.new_record_id(),
        sender=context.seat.agent_id,
        type="assignment",
        to=order.engineer,
        branch=assignment.branch,
        note=order.note,
        meta=_message_meta(assignment),
        **shared,
    )
    threads = [order.task, *([ids.inbox_of(order.engineer)] if order.with_inbox else [])]
    return [Append(EVENTS, to_mapping(event)), *(Append(stream_of(thread), to_mapping(message)) for thread in threads)]


def _message_meta(assignment: Assignment) -> Mapping[str, str]:
    meta = {"manager": assignment.manager}
    return {**meta, "plan_id": assignment.plan_id} if assignment.plan_id else meta


def _sentence(seat: Seat, order: Order) -> str:
    whom = "itself" if order.engineer == seat.agent_id else order.engineer
    text = f"{seat.agent_id} assigned {order.task} to {whom}"
    note = " ".join(order.note.split())
    return (f"{text}: {note}" if note else text)[:MAX_SUMMARY]
