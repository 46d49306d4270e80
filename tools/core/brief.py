"""What a session should know of a task, and the operator's checklist of what is in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import boot, bus, clock, feed, files, ids, index, records
from tools.core.bus import Held
from tools.core.errors import DataError
from tools.core.seats import Seat
from tools.core.store import FileStore, stream_of
from tools.core.workspace import REPORT, Place, Workspace

PASS, WARN, FAIL = "pass", "warn", "fail"


class Brief(NamedTuple):
    """A task's claim and its newest events and messages, oldest first."""

    task: str
    held: Held
    events: list[feed.Entry]
    messages: list[feed.Entry]


class Check(NamedTuple):
    """One line of the operator's checklist: why, where, and the command that repairs it."""

    name: str
    status: str
    reason: str
    path: str
    repair: str


def gather(workspace: Workspace, store: FileStore, task: str, limit: int) -> Brief:
    """Reads the bus once."""
    with index.open_index(workspace) as known:
        events, _ = feed.select(known, feed.Query(tasks=[task], messages=False), limit)
        messages, _ = feed.select(known, feed.Query(tasks=[task], events=False), limit)
    return Brief(task, bus.held(store, task), events, messages)


def as_document(found: Brief) -> dict[str, Any]:
    """The brief as one JSON document."""
    claim, given = found.held.claim, found.held.assignment
    return {
        "task_id": found.task,
        "claim": {**records.to_mapping(claim), "state": claim.state} if claim else None,
        "assignment": records.to_mapping(given) if given else None,
        "events": [records.to_mapping(entry.record) for entry in found.events],
        "messages": [records.to_mapping(entry.record) for entry in found.messages],
    }


def checklist(workspace: Workspace, store: FileStore, seat: Seat, found: Brief, now: datetime) -> list[Check]:
    """The operator's checks, each with the command that repairs it."""
    checks: list[Callable[[], Check]] = [
        lambda: _manager_tail(workspace, store, seat),
        lambda: _planner_validate(workspace),
        lambda: _quickstart(workspace, seat),
        lambda: _claim_seed(workspace, seat, found),
        lambda: _task_sync(workspace),
        lambda: _receipts_index(workspace),
    ]
    return [check() for check in checks]


def _manager_tail(workspace: Workspace, store: FileStore, seat: Seat) -> Check:
    place = workspace.session(seat.agent_id).child(boot.TAIL)
    repair = f"python -m tools.agent.session_boot --agent {seat.agent_id}"

    def answer(status: str, reason: str) -> Check:
        return Check("manager_tail", status, reason, place.name, repair)

    head = (files.read_bytes(place) or b"").decode("utf-8", "replace").partition("\n")[0]
    captured = clock.parse(head.rpartition(" ")[2])
    if captured is None:
        return answer(FAIL, "the hub's tail was not captured at boot")
    newest = store.tail(stream_of(ids.HUB), 1).found
    said = clock.parse(newest[0].record.get("ts")) if newest else None
    if said is not None and said > captured:
        return answer(WARN, f"the hub has messages newer than the tail of {clock.to_text(captured)}")
    return answer(PASS, f"captured at {clock.to_text(captured)}")


def _planner_validate(workspace: Workspace) -> Check:
    place = workspace.in_root(f"{REPORT}/planner/validate/summary-latest.json")

    def answer(status: str, reason: str) -> Check:
        return Check("planner_validate", status, reason, place.name, "python -m tools.planner.validate --strict")

    try:
        content = files.read_json(place)
    except DataError as problem:
        return answer(FAIL, problem.message)
    if content is None:
        return answer(WARN, "the plans were never validated here")
    if content.get("exit_code") != 0:
        return answer(FAIL, f"the validation of {content.get('generated_at')} had findings")
    return answer(PASS, f"all plans passed at {content.get('generated_at')}")


def _quickstart(workspace: Workspace, seat: Seat) -> Check:
    place = workspace.agent_report(seat.agent_id).child("session_boot")
    names = files.names_in(place)
    repair = f"python -m tools.agent.session_boot --agent {seat.agent_id}"
    if names:
        return Check(
            "quickstart_receipts", PASS, f"{len(names)} receipts of boots", f"{place.name}/{names[-1]}", repair
        )
    return Check("quickstart_receipts", FAIL, "no receipt of a boot in this checkout", place.name, repair)


def _claim_seed(workspace: Workspace, seat: Seat, found: Brief) -> Check:
    claim = found.held.claim
    path = workspace.claim(found.task).name

    def answer(status: str, reason: str) -> Check:
        return Check("claim_seed", status, reason, path, f"python -m tools.agent.bus_claim claim --task {found.task}")

    if claim is None:
        return answer(FAIL, "no claim")
    if claim.agent_id != seat.agent_id:
        return answer(FAIL if claim.is_live else WARN, f"{claim.state}, {claim.agent_id}'s")
    return answer(PASS if claim.state == "active" else WARN, f"{claim.state}, yours")


def _task_sync(workspace: Workspace) -> Check:
    newest = _newest(workspace, "task_sync")
    repair = "python -m tools.agent.task_sync"
    if newest is None:
        return Check("task_sync", WARN, "the backlog was never synced here", f"{REPORT}/agent/*/task_sync", repair)
    return Check("task_sync", PASS, "the backlog was synced", newest.name, repair)


def _newest(workspace: Workspace, kind: str) -> Place | None:
    """The receipt of a kind with the latest stamp in its name, whoever wrote it."""
    top = workspace.in_root(f"{REPORT}/agent")
    found = []
    for agent in files.names_in(top):
        if ids.is_agent(agent):
            place = workspace.agent_report(agent).child(kind)
            found += [(name, place.child(name)) for name in _names_in(place)]
    return max(found)[1] if found else None


def _names_in(place: Place) -> list[str]:
    try:
        return files.names_in(place)
    except DataError:  # a file or a link stands where the folder belongs
        return []


def _receipts_index(workspace: Workspace) -> Check:
    place = workspace.in_root(f"{REPORT}/usage/receipts-index.jsonl")
    repair = "python -m tools.agent.receipts_index --output receipts-index.jsonl"
    if files.exists(place):
        return Check("receipts_index", PASS, "there is an index", place.name, repair)
    return Check("receipts_index", WARN, "there is no index of receipts", place.name, repair)
