"""What waits for a person without hurting anybody yet: the amber part of the verdict, each row with its command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock, hint
from tools.core.board.alerts import Alarm, answer, assign
from tools.core.board.model import BeatRow, OverlapRow, Snapshot
from tools.core.bus import presence
from tools.core.bus.rules import claim_rules
from tools.core.bus.rules.claim_refusals import ask_hint
from tools.core.bus.rules.reservation import assigned_engineer
from tools.core.consensus.decisions import Decision
from tools.core.models.bus import Assignment, Claim, Event
from tools.core.models.entry import Entry
from tools.core.text import terminal

IDLE_AFTER = timedelta(minutes=10)
"""An agent without a task counts as idle after this time, so that one between two tasks does not."""

LIFTED = "lifted"
"""`meta.hold` of the event that ends a hold."""


class Waiting(NamedTuple):
    """The inputs of the reminders besides the snapshot."""

    reader: str  # the manager who reads, "" without one
    requests: Sequence[Entry]
    holds: Sequence[Event]
    overlaps: Sequence[OverlapRow]
    agents: Sequence[BeatRow]
    unproven: Sequence[Claim]  # finished lately, without a receipt that a plan or record cites
    decisions: Sequence[Decision]
    findings: Sequence[str]
    managers: Sequence[str]
    agent_window: timedelta
    unsent_since: datetime | None = None  # the oldest record that this clone alone has


def reminders(snapshot: Snapshot, waiting: Waiting, alarms: Iterable[Alarm]) -> list[Alarm]:
    """All reminders but for what an alarm says already; what blocks work first."""
    alarmed = {(alarm.task_id, alarm.record_id) for alarm in alarms}
    rows = [
        *map(_request, requests_for(waiting.requests, waiting.reader)),
        *_holds(snapshot, waiting),
        *map(_overlap, waiting.overlaps),
        *_absent_holders(snapshot, waiting.agents),
        *_unstarted(snapshot, waiting.agent_window),
        *_idle_agents(snapshot, waiting),
        *map(_late_decision, filter(lambda decision: decision.overdue, waiting.decisions)),
        *_unproven(waiting.unproven),
        *_findings(waiting.findings),
        *_unsent(snapshot, waiting),
    ]
    titles = snapshot.titles
    return [
        row._replace(title=titles.get(row.task_id, ""))
        for row in rows
        if not row.task_id or (row.task_id, row.record_id) not in alarmed
    ]


def requests_for(requests: Iterable[Entry], reader: str) -> list[Entry]:
    """The requests that wait for a manager: addressed to it or to every manager, and not its own."""
    return [
        entry
        for entry in requests
        if entry.kind == "request" and getattr(entry.record, "to", "") in ("", reader) and entry.agent != reader
    ]


def _request(entry: Entry) -> Alarm:
    text = f"{entry.agent} waits for an answer: {entry.record.summary}"
    return Alarm("request_for_you", entry.agent, entry.task, entry.at, text, answer(entry), record_id=entry.record.id)


def _holds(snapshot: Snapshot, waiting: Waiting) -> Iterator[Alarm]:
    """The holds that nobody with the right to it has lifted and whose task is not done since."""
    standing: dict[str, Event] = {}
    for event in waiting.holds:
        if event.meta.get("hold") != LIFTED:
            standing[event.task_id] = event
        elif event.task_id in standing and event.agent_id in (standing[event.task_id].agent_id, *waiting.managers):
            del standing[event.task_id]
    claims = {claim.task_id: claim for claim in snapshot.claims}
    for task, event in standing.items():
        claim, since = claims.get(task), clock.parse(event.ts)
        finished = clock.parse(claim.released_at) if claim is not None and claim.state == "done" else None
        if finished is None or since is None or finished < since:
            lifted = ("--summary", hint.WORDS, "--extra", f"hold={LIFTED}")
            about = ("--task", task) if task else ()
            command = hint.tool("agent.bus_event", "log", "--event", "hold", *about, *lifted)
            yield Alarm(
                "hold", event.agent_id, task, since, f"{event.agent_id} holds up work: {event.summary}", command
            )


def _overlap(row: OverlapRow) -> Alarm:
    text = (
        f"{row.task_id} of {row.agent_id} and {row.other_task_id} of {row.other_agent_id} may change the same files:"
        f" {row.path} and {row.other_path}"
    )
    return Alarm("overlap", row.agent_id, row.task_id, None, text, ask_hint(row.agent_id, row.task_id))


def _absent_holders(snapshot: Snapshot, agents: Sequence[BeatRow]) -> Iterator[Alarm]:
    away = {row.agent_id: row.last_seen for row in agents if row.state == presence.SIGNED_OFF}
    for claim in snapshot.live:
        if claim.state == "active" and claim.agent_id in away:
            text = f"{claim.agent_id} signed off and still holds {claim.task_id}"
            command = ask_hint(claim.agent_id, claim.task_id)
            yield Alarm("holder_away", claim.agent_id, claim.task_id, away[claim.agent_id], text, command)


def _unstarted(snapshot: Snapshot, window: timedelta) -> Iterator[Alarm]:
    """Assignments older than the window whose engineer has not begun."""
    claims = {claim.task_id: claim for claim in snapshot.claims}
    for assignment in snapshot.assignments:
        claim, since = claims.get(assignment.task_id), clock.parse(assignment.assigned_at)
        engineer = assigned_engineer(assignment, claim)
        is_old = window and since is not None and snapshot.now - since > window
        if engineer and is_old and not _is_begun(assignment, claim):
            text = f"{engineer} has not started {assignment.task_id}, assigned by {assignment.manager}"
            command = ask_hint(engineer, assignment.task_id)
            yield Alarm("assignment_waiting", engineer, assignment.task_id, since, text, command)


def _is_begun(assignment: Assignment, claim: Claim | None) -> bool:
    """Whether a task is begun or done; a claim that was put in place paused and never changed is not."""
    if claim is None or (claim.agent_id == assignment.engineer and claim_rules.is_seeded(claim)):
        return False
    return claim.is_live or claim.state == "done"


def _idle_agents(snapshot: Snapshot, waiting: Waiting) -> Iterator[Alarm]:
    """One row for all agents that are here and hold nothing while tasks are ready."""
    ready = [task.item.task_id for task in snapshot.tasks if task.state == "ready"]
    holders = {claim.agent_id for claim in snapshot.live}
    idle = [
        row
        for row in waiting.agents
        if row.agent_id not in holders
        and row.state != presence.SIGNED_OFF
        and row.last_seen is not None
        and IDLE_AFTER <= snapshot.now - row.last_seen <= waiting.agent_window
    ]
    if ready and idle:
        names = ", ".join(row.agent_id for row in idle[:5]) + (", …" if len(idle) > 5 else "")
        since = min(row.last_seen for row in idle if row.last_seen is not None)
        tasks = f"{terminal.number(len(ready), 'task is', 'tasks are')} ready"
        yield Alarm(
            "agents_idle",
            idle[0].agent_id,
            ready[0],
            since,
            f"{names} without a task while {tasks}",
            assign(ready[0], idle[0].agent_id),
        )


def _late_decision(decision: Decision) -> Alarm:
    command = hint.tool("consensus.receipts", "--decision", decision.id, "--summary", hint.WORDS)
    text = f"decision {decision.id} is overdue: {decision.overdue}"
    return Alarm(
        "decision_overdue", decision.manager or decision.proposer, "", decision.at, text, command, decision.plan
    )


def _unproven(claims: Sequence[Claim]) -> Iterator[Alarm]:
    if not claims:
        return
    first, more = claims[0], f" and {len(claims) - 1} more" if len(claims) > 1 else ""
    text = f"{first.task_id}{more} finished without evidence"
    options = ("--task", first.task_id, "--summary", hint.WORDS, "--receipt", hint.WORDS)
    command = hint.tool("agent.bus_event", "log", "--event", "note", *options)
    yield Alarm("unproven", first.agent_id, first.task_id, clock.parse(first.released_at), text, command)


def _findings(findings: Sequence[str]) -> Iterator[Alarm]:
    if findings:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        yield Alarm("findings", "", "", None, f"{findings[0]}{more}", hint.tool("agent.preflight"))


def _unsent(snapshot: Snapshot, waiting: Waiting) -> Iterator[Alarm]:
    """Records that have waited for an exchange for longer than an agent may be silent."""
    since = waiting.unsent_since
    if since is not None and snapshot.now - since > waiting.agent_window:
        text = "records of this clone have not reached the remote"
        yield Alarm("bus_unsent", "", "", since, text, hint.tool("agent.bus_sync", "--push"))
