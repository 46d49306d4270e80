"""Picking up work from the backlog: what an idle agent may take; concurrent requests get different tasks."""

from __future__ import annotations

from tools.core import clock, hint, ids
from tools.core.backlog import states, task_ids
from tools.core.backlog.items import DONE, DROPPED, all_items, dependencies_too, unknown_dependencies
from tools.core.bus import assignments, claim_documents, claims
from tools.core.bus.assignment_rules import AssignmentRequest
from tools.core.bus.rules import claim_rules
from tools.core.bus.rules.claim_refusals import claim_anyway_hint, done_refusal, held_refusal
from tools.core.context import Context
from tools.core.errors import ConflictError, DataError, GuardError, UsageError
from tools.core.fs import locks
from tools.core.models.bus import Claim
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.plans import storage
from tools.core.problem import Problem
from tools.core.receipts.write import record_warning
from tools.core.seats.seat import Seat
from tools.core.store.api import StaleVersion, retry_stale
from tools.core.text import terminal
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

SHOWN = 20
"""Tasks of a list; the rest is counted."""

BUSY = "busy_override"
"""The code of the warning that a seat took more work than one task."""


class Backlog(NamedTuple):
    """All tasks of the backlog, best first, and what their states are derived from."""

    tasks: list[states.Task]
    claims: list[Claim]  # the live ones, and those of tasks of the backlog
    plans: Mapping[str, str]  # the open plan of a backlog file, by its path
    problems: list[Problem]

    @property
    def ready(self) -> list[states.Task]:
        """The tasks that any seat may take now."""
        return [task for task in self.tasks if task.state == states.READY]

    def own(self, agent: str) -> list[states.Task]:
        """The tasks that are assigned to an agent and that it has not begun."""
        seeded = {claim.task_id for claim in self.claims if claim_rules.is_seeded(claim)}
        return [
            task
            for task in self.tasks
            if task.engineer == agent and (task.state == states.ASSIGNED or task.item.task_id in seeded)
        ]


def read(context: Context) -> Backlog:
    """The backlog as it stands now."""
    items, problems = all_items(context.workspace)
    documents = claim_documents.live(context.store, dependencies_too(items))
    problems += unknown_dependencies(items, [claim.task_id for claim in documents.claims])
    all_plans, _ = storage.all_plans(context.workspace)
    tasks = states.tasks_of(items, documents.claims, documents.assignments, documents.unreadable)
    return Backlog(tasks, documents.claims, states.plans_by_path(all_plans), [*problems, *documents.problems])


def document(task: states.Task, backlog: Backlog) -> dict[str, Any]:
    """A task as JSON."""
    item = task.item
    return {
        "task_id": item.task_id,
        "state": task.state,
        "priority": item.priority,
        "title": item.title,
        "goal": item.goal,
        "path": item.path,
        "plan_id": backlog.plans.get(item.path),
        "depends": list(item.depends),
        "waits_for": list(task.waits_for),
        "engineer": task.engineer or None,
    }


def table(shown: Sequence[states.Task], backlog: Backlog) -> str:
    """Tasks as a table."""
    if not shown:
        return "nothing is ready"
    rows = []
    for task in shown:
        item = task.item
        what = terminal.short(f"{item.title}: {item.goal}" if item.goal else item.title, 80)
        state = f"{task.state} ({task.engineer})" if task.engineer else task.state
        depends = ", ".join(f"{name}{'' if name in task.waits_for else ' (done)'}" for name in item.depends)
        rows.append((item.task_id, state, item.priority, backlog.plans.get(item.path, "-"), depends or "-", what))
    return terminal.table(("task", "state", "priority", "plan", "depends", "what"), rows)


def require_idle(seat: Seat, held: list[Claim], task: str) -> str:
    """GuardError while the seat is at work on something else."""
    held_tasks = [claim.task_id for claim in held if claim.state == "active" and claim.agent_id == seat.agent_id]
    active = [name for name in held_tasks if name != task and not ids.is_thread_only(name)]
    if active:
        raise GuardError(
            f"{seat.agent_id} is at work on {', '.join(active[:3])}",
            code="pickup.busy",
            hint=hint.tool("agent.bus_claim", "pause", "--task", active[0], "--notes", hint.WORDS),
            details={"tasks": active},
        )
    return task


class BusyGuard:
    """Holds a seat to one task at a time; where it may take more, leaves evidence of that once. Under the checkout's lock."""

    def __init__(self, context: Context, *, allow_busy: bool) -> None:
        self._context = context
        self._allow_busy = allow_busy
        self._has_recorded = False

    def check(self, held: list[Claim], task: str) -> None:
        """GuardError while the seat is at work on something else than a task and may not take more."""
        try:
            require_idle(self._context.seat, held, task)
        except GuardError as busy:
            if not self._allow_busy:
                raise
            if not self._has_recorded:
                self._record(f"{busy.message} and took another task")
            self._has_recorded = True

    def _record(self, message: str) -> None:
        from tools.core.models.evidence import Warning  # most seats take one task at a time

        stamp, agent = clock.to_text(self._context.now), self._context.seat.agent_id
        warning = Warning(ts=stamp, agent_id=agent, code=BUSY, message=message)
        record_warning(self._context.workspace, warning, has_lock=True)


