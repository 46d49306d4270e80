"""The state table: each task's and plan's state, derived from claim, assignment, backlog file and dependencies.

No other module decides what is live, ready or unclaimed.

    claim       assignment  file         dependencies   the task is
    file says dropped, no live claim                    dropped
    done        any         any          any            done
    active      any         any          any            active
    paused      any         any          any            paused
    released,   reserved    not done     any            assigned
     or none
    released    free        any          all done       ready        (ready again)
    none        free        open         all done       ready
    released,   free        open         not all done   waiting
     or none
    none        free        done         any            done
    none        free        in_progress  any            in_progress  (by the file alone)
    released,   free        deferred     any            deferred     (postponed)
     or none
    none        free        unknown      any            unknown
    damaged, or its assignment is                       unknown

A claim's own words are `Claim.state` and `Claim.is_live`, for whom a task is reserved is
`reservation.assigned_engineer`, who is idle is `presence.idle_holders`, who may be presumed gone is
`claim_rules.is_stale`.
"""

from __future__ import annotations

from tools.core.backlog.items import DEFERRED, DONE, DROPPED, IN_PROGRESS, OPEN, UNKNOWN, Item
from tools.core.bus.rules.reservation import assigned_engineer
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tools.core.bus.rules.reservation import Holding, Reserving
    from tools.core.models.bus import Claim
    from tools.core.models.plan import Plan

ACTIVE = "active"
ASSIGNED = "assigned"
READY = "ready"
WAITING = "waiting"

_OF_CLAIM = {"active": IN_PROGRESS, "paused": IN_PROGRESS, "done": DONE, "released": OPEN}


class Task(NamedTuple):
    """A task of the backlog and its state by the table."""

    item: Item
    state: str
    engineer: str  # who holds it or whom it is reserved for
    waits_for: tuple[str, ...]  # dependencies that are not done


def file_status(item: Item, claim: Holding | None) -> str:
    """The status a backlog file should have: the claim's where there is a claim.

    Dropped stays dropped, deferred stays deferred until its claim is done.
    """
    if item.status == DROPPED or claim is None:
        return item.status
    if item.status == DEFERRED and claim.state != "done":
        return item.status
    return _OF_CLAIM[claim.state]


def is_done(task: str, items: Mapping[str, Item], claims: Mapping[str, Holding]) -> bool:
    """Whether a task is done, as its claim says, else its backlog file."""
    claim = claims.get(task)
    if claim is not None:
        return claim.state == "done"
    return task in items and items[task].status == DONE


def task_of(
    item: Item,
    items: Mapping[str, Item],
    claims: Mapping[str, Holding],
    assignments: Mapping[str, Reserving],
) -> Task:
    """The state of one task by the table."""
    claim = claims.get(item.task_id)
    waits_for = tuple(task for task in item.depends if not is_done(task, items, claims))
    if claim is not None and claim.is_live:
        return Task(item, claim.state, claim.agent_id, waits_for)
    status = file_status(item, claim)
    if status in (DONE, DROPPED):
        return Task(item, status, claim.agent_id if claim else "", ())
    engineer = assigned_engineer(assignments.get(item.task_id), claim)
    if engineer:
        return Task(item, ASSIGNED, engineer, waits_for)
    if status != OPEN:
        return Task(item, status, "", waits_for)
    return Task(item, WAITING if waits_for else READY, "", waits_for)


def tasks_of(
    items: Iterable[Item],
    claims: Iterable[Holding],
    assignments: Iterable[Reserving],
    unreadable: Collection[str] = (),
) -> list[Task]:
    """All tasks of the backlog, best first; of `unreadable` ones the claim or assignment is damaged."""
    by_id = {item.task_id: item for item in items}
    claims_by_id = {claim.task_id: claim for claim in claims}
    assignments_by_id = {assignment.task_id: assignment for assignment in assignments}
    return [
        Task(item, UNKNOWN, "", ())
        if item.task_id in unreadable
        else task_of(item, by_id, claims_by_id, assignments_by_id)
        for item in sorted(by_id.values(), key=lambda item: item.rank)
    ]


def tasks_of_plan(plan: Plan, tasks_by_path: Mapping[str, str]) -> frozenset[str]:
    """The tasks a plan's links name: claims, backlog files, bare ids."""
    tasks = set()
    for link in plan.links:
        if link.type == "queue":
            tasks.add(tasks_by_path.get(link.ref, link.ref))
        elif link.type == "bus" and "/claims/" in link.ref:
            tasks.add(link.ref.rpartition("/")[2].removesuffix(".json"))
        elif link.type == "task":
            tasks.add(link.ref)
    return frozenset(tasks)


def holders_of_plans(
    plans: Iterable[Plan], claims: Iterable[Claim], items: Iterable[Item]
) -> dict[str, tuple[Claim, ...]]:
    """The live claims on each plan: those that name it, and those on tasks it is linked to."""
    live = [claim for claim in claims if claim.is_live]
    by_task = {claim.task_id: claim for claim in live}
    naming: dict[str, list[Claim]] = {}
    for claim in live:
        naming.setdefault(claim.plan_id, []).append(claim)
    by_path = {item.path: item.task_id for item in items}
    holders = {}
    for plan in plans:
        on_it = {claim.task_id: claim for claim in naming.get(plan.plan_id, ())}
        on_it.update((task, by_task[task]) for task in sorted(tasks_of_plan(plan, by_path)) if task in by_task)
        holders[plan.plan_id] = tuple(on_it.values())
    return holders


def plans_by_path(plans: Iterable[Plan]) -> dict[str, str]:
    """The newest open plan that links each backlog file."""
    return {ref: plan.plan_id for plan in plans if plan.is_open for ref in plan.refs("queue")}


def is_unclaimed(plan: Plan, holders: tuple[Claim, ...]) -> bool:
    """Whether a plan lacks a holder: queued or in progress, and no live claim on it."""
    return plan.state in ("queued", "in_progress") and not holders
