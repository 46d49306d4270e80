"""Who may take and keep a task, and who may log an event about it: pure rules, no I/O.

Each verb takes the current claim, a request and the moment, and returns an `Outcome` or raises a
refusal that names the holder. The table in docs/architecture.md, "The life of a claim", is this
module in words. `fence` only grows, by one with every grant.
"""

from __future__ import annotations

from tools.core import clock, hint, ids
from tools.core.bus.rules.reservation import assigned_engineer
from tools.core.clock import datetime, timedelta
from tools.core.errors import ConflictError, GuardError, UsageError
from tools.core.models.bus import Assignment, Claim, TakenFrom
from tools.core.models.record import replace
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_OFF = timedelta(days=400)
"""How far ahead a claim's stamp may lie and still be the work of a bad clock."""

STALE_AFTER = timedelta(minutes=240)
"""How long without a sign of life before a holder may be presumed gone."""


class Override(NamedTuple):
    """A guard that was overridden, to be recorded with its reason."""

    code: str
    message: str
    reason: str


class Outcome(NamedTuple):
    """What a verb decided: the new claim, the event that records it, and what to warn of.

    `event` is "" when nothing changes.
    """

    claim: Claim
    event: str
    warnings: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()


class Request(NamedTuple):
    """What a seat asks for when it claims; None keeps the present value."""

    task: str
    agent: str
    plan: str | None = None
    branch: str | None = None
    status: str = "active"
    paths: tuple[str, ...] | None = None
    notes: str | None = None
    exclusive: bool = False
    allow_unassigned: bool = False
    reopen: bool = False
    reason: str = ""
    stale_after: timedelta = STALE_AFTER


class Facts(NamedTuple):
    """What a decision rests on besides the claim itself."""

    now: datetime
    assignment: Assignment | None = None
    last_seen: datetime | None = None  # the holder's latest credible sign of life
    live: Sequence[Claim] = ()  # all live claims, for overlapping paths
    is_clock_sound: bool = True  # whether this process's clock can be believed where it decides on a life


def take(current: Claim | None, request: Request, facts: Facts) -> Outcome:
    """The claim once `request.agent` has it.

    Raises ConflictError while another holds it or it is done, GuardError when it is assigned to
    another engineer, UsageError for a reopening without a reason.
    """
    require_task(request.task)
    if request.reopen and not request.reason:
        raise UsageError("--reopen needs --reason", code="claim.reason")
    if current is not None and current.is_live and current.agent_id == request.agent:
        return _keep(current, request, facts)
    overrides = [
        *_check_holder(current, request, facts),
        *_check_assignment(current, request, facts),
    ]
    warnings = _overlaps(request, facts)
    return Outcome(_taken(current, request, facts), _event(current), warnings, tuple(overrides))


def require_task(task: str) -> None:
    """Raises ConflictError for the hub, a directive's thread or an inbox: these are threads, not tasks."""
    if ids.is_thread_only(task):
        raise ConflictError(
            f"{task} is a thread, not a task: it cannot be claimed",
            code="claim.thread",
            hint=hint.tool("agent.bus_message", "--task", task, "--type", "status", "--summary", hint.WORDS),
        )


def is_seeded(claim: Claim) -> bool:
    """Whether a claim was put in place paused and nobody has touched it since."""
    return claim.state == "paused" and not claim.paused_by and not claim.updated_at


def _event(current: Claim | None) -> str:
    if current is None:
        return "claim"
    if current.state == "done":
        return "reopened"
    return "takeover" if current.is_live else "claim"


def _keep(current: Claim, request: Request, facts: Facts) -> Outcome:
    kept = replace(
        current,
        status=request.status,
        paused_by="",
        plan_id=current.plan_id if request.plan is None else request.plan,
        branch=current.branch if request.branch is None else request.branch,
        paths=current.paths if request.paths is None else request.paths,
        notes=current.notes if request.notes is None else request.notes,
    )
    if kept == replace(current, status=current.state):
        return Outcome(current, "")
    kept = with_defaults(replace(kept, updated_at=clock.to_text(facts.now)), facts)
    return Outcome(kept, "claim", _overlaps(request, facts))


def with_defaults(claim: Claim, facts: Facts) -> Claim:
    """A claim of an old file with the fields that today's writers always set."""
    return replace(
        claim,
        fence=max(claim.fence, 1),
        branch=claim.branch or ids.default_branch(claim.agent_id, claim.task_id),
        claimed_at=claim.claimed_at or clock.to_text(facts.now),
    )


def _taken(current: Claim | None, request: Request, facts: Facts) -> Claim:
    now = clock.to_text(facts.now)
    changes_hands = current is not None and current.agent_id != request.agent
    fence = current.fence + 1 if current else 1
    return Claim(
        task_id=request.task,
        agent_id=request.agent,
        branch=request.branch or ids.default_branch(request.agent, request.task),
        status=request.status,
        claimed_at=now,
        fence=fence,
        plan_id=request.plan if request.plan is not None else (current.plan_id if current else ""),
        notes=request.notes or "",
        paths=request.paths or (),
        updated_at=now if current else "",
        taken_from=_taken_from(current, request, now) if changes_hands else None,
        grant=current.grant if current else "",
    )


def _taken_from(current: Claim | None, request: Request, now: str) -> TakenFrom | None:
    if current is None or not ids.is_agent(current.agent_id):
        return None
    return TakenFrom(agent_id=current.agent_id, at=now, reason=request.reason or current.notes or current.state)


