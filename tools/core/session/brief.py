"""What a session should know of a task, and the operator's checklist of what is in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.backlog import status_sync as task_sync
from tools.core.bus import claim_documents as holdings
from tools.core.bus.claim_documents import TaskDocuments
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.hint import Hint
from tools.core.models.bus import EVENTS, stream_of
from tools.core.models.entry import Entry, Query
from tools.core.models.record import to_mapping
from tools.core.plans import storage
from tools.core.plans.check import check_plans
from tools.core.reports import receipts_index as receipt_index
from tools.core.session import boot
from tools.core.workspace import PLANS, QUEUE, REPORT, Workspace

PASS, WARN, FAIL = "pass", "warn", "fail"


class Brief(NamedTuple):
    """A task's claim and its newest events and messages, oldest first."""

    task: str
    held: TaskDocuments
    events: list[Entry]
    messages: list[Entry]


class Check(NamedTuple):
    """One line of the operator's checklist: why, where, and the command that repairs it."""

    name: str
    status: str
    reason: str
    path: str
    repair: Hint


def gather(context: Context, task: str, limit: int) -> Brief:
    """Reads the bus once."""
    context.skipped(context.history.problems([EVENTS, stream_of(task)]))
    events, _ = context.history.select(Query(tasks=[task], messages=False), limit)
    messages, _ = context.history.select(Query(tasks=[task], events=False), limit)
    return Brief(task, holdings.of_task(context.store, task), events, messages)


def as_document(found: Brief) -> dict[str, Any]:
    """The brief as one JSON document."""
    claim, given = found.held.claim, found.held.assignment
    return {
        "task_id": found.task,
        "claim": {**to_mapping(claim), "state": claim.state} if claim else None,
        "assignment": to_mapping(given) if given else None,
        "events": [to_mapping(entry.record) for entry in found.events],
        "messages": [to_mapping(entry.record) for entry in found.messages],
    }


def checklist(context: Context, found: Brief) -> list[Check]:
    """The operator's checks, each with the command that repairs it."""
    checks: list[Callable[[], Check]] = [
        lambda: _manager_tail(context),
        lambda: _planner_validate(context.workspace),
        lambda: _quickstart(context),
        lambda: _claim_seed(context, found),
        lambda: _task_sync(context),
        lambda: _receipts_index(context.workspace),
    ]
    return [check() for check in checks]


def _and_more(found: Sequence[object], singular: str, plural: str) -> str:
    """How many there are, with the first of them."""
    return f"{len(found)} {singular if len(found) == 1 else plural}: {found[0]}"


def _manager_tail(context: Context) -> Check:
    place = context.workspace.session(context.seat.agent_id).child(boot.TAIL)
    repair = hint.tool("agent.session_boot", "--agent", context.seat.agent_id)

    def answer(status: str, reason: str) -> Check:
        return Check("manager_tail", status, reason, place.name, repair)

    head = (files.read_bytes(place) or b"").decode("utf-8", "replace").partition("\n")[0]
    captured = clock.parse(head.rpartition(" ")[2])
    if captured is None:
        return answer(FAIL, "the hub's tail was not captured at boot")
    newest = context.store.tail(stream_of(ids.HUB), 1).found
    said = clock.parse(newest[0].record.get("ts")) if newest else None
    if said is not None and said > captured:
        return answer(WARN, f"the hub has messages newer than the tail of {clock.to_text(captured)}")
    return answer(PASS, f"captured at {clock.to_text(captured)}")


def _planner_validate(workspace: Workspace) -> Check:
    """Holds the plans to their strict rules, now."""

    def answer(status: str, reason: str, path: str = PLANS) -> Check:
        return Check("planner_validate", status, reason, path, hint.tool("planner.validate", "--strict"))

    places = storage.all_places(workspace)
    results = check_plans(workspace, places, strict=True)
    found = [finding.problem for result in results for finding in result.findings]
    if found:
        return answer(FAIL, _and_more(found, "finding", "findings"), found[0].path)
    return answer(PASS, f"{len(places)} plans keep the strict rules")


def _quickstart(context: Context) -> Check:
    place = context.workspace.agent_report(context.seat.agent_id).child("session_boot")
    names = files.names_in(place)
    repair = hint.tool("agent.session_boot", "--agent", context.seat.agent_id)
    if names:
        return Check(
            "quickstart_receipts", PASS, f"{len(names)} receipts of boots", f"{place.name}/{names[-1]}", repair
        )
    return Check("quickstart_receipts", FAIL, "no receipt of a boot in this checkout", place.name, repair)


def _claim_seed(context: Context, found: Brief) -> Check:
    claim = found.held.claim
    path = context.workspace.claim(found.task).name

    def answer(status: str, reason: str) -> Check:
        return Check("claim_seed", status, reason, path, hint.tool("agent.bus_claim", "claim", "--task", found.task))

    if claim is None:
        return answer(FAIL, "no claim")
    if claim.agent_id != context.seat.agent_id:
        return answer(FAIL if claim.is_live else WARN, f"{claim.state}, {claim.agent_id}'s")
    return answer(PASS if claim.state == "active" else WARN, f"{claim.state}, yours")


def _task_sync(context: Context) -> Check:
    """Compares the backlog's status lines with the claims, as `task_sync` would."""
    edits, problems = task_sync.edits(context)
    repair = hint.tool("agent.task_sync")
    if edits:
        said = [f"{edit.task_id} says {edit.before or 'nothing'} and is {edit.after}" for edit in edits]
        return Check(
            "task_sync",
            WARN,
            _and_more(said, "status line is behind", "status lines are behind"),
            edits[0].path,
            repair,
        )
    if problems:
        return Check(
            "task_sync", WARN, _and_more(problems, "file cannot be read", "files cannot be read"), QUEUE, repair
        )
    return Check("task_sync", PASS, "the backlog says what the claims say", QUEUE, repair)


def _receipts_index(workspace: Workspace) -> Check:
    """Looks for receipts that are cited and missing or untracked."""
    repair = hint.tool("agent.receipts_index", "--missing")
    try:
        made = receipt_index.make(workspace)
    except ToolkitError as problem:
        return Check("receipts_index", FAIL, problem.message, REPORT, problem.hint or repair)
    made.body.close()
    if made.absent:
        said = [f"{one.path} (cited by {one.cited_by}): {one.reason}" for one in made.absent]
        reason = _and_more(
            said, "cited receipt is not where it should be", "cited receipts are not where they should be"
        )
        return Check("receipts_index", FAIL, reason, made.absent[0].path, repair)
    return Check(
        "receipts_index",
        PASS,
        f"every cited receipt is there ({made.summary['receipts']} files of evidence)",
        REPORT,
        repair,
    )