class Picking:
    """Taking the best ready task; a second take keeps the first one's task while the seat still holds it."""

    def __init__(self, context: Context, *, allow_busy: bool) -> None:
        self._context = context
        self._guard = BusyGuard(context, allow_busy=allow_busy)
        self._taken: assignments.AssignmentResult | None = None
        self.problems: list[Problem] = []
        """What of the backlog could not be read."""

    def take(self) -> assignments.AssignmentResult | None:
        """Claims the task; None when nothing is ready; GuardError while the seat is at work."""
        if not self._is_still_held():
            self._taken = _alone(self._context.workspace, self._attempt)
        return self._taken

    def _is_still_held(self) -> bool:
        task = task_of(self._taken)
        claim = claim_documents.of_task(self._context.store, task).claim if task else None
        return claim is not None and claim.is_live and claim.agent_id == self._context.seat.agent_id

    def _attempt(self) -> assignments.AssignmentResult | None:
        backlog = read(self._context)
        self.problems = list(backlog.problems)
        self._guard.check(backlog.claims, "")
        own = [task for task in backlog.own(self._context.seat.agent_id) if not task.waits_for]
        for task in [*own, *backlog.ready]:
            with suppress(ConflictError, GuardError, UsageError, DataError):  # taken or blocked meanwhile: try the next
                return _take(self._context, task, backlog)
        return None


def task_of(result: assignments.AssignmentResult | None) -> str:
    """The task that was taken; "" for none."""
    return result.claim.task_id if result is not None and result.claim is not None else ""


def take(context: Context, name: str, *, allow_busy: bool) -> assignments.AssignmentResult:
    """Claims one task for an idle seat; raises why it cannot be taken."""
    guard = BusyGuard(context, allow_busy=allow_busy)

    def attempt() -> assignments.AssignmentResult:
        backlog = read(context)
        task = next((task for task in backlog.tasks if task.item.task_id == name), None)
        if task is None:
            task_ids.checked(context, name, lambda meant: hint.tool("agent.idle_pickup", "claim", "--task", meant))
            raise UsageError(
                f"{name} is not in the backlog (queue/)",
                code="pickup.unknown",
                hint=hint.tool("agent.idle_pickup", "list", "--all"),
            )
        require_takeable(context, task, {claim.task_id: claim for claim in backlog.claims}.get(name))
        guard.check(backlog.claims, name)
        return _take(context, task, backlog)

    taken: assignments.AssignmentResult = _alone(context.workspace, attempt)
    return taken


def _alone(workspace: Workspace, attempt: Callable[[], Any]) -> Any:
    with locks.hold(workspace.report):  # two runs of one seat must not both see it idle
        return retry_stale(attempt)


def require_takeable(context: Context, task: states.Task, claim: Claim | None) -> None:
    """Raises why a task of the backlog is not this seat's to take."""
    name, is_engineer = task.item.task_id, task.engineer == context.seat.agent_id
    if task.state == DONE and claim is not None and claim.state == "done":
        raise done_refusal(claim)
    if task.state in (DONE, DROPPED):
        raise ConflictError(f"{name} is {task.state}, says {task.item.path}", code="pickup.finished")
    if claim is not None and claim.is_live and not is_engineer and claim.paused_by in ("", claim.agent_id):
        raise held_refusal(claim, context.now)
    if task.state == states.ASSIGNED and not is_engineer:
        raise GuardError(
            f"{name} is assigned to {task.engineer}",
            code="claim.assigned",
            hint=claim_anyway_hint(name),
            details={"engineer": task.engineer},
        )
    if task.waits_for and not is_engineer:
        raise ConflictError(
            f"{name} waits for {', '.join(task.waits_for)}",
            code="pickup.waiting",
            hint=hint.tool("agent.idle_pickup", "list"),
            details={"waits_for": list(task.waits_for)},
        )


def _take(context: Context, task: states.Task, backlog: Backlog) -> assignments.AssignmentResult:
    name = task.item.task_id
    documents = claim_documents.of_task(context.store, name)
    if documents.claim != {claim.task_id: claim for claim in backlog.claims}.get(name):
        raise StaleVersion(name)
    assignment = documents.assignment if documents.engineer == context.seat.agent_id else None
    request = AssignmentRequest(
        name,
        context.seat.agent_id,
        assignment.manager if assignment else context.seat.agent_id,
        plan=(assignment.plan_id if assignment else "") or backlog.plans.get(task.item.path, ""),
        with_inbox=False,
    )
    return assignments.carry_out(context, documents, request, [])


def begin(context: Context, name: str | None, paths: tuple[str, ...]) -> Claim | None:
    """Claims the named task, in the backlog or not, or the best ready one; None when nothing is ready.

    The claim gets `paths`, or those that the backlog file names.
    """
    items = {item.task_id: item for item in all_items(context.workspace)[0]}
    if name is not None and name not in items:
        task_ids.checked(context, name, lambda meant: hint.tool("agent.next", "--task", meant))
        return _with_paths(context, name, paths)
    if name is None:
        picking = Picking(context, allow_busy=False)
        result = picking.take()
        context.warn(map(str, picking.problems))
    else:
        result = take(context, name, allow_busy=False)
    if result is None or result.claim is None:
        return None
    claim = result.claim
    claim_paths = paths or (items[claim.task_id].paths if claim.task_id in items else ())
    return _with_paths(context, claim.task_id, claim_paths) if claim_paths and not claim.paths else claim


def _with_paths(context: Context, task: str, paths: tuple[str, ...]) -> Claim:
    change = claims.take(context, claim_rules.Request(task, context.seat.agent_id, paths=paths or None))
    context.warn(change.warnings)
    return change.claim