def _check_holder(current: Claim | None, request: Request, facts: Facts) -> list[Override]:
    if current is None or current.state == "released":
        return []
    from tools.core.bus.rules import claim_refusals  # most tasks are free

    if current.state == "done":
        if not request.reopen:
            raise claim_refusals.done_refusal(current)
        message = f"{request.agent} reopened {current.task_id}, done by {current.agent_id}"
        return [Override("claim_reopened", message, request.reason)]
    if current.state == "active":
        raise claim_refusals.held_refusal(current, facts.now, facts.last_seen)
    if current.paused_by and current.paused_by != current.agent_id:
        return []  # another seat paused it with notes because the holder was gone: free to take
    if is_stale(current, facts, request.stale_after):
        return early_takeover(current, request.agent, facts, request.stale_after, request.reason)
    if not request.reason:
        raise claim_refusals.held_refusal(
            current,
            facts.now,
            facts.last_seen,
            advice=hint.tool("agent.bus_claim", "claim", "--task", current.task_id, "--reason", hint.WORDS),
        )
    message = f"{request.agent} took {current.task_id} from {current.agent_id}, who had paused it"
    return [Override("takeover_forced", message, request.reason)]


def early_takeover(current: Claim, agent: str, facts: Facts, window: timedelta, reason: str) -> list[Override]:
    """The override to record when a holder is presumed gone before the default time."""
    if window >= STALE_AFTER or is_stale(current, facts, STALE_AFTER):
        return []
    silence = clock.span(window.total_seconds())
    message = f"{agent} took {current.agent_id} for gone from {current.task_id} after {silence} of silence"
    return [Override("takeover_forced", message, reason)]


def _check_assignment(current: Claim | None, request: Request, facts: Facts) -> list[Override]:
    engineer = assigned_engineer(facts.assignment, current)
    if engineer in (None, request.agent):
        return []
    manager = facts.assignment.manager if facts.assignment else ""
    if not request.allow_unassigned:
        from tools.core.bus.rules.claim_refusals import claim_anyway_hint  # most tasks are assigned to no other

        raise GuardError(
            f"{request.task} is assigned to {engineer} (by {manager})",
            code="claim.assigned",
            hint=claim_anyway_hint(request.task),
            details={"engineer": engineer, "manager": manager},
        )
    message = f"{request.agent} claimed {request.task}, which is assigned to {engineer}"
    return [Override("assignment_override", message, request.reason)]


def is_stale(current: Claim, facts: Facts, stale_after: timedelta) -> bool:
    """Whether the holder has shown no sign of life for `stale_after`, the claim itself being one.

    A clock that is off, the holder's or this process's, makes a holder unknown, never dead.
    """
    claimed_at = clock.parse(current.claimed_at)
    is_ahead = claimed_at is not None and facts.now + clock.CREDIBLE_AHEAD < claimed_at <= facts.now + _OFF
    if is_ahead or not facts.is_clock_sound:
        return False
    signs = [sign for sign in (facts.last_seen, clock.parse(current.claimed_at)) if sign]
    credible = [sign for sign in signs if clock.is_credible(sign, facts.now)]
    return not credible or facts.now - max(credible) >= stale_after


def _overlaps(request: Request, facts: Facts) -> tuple[str, ...]:
    conflicts = overlaps(request.task, request.agent, request.paths or (), facts.live)
    if conflicts and request.exclusive:
        from tools.core.bus.rules.claim_refusals import ask_hint, claim_details

        holder = conflicts[0].claim
        raise ConflictError(
            str(conflicts[0]),
            code="claim.paths",
            hint=ask_hint(holder.agent_id, holder.task_id),
            details=claim_details(holder),
        )
    return tuple(map(str, conflicts))


class Overlap(NamedTuple):
    """A pattern that may name a file which a live claim's pattern names too."""

    claim: Claim
    path: str
    claimed_path: str

    def __str__(self) -> str:
        return f"{self.path} overlaps {self.claimed_path}, which {self.claim.agent_id} holds with {self.claim.task_id}"


def overlaps(task: str, agent: str, paths: Sequence[str], live: Sequence[Claim]) -> list[Overlap]:
    """Where `paths` may name a file that another agent's live claim names too."""
    if not paths:
        return []
    from tools.core.bus.rules import path_patterns  # most claims name no paths

    return [
        Overlap(claim, path, claimed_path)
        for claim in live
        if claim.task_id != task and claim.agent_id != agent and claim.is_live
        for path in paths
        for claimed_path in claim.paths
        if path_patterns.may_overlap(path, claimed_path)
    ]


def refuses_event(
    event: str, current: Claim | None, agent: str, *, task: str, is_manager: bool, engineer: str | None
) -> str:
    """Why an event about a task is not the writer's to log; "" when it is (formats, guarded events)."""
    if ids.is_thread_only(task):
        return ""
    if event in ("complete", "pr_opened", "release"):
        if current is None:
            return f"{task} is not claimed"
        if current.is_live and current.agent_id != agent:
            return f"{task} is held by {current.agent_id} ({current.state})"
    may_report = is_manager or current is None or agent in (current.agent_id, engineer)
    if event in ("status", "proposal") and current is not None and current.state == "active" and not may_report:
        return f"{task} is held by {current.agent_id} (active)"
    return ""
