"""The claim and the newest records of a task, and the operator's checklist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.backlog import status_sync
from tools.core.bus import claim_documents
from tools.core.bus.claim_documents import TaskDocuments
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.hint import Hint
from tools.core.models.bus import CLAIMS, EVENTS, stream_of
from tools.core.models.entry import Entry, Query
from tools.core.models.record import to_mapping
from tools.core.plans.check import check_plans
from tools.core.plans.storage import all_places
from tools.core.reports import receipts_index
from tools.core.session import boot
from tools.core.text import terminal
from tools.core.workspace import PLANS, QUEUE, REPORT

PASS, WARN, FAIL = "pass", "warn", "fail"


class Brief(NamedTuple):
    """A task's claim and its newest events and messages, oldest first."""

    task: str
    held: TaskDocuments
    events: list[Entry]
    messages: list[Entry]


class Check(NamedTuple):
    """One line of the operator's checklist: the reason, the file, and the command that repairs it."""

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
    return Brief(task, claim_documents.of_task(context.store, task), events, messages)


def as_document(brief: Brief) -> dict[str, Any]:
    """The brief as one JSON document."""
    claim, assignment = brief.held.claim, brief.held.assignment
    return {
        "task_id": brief.task,
        "claim": {**to_mapping(claim), "state": claim.state} if claim else None,
        "assignment": to_mapping(assignment) if assignment else None,
        "events": [to_mapping(entry.record) for entry in brief.events],
        "messages": [to_mapping(entry.record) for entry in brief.messages],
    }


def checklist(context: Context, brief: Brief) -> list[Check]:
    """The operator's checks, each with the command that repairs it."""
    checks: list[Callable[[], Check]] = [
        lambda: _manager_tail(context),
        lambda: _planner_validate(context),
        lambda: _quickstart(context),
        lambda: _claim_seed(context, brief),
        lambda: _task_sync(context),
        lambda: _receipts_index(context),
    ]
    return [check() for check in checks]


def _and_more(rows: Sequence[object], singular: str, plural: str) -> str:
    """The number of rows, and the first of them."""
    return f"{terminal.number(len(rows), singular, plural)}: {rows[0]}"


def _manager_tail(context: Context) -> Check:
    place = context.workspace.session(context.seat.agent_id).child(boot.TAIL)
    repair = hint.tool("agent.session_boot", "--agent", context.seat.agent_id)

    def answer(status: str, reason: str) -> Check:
        return Check("manager_tail", status, reason, place.name, repair)

    head = (files.read_bytes(place) or b"").decode("utf-8", "replace").partition("\n")[0]
    captured = clock.parse(head.rpartition(" ")[2])
    if captured is None:
        return answer(FAIL, "no tail of the hub was captured at boot")
    newest = context.store.tail(stream_of(ids.HUB), 1).records
    posted = clock.parse(newest[0].record.get("ts")) if newest else None
    if posted is not None and posted > captured:
        return answer(WARN, f"the hub has messages newer than the tail of {clock.to_text(captured)}")
    return answer(PASS, f"captured at {clock.to_text(captured)}")


def _planner_validate(context: Context) -> Check:
    """Checks every plan strictly."""

    def answer(status: str, reason: str, path: str = PLANS) -> Check:
        return Check("planner_validate", status, reason, path, hint.tool("planner.validate", "--strict"))

    places = all_places(context.workspace)
    results = check_plans(context, places, strict=True)
    problems = [finding.problem for result in results for finding in result.findings]
    if problems:
        return answer(FAIL, _and_more(problems, "finding", "findings"), problems[0].path)
    return answer(PASS, f"{terminal.number(len(places), 'plan is', 'plans are')} strictly valid")


def _quickstart(context: Context) -> Check:
    place = context.workspace.agent_report(context.seat.agent_id).child("session_boot")
    names = files.names_in(place)
    repair = hint.tool("agent.session_boot", "--agent", context.seat.agent_id)
    if names:
        return Check(
            "quickstart_receipts",
            PASS,
            f"{terminal.number(len(names), 'receipt')} of boots",
            f"{place.name}/{names[-1]}",
            repair,
        )
    return Check("quickstart_receipts", FAIL, "no receipt of a boot in this checkout", place.name, repair)


def _claim_seed(context: Context, brief: Brief) -> Check:
    claim = brief.held.claim
    path = context.store.where(f"{CLAIMS}/{brief.task}")

    def answer(status: str, reason: str) -> Check:
        return Check("claim_seed", status, reason, path, hint.tool("agent.bus_claim", "claim", "--task", brief.task))

    if claim is None:
        return answer(FAIL, "no claim")
    if claim.agent_id != context.seat.agent_id:
        return answer(FAIL if claim.is_live else WARN, f"{claim.state}, held by {claim.agent_id}")
    return answer(PASS if claim.state == "active" else WARN, f"{claim.state}, yours")


def _task_sync(context: Context) -> Check:
    """Compares the status lines of the backlog with the claims, like `task_sync`."""
    edits, problems = status_sync.edits(context)
    repair = hint.tool("agent.task_sync")
    if edits:
        lines = [f"{edit.task_id} has {edit.before or 'no status'} and is {edit.after}" for edit in edits]
        return Check(
            "task_sync",
            WARN,
            _and_more(lines, "status line is behind", "status lines are behind"),
            edits[0].path,
            repair,
        )
    if problems:
        return Check(
            "task_sync", WARN, _and_more(problems, "file cannot be read", "files cannot be read"), QUEUE, repair
        )
    return Check("task_sync", PASS, "the status lines fit the claims", QUEUE, repair)


def _receipts_index(context: Context) -> Check:
    """Cited receipts that are missing or untracked."""
    repair = hint.tool("agent.receipts_index", "--missing")
    try:
        index = receipts_index.make(context)
    except ToolkitError as problem:
        return Check("receipts_index", FAIL, problem.message, REPORT, problem.hint or repair)
    index.body.close()
    if index.absent:
        lines = [f"{receipt.path} (cited by {receipt.cited_by}): {receipt.reason}" for receipt in index.absent]
        reason = _and_more(lines, "cited receipt is missing or untracked", "cited receipts are missing or untracked")
        return Check("receipts_index", FAIL, reason, index.absent[0].path, repair)
    return Check(
        "receipts_index",
        PASS,
        f"every cited receipt exists and is tracked ({index.summary['receipts']} files of evidence)",
        REPORT,
        repair,
    )
