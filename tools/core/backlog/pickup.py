"""What an idle agent may take from the backlog, and the taking: two who ask at once get different tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.backlog import states
from tools.core.backlog.items import DONE, DROPPED, all_items
from tools.core.bus import assignments, claim_documents, claim_rules, claims
from tools.core.context import Context
from tools.core.errors import ConflictError, DataError, GuardError, UsageError
from tools.core.fs import locks
from tools.core.models.bus import Claim
from tools.core.models.evidence import Warning
from tools.core.models.plan import Plan
from tools.core.plans import files as plans
from tools.core.problem import Problem
from tools.core.receipts import write as receipts
from tools.core.seats.seat import Seat
from tools.core.store.api import StaleVersion, retry_stale
from tools.core.workspace import Workspace

BUSY = "busy_override"
"""The code of the warning that a seat took more work than one task."""


class Backlog(NamedTuple):
    """All tasks of the backlog, best first, and what they are told from."""

    tasks: list[states.Task]
    claims: list[Claim]
    plans: Mapping[str, str]  # the open plan of a backlog file, by its path
    problems: list[Problem]

    @property
    def ready(self) -> list[states.Task]:
        """What anybody may take now."""
        return [task for task in self.tasks if task.state == states.READY]


def read(context: Context) -> Backlog:
    """The backlog as it stands now."""
    items, problems = all_items(context.workspace)
    found, more = claim_documents.all_claims(context.store)
    given, still_more = claim_documents.all_assignments(context.store)
    known, _ = plans.all_plans(context.workspace)
    tasks = states.tasks_of(items, found, given, claim_documents.unreadable(context.store, found, given))
    return Backlog(tasks, found, plans_by_path(known), [*problems, *more, *still_more])


def plans_by_path(known: list[Plan]) -> dict[str, str]:
    """The newest open plan that links each backlog file."""
    return {ref: plan.plan_id for plan in known if plan.is_open for ref in plan.refs("queue")}


def require_idle(seat: Seat, held: list[Claim], task: str) -> str:
    """GuardError while the seat is at work on something else."""
    at_work = [claim.task_id for claim in held if claim.state == "active" and claim.agent_id == seat.agent_id]
    others = [other for other in at_work if other != task and not ids.is_thread_only(other)]
    if others:
        raise GuardError(
            f"{seat.agent_id} is at work on {', '.join(others[:3])}",
            code="pickup.busy",
            hint=hint.tool("agent.bus_claim", "pause", "--task", others[0], "--notes", hint.WORDS),
            details={"tasks": others},
        )
    return task


def record_busy(context: Context) -> None:
    """Leaves evidence when a seat that is at work takes more."""
    try:
        require_idle(context.seat, claim_documents.all_claims(context.store)[0], "")
    except GuardError as busy:
        message = f"{busy.message} and took another task"
        receipts.warn(
            context.workspace,
            Warning(ts=clock.to_text(context.now), agent_id=context.seat.agent_id, code=BUSY, message=message),
        )


def take_next(context: Context, *, allow_busy: bool) -> tuple[assignments.Placed | None, list[Problem]]:
    """Claims the best ready task, and says what of the backlog cannot be read; GuardError while the seat is at work.

    None when nothing is ready.
    """
    problems: list[Problem] = []

    def attempt() -> assignments.Placed | None:
        backlog = read(context)
        problems[:] = backlog.problems
        if not allow_busy:
            require_idle(context.seat, backlog.claims, "")
        for task in backlog.ready:
            with suppress(ConflictError, GuardError, UsageError, DataError):  # not to be had after all: the next one
                return _take(context, task, backlog)
        return None

    taken: assignments.Placed | None = _alone(context.workspace, attempt)
    return taken, problems


def take(context: Context, name: str, *, allow_busy: bool) -> assignments.Placed:
    """Claims one task for an idle seat; raises what keeps it from being taken."""

    def attempt() -> assignments.Placed:
        backlog = read(context)
        task = next((task for task in backlog.tasks if task.item.task_id == name), None)
        if task is None:
            raise UsageError(
                f"{name} is not in the backlog (queue/)",
                code="pickup.unknown",
                hint=hint.tool("agent.idle_pickup", "list", "--all"),
            )
        require_takeable(context, task, {claim.task_id: claim for claim in backlog.claims}.get(name))
        if not allow_busy:
            require_idle(context.seat, backlog.claims, name)
        return _take(context, task, backlog)

    taken: assignments.Placed = _alone(context.workspace, attempt)
    return taken


def _alone(workspace: Workspace, attempt: Callable[[], Any]) -> Any:
    with locks.hold(workspace.report):  # two runs of one seat must not both find it idle
        return retry_stale(attempt)


def require_takeable(context: Context, task: states.Task, claim: Claim | None) -> None:
    """Raises why a task of the backlog is not this seat's to take."""
    name, mine = task.item.task_id, task.engineer == context.seat.agent_id
    if task.state == DONE and claim is not None and claim.state == "done":
        raise claim_rules.done(claim)
    if task.state in (DONE, DROPPED):
        raise ConflictError(f"{name} is {task.state}, says {task.item.path}", code="pickup.finished")
    if claim is not None and claim.is_live and not mine and claim.paused_by in ("", claim.agent_id):
        raise claim_rules.held(claim, claim_rules.Facts(context.now))
    if task.state == states.ASSIGNED and not mine:
        raise GuardError(
            f"{name} is assigned to {task.engineer}",
            code="claim.assigned",
            hint=claim_rules.past_the_assignment(name),
            details={"engineer": task.engineer},
        )
    if task.waits_for and not mine:
        raise ConflictError(
            f"{name} waits for {', '.join(task.waits_for)}",
            code="pickup.waiting",
            hint=hint.tool("agent.idle_pickup", "list"),
            details={"waits_for": list(task.waits_for)},
        )


def _take(context: Context, task: states.Task, backlog: Backlog) -> assignments.Placed:
    name = task.item.task_id
    found = claim_documents.held(context.store, name)
    if found.claim != {claim.task_id: claim for claim in backlog.claims}.get(name):
        raise StaleVersion(name)
    mine = found.assignment if found.engineer == context.seat.agent_id else None
    order = assignments.Order(
        name,
        context.seat.agent_id,
        mine.manager if mine else context.seat.agent_id,
        plan=(mine.plan_id if mine else "") or backlog.plans.get(task.item.path, ""),
        with_inbox=False,
    )
    return assignments.carry_out(context, found, order, [])


def begin(context: Context, name: str | None, paths: tuple[str, ...]) -> Claim | None:
    """Claims a named task, of the backlog or not, or the best ready one; None when nothing is ready.

    Its paths are those given, else those that its backlog file names.
    """
    items = {item.task_id: item for item in all_items(context.workspace)[0]}
    if name is not None and name not in items:
        return _with_paths(context, name, paths)
    if name is None:
        placed, problems = take_next(context, allow_busy=False)
        context.warn(map(str, problems))
    else:
        placed = take(context, name, allow_busy=False)
    if placed is None or placed.claim is None:
        return None
    claim = placed.claim
    named = paths or (items[claim.task_id].paths if claim.task_id in items else ())
    return _with_paths(context, claim.task_id, named) if named and not claim.paths else claim


def _with_paths(context: Context, task: str, paths: tuple[str, ...]) -> Claim:
    change = claims.take(context, claim_rules.Request(task, context.seat.agent_id, paths=paths or None))
    context.warn(change.warnings)
    return change.claim
