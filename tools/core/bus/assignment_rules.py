"""What has to change when a task is given to an agent: pure rules, no I/O."""

from __future__ import annotations

from tools.core import clock, hint, ids
from tools.core.bus.claim_documents import TaskDocuments
from tools.core.bus.rules import claim_rules
from tools.core.bus.rules.claim_refusals import ask_hint, done_refusal, held_refusal
from tools.core.bus.rules.claim_rules import Facts, Outcome, Override
from tools.core.clock import datetime
from tools.core.errors import ConflictError, GuardError, UsageError
from tools.core.hint import Hint
from tools.core.models.bus import Assignment, Claim
from tools.core.models.record import replace
from tools.core.plain import NamedTuple
from tools.core.seats.seat import Seat

ACTIVE = "active"


class AssignmentRequest(NamedTuple):
    """Who is to do what; an empty `plan`, `branch` or `note` keeps the assignment's present one."""

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
    """The new assignment and claim, each None where nothing has to change, and the guards overridden for them."""

    assignment: Assignment | None
    outcome: Outcome | None
    overrides: tuple[Override, ...]


def require_manager(seat: Seat, manager: str) -> None:
    """GuardError when a seat without the manager role acts as another manager."""
    if manager != seat.agent_id and not seat.is_manager:
        raise GuardError(
            f"{seat.agent_id} is no manager seat, so it cannot act as the manager {manager}",
            code="assign.manager",
            hint=ask_hint(manager, ids.HUB),
        )


def decide(documents: TaskDocuments, request: AssignmentRequest, facts: Facts) -> Decision:
    """What has to change to carry out a request.

    ConflictError while the task is done, claimed or assigned otherwise; UsageError without a reason.
    """
    if request.reassign and not request.reason:
        raise UsageError("--reassign needs --reason", code="assign.reason")
    claim_rules.require_task(request.task)
    claim = documents.claim
    if claim is not None and claim.state == "done":
        raise done_refusal(claim)
    holds = claim is not None and claim.is_live and claim.agent_id == request.engineer
    overrides = () if holds else _check_holder(claim, request, facts) or _check_assignment(documents, request)
    assignment = assignment_for(documents, request, facts.now)
    in_force = holds or documents.engineer == request.engineer
    is_assigned = in_force and documents.assignment is not None and _is_same(documents.assignment, assignment)
    outcome = None
    waits = claim is not None and request.claim == ACTIVE and (claim_rules.is_seeded(claim) or _is_relieved(claim))
    if request.claim and (waits or not (is_assigned and holds)):
        outcome = _claim_outcome(claim, request, assignment, facts)
    return Decision(None if is_assigned else assignment, outcome if outcome and outcome.event else None, overrides)


def _is_relieved(claim: Claim) -> bool:
    """Whether another seat paused it, because the holder was gone."""
    return claim.is_live and bool(claim.paused_by) and claim.paused_by != claim.agent_id


def _check_holder(current: Claim | None, request: AssignmentRequest, facts: Facts) -> tuple[Override, ...]:
    if current is None or not current.is_live or _is_relieved(current):
        return ()
    if not request.reassign:
        raise held_refusal(current, facts.now, facts.last_seen, advice=_reassign_hint(request))
    message = f"{request.manager} moved {request.task} from {current.agent_id} to {request.engineer}"
    return (Override("takeover_forced", message, request.reason),)


def _check_assignment(documents: TaskDocuments, request: AssignmentRequest) -> tuple[Override, ...]:
    engineer, assignment = documents.engineer, documents.assignment
    if engineer in (None, request.engineer) or assignment is None:
        return ()
    if not request.reassign:
        raise ConflictError(
            f"{request.task} is assigned to {engineer} (by {assignment.manager or 'an unknown manager'},"
            f" {assignment.assigned_at})",
            code="assign.assigned",
            hint=_reassign_hint(request),
            details={"engineer": engineer, "manager": assignment.manager},
        )
    message = f"{request.manager} gave {request.task} to {request.engineer}; it was assigned to {engineer}"
    return (Override("assignment_override", message, request.reason),)


def _reassign_hint(request: AssignmentRequest) -> Hint:
    words = ("--task", request.task, "--engineer", request.engineer, "--reassign", "--reason", hint.WORDS)
    return hint.tool("agent.task_assign", *words)


def assignment_for(documents: TaskDocuments, request: AssignmentRequest, now: datetime) -> Assignment:
    """The assignment a request makes; it keeps what the engineer's present one says and the request does not."""
    claim = documents.claim
    current = documents.assignment
    if current is not None and current.engineer != request.engineer:
        current = None
    held_branch = claim.branch if claim and claim.agent_id == request.engineer and claim.is_live else ""
    branch = request.branch or (current.branch if current else "") or held_branch
    return Assignment(
        task_id=request.task,
        engineer=request.engineer,
        manager=request.manager,
        assigned_at=clock.stamp_behind(now, _ended_at(claim, request.engineer), 1),
        plan_id=request.plan or (current.plan_id if current else "") or (claim.plan_id if claim else ""),
        branch=branch or ids.default_branch(request.engineer, request.task),
        note=request.note or (current.note if current else ""),
        grant=documents.assignment.grant if documents.assignment else "",
    )


def _ended_at(claim: Claim | None, engineer: str) -> str:
    """When an engineer's earlier work on a task ended; "" when it did not. An assignment made since reserves it anew."""
    if claim is not None and claim.agent_id == engineer:
        return claim.released_at
    is_taken = claim is not None and claim.taken_from is not None and claim.taken_from.agent_id == engineer
    return claim.claimed_at if claim is not None and is_taken else ""


def _is_same(before: Assignment, after: Assignment) -> bool:
    return replace(before, assigned_at="") == replace(after, assigned_at="")


def _claim_outcome(current: Claim | None, request: AssignmentRequest, assignment: Assignment, facts: Facts) -> Outcome:
    moves = current is not None and current.is_live and current.agent_id != request.engineer
    claim_request = claim_rules.Request(
        request.task,
        request.engineer,
        plan=assignment.plan_id or None,
        branch=assignment.branch,
        status=_claim_status(current, request),
        notes=request.note or None,
        reason=request.reason or (current.notes or current.state if current and moves else ""),
    )
    unassigned = facts._replace(assignment=None)
    if current is None or not moves:
        outcome = claim_rules.take(current, claim_request, unassigned)
    else:  # the guards allowed the move, so the rules see a released task
        released = replace(current, status="released")
        outcome = claim_rules.take(released, claim_request, unassigned)._replace(event="takeover")
    if request.claimed_at and outcome.claim.claimed_at == clock.to_text(facts.now):
        outcome = outcome._replace(claim=replace(outcome.claim, claimed_at=request.claimed_at))
    return outcome


def _claim_status(current: Claim | None, request: AssignmentRequest) -> str:
    """The holder's own claim keeps its state, unless it was seeded or another seat paused it: the holder was gone."""
    is_own = current is not None and current.is_live and current.agent_id == request.engineer
    if is_own and current is not None and not current.paused_by and not claim_rules.is_seeded(current):
        return current.state
    return request.claim
