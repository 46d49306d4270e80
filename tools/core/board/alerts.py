"""What may alarm on the board: only what somebody can act on, with the command that clears it.

Retired and signed-off agents, blocked plans, paused claims and agents without live work never do.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from tools.core import clock, ids
from tools.core.board.model import AlertRow, Snapshot
from tools.core.bus import handoffs, heartbeat
from tools.core.models.entry import Entry
from tools.core.models.plan import Plan

ANSWER_WITHIN = timedelta(hours=24)
"""How long a request may wait before it alarms."""


def alerts(
    seen: Snapshot,
    beat: heartbeat.Pulse,
    dirty: Sequence[handoffs.Handoff],
    unclaimed: Sequence[Plan],
    waiting: Sequence[Entry],
    away: Collection[str],
) -> list[AlertRow]:
    """All alerts: managers first, then dirty trees, silent holders, forgotten plans, old requests."""
    managers = [alert for alert in beat.alerts if alert.kind.startswith("manager")]
    done = {claim.task_id for claim in seen.claims if claim.state == "done"}
    silent = [alert for alert in beat.alerts if alert.kind == "agent_idle" and alert.agent not in away]
    return [
        *(_of_heartbeat(alert, waiting) for alert in managers),
        *(_dirty(handoff) for handoff in dirty if handoff.owner not in away),
        *(_of_heartbeat(alert, waiting) for alert in silent),
        *(_forgotten(plan, seen, done) for plan in unclaimed if plan.state == "in_progress" and plan.actor not in away),
        *(_unanswered(entry) for entry in waiting if _is_overdue(entry, seen, away)),
    ]


def _of_heartbeat(alert: heartbeat.Alert, waiting: Sequence[Entry]) -> AlertRow:
    who = shlex.quote(alert.agent)
    command: dict[str, Callable[[], str]] = {
        "manager_stale": lambda: f"python -m tools.agent.manager_report --log-heartbeat --agent {who}",
        "manager_missing": lambda: f"python -m tools.agent.session_boot --agent {who} --focus manager",
        "manager_away": lambda: next(
            (answer(entry) for entry in waiting if getattr(entry.record, "to", "") in ("", alert.agent)), ""
        ),
        "agent_idle": lambda: (
            f"python -m tools.agent.bus_claim pause --task {shlex.quote(alert.task)} --notes <what was found>"
        ),
    }
    words = {
        "manager_stale": f"manager {alert.agent} is stale: no heartbeat inside the window",
        "manager_missing": f"manager {alert.agent} is missing: never a heartbeat",
        "agent_idle": f"{alert.agent} holds {alert.task} and gives no sign of life",
    }
    text = words.get(alert.kind, alert.text)
    return AlertRow(alert.kind, alert.agent, alert.task, alert.since, text, command[alert.kind]())


def _dirty(handoff: handoffs.Handoff) -> AlertRow:
    text = (
        f"{handoff.finder} found {len(handoff.changes)} uncommitted {'change' if len(handoff.changes) == 1 else 'changes'} of {handoff.owner}"
        f" on {handoff.branch or 'an unknown branch'}"
    )
    command = f"python -m tools.agent.coord_dashboard clear --agent {shlex.quote(handoff.owner)} --note <what was done>"
    return AlertRow("dirty_handoff", handoff.owner, "", handoff.captured_at, text, command)


def _forgotten(plan: Plan, seen: Snapshot, done: Collection[str]) -> AlertRow:
    text = f"plan {plan.plan_id} is in progress and nobody holds a claim on it"
    command = f"python -m tools.planner.cli status {shlex.quote(plan.plan_id)} blocked"
    for ref in (*plan.refs("bus"), *plan.refs("queue")):
        task = seen.tasks_by_path.get(ref, ref.rpartition("/")[2].removesuffix(".json"))
        if ids.is_task(task) and not ids.is_thread_only(task) and task not in done:
            command = f"python -m tools.agent.bus_claim claim --task {task} --plan {shlex.quote(plan.plan_id)}"
            return AlertRow("plan_unclaimed", plan.actor, task, clock.parse(plan.created), text, command)
    return AlertRow("plan_unclaimed", plan.actor, "", clock.parse(plan.created), text, command)


def _is_overdue(entry: Entry, seen: Snapshot, away: Collection[str]) -> bool:
    """A request with an id, so that it can be answered, to somebody who is there to answer."""
    waits_too_long = entry.at is not None and seen.now - entry.at > ANSWER_WITHIN
    return entry.kind == "request" and bool(entry.record.id) and waits_too_long and _addressee(entry) not in away


def _addressee(entry: Entry) -> str:
    return getattr(entry.record, "to", "")


def _unanswered(entry: Entry) -> AlertRow:
    whom = _addressee(entry)
    text = f"a request from {entry.agent}{f' to {whom}' if whom else ''} has no answer: {entry.record.summary}"
    return AlertRow("request_waiting", whom, entry.task, entry.at, text, answer(entry))


def answer(entry: Entry) -> str:
    """The command that answers a request."""
    reply = f" --reply-to {entry.record.id}" if entry.record.id else ""
    return f"python -m tools.agent.bus_message --task {shlex.quote(entry.task)} --type status --summary <answer>{reply}"
