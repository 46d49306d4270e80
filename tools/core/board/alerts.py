"""The alarms of the board: only conditions that a command clears, with that command.

Retired agents, blocked plans, paused claims and agents without live work never alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock, hint, ids
from tools.core.board.model import Snapshot
from tools.core.bus import handoffs, heartbeat
from tools.core.bus.rules.claim_refusals import ask_hint
from tools.core.bus.rules.claim_rules import STALE_AFTER
from tools.core.hint import Hint
from tools.core.models.entry import Entry
from tools.core.models.plan import Plan
from tools.core.text import terminal

PLACEHOLDER = f'"{hint.WORDS}"'
"""The placeholder in a command for words that only a person can supply."""

ANSWER_WITHIN = timedelta(hours=24)
"""A request without an answer alarms after this time."""


class Alarm(NamedTuple):
    """A condition that needs action: the agent, the start, and the command that clears it."""

    kind: str
    agent_id: str
    task_id: str
    since: datetime | None
    text: str
    hint: Hint | None
    plan_id: str = ""
    record_id: str = ""  # of the request that waits
    title: str = ""  # the task's, else the plan's summary


class Broken(NamedTuple):
    """A receipt of an open plan whose content no longer fits its recorded hash."""

    plan: Plan
    path: str
    reason: str


class Signals(NamedTuple):
    """The inputs of the alarms besides the snapshot."""

    pulse: heartbeat.Pulse
    dirty: Sequence[handoffs.Handoff]
    unclaimed: Sequence[Plan]
    waiting: Sequence[Entry]
    broken: Sequence[Broken]


def alarms(snapshot: Snapshot, signals: Signals) -> list[Alarm]:
    """All alarms: those that block work first; within a kind the oldest first.

    Managers, silent holders, requests without an answer, dirty trees, forgotten plans, broken evidence.
    """
    retired, waiting = signals.pulse.retired, signals.waiting
    done = {claim.task_id for claim in snapshot.claims if claim.state == "done"}
    managers = [alert for alert in signals.pulse.alerts if alert.kind.startswith("manager")]
    silent = [alert for alert in signals.pulse.alerts if alert.kind == "agent_idle"]
    forgotten = [plan for plan in signals.unclaimed if plan.state == "in_progress" and plan.actor not in retired]
    groups = (
        [_of_heartbeat(alert, waiting, snapshot.now) for alert in managers],
        [_of_heartbeat(alert, waiting, snapshot.now) for alert in silent],
        [_unanswered(entry) for entry in waiting if _is_overdue(entry, snapshot, retired)],
        [_dirty(handoff) for handoff in signals.dirty if handoff.owner not in retired],
        [_forgotten(plan, snapshot, done) for plan in forgotten],
        [_broken(receipt) for receipt in signals.broken],
    )
    ordered = [alarm for group in groups for alarm in sorted(group, key=lambda alarm: alarm.since or clock.EPOCH)]
    titles, summaries = snapshot.titles, {plan.plan_id: plan.summary for plan in snapshot.plans}
    return [
        alarm._replace(title=titles.get(alarm.task_id, "") or summaries.get(alarm.plan_id, "")) for alarm in ordered
    ]


def _of_heartbeat(alert: heartbeat.Alert, waiting: Sequence[Entry], now: datetime) -> Alarm:
    texts = {
        "manager_stale": f"manager {alert.agent} is stale: no heartbeat inside the window",
        "manager_missing": f"manager {alert.agent} is missing: never a heartbeat",
        "agent_idle": f"{alert.agent} holds {alert.task} and gives no sign of life",
    }
    text = texts.get(alert.kind, alert.text)
    return Alarm(alert.kind, alert.agent, alert.task, alert.since, text, _clearing(alert, waiting, now))


def _clearing(alert: heartbeat.Alert, waiting: Sequence[Entry], now: datetime) -> Hint | None:
    """The command that clears an alert of the heartbeat check; a holder is asked until its claim may be paused."""
    if alert.kind == "manager_stale":
        return hint.tool("agent.manager_report", "--log-heartbeat", "--agent", alert.agent)
    if alert.kind == "manager_missing":
        return hint.tool("agent.session_boot", "--agent", alert.agent, "--focus", "manager")
    if alert.kind == "manager_away":
        return next((answer(entry) for entry in waiting if _addressee(entry) in ("", alert.agent)), None)
    if alert.since is not None and now - alert.since < STALE_AFTER:
        return ask_hint(alert.agent, alert.task)
    return hint.tool("agent.bus_claim", "pause", "--task", alert.task, "--notes", hint.WORDS)


def _dirty(handoff: handoffs.Handoff) -> Alarm:
    text = (
        f"{handoff.finder} found {terminal.number(len(handoff.changes), 'uncommitted change')} of {handoff.owner}"
        f" on {handoff.branch or 'an unknown branch'}"
    )
    command = hint.tool("agent.coord_dashboard", "clear", "--agent", handoff.owner, "--note", hint.WORDS)
    return Alarm("dirty_handoff", handoff.owner, "", handoff.captured_at, text, command)


def _forgotten(plan: Plan, snapshot: Snapshot, done: Collection[str]) -> Alarm:
    text = f"plan {plan.plan_id} is in progress without a live claim"
    block = hint.tool("planner.cli", "status", plan.plan_id, "blocked") if ids.is_plan(plan.plan_id) else None
    for ref in (*plan.refs("bus"), *plan.refs("queue")):
        task = snapshot.tasks_by_path.get(ref, ref.rpartition("/")[2].removesuffix(".json"))
        if ids.is_task(task) and not ids.is_thread_only(task) and task not in done:
            claim = hint.tool("agent.bus_claim", "claim", "--task", task, "--plan", plan.plan_id)
            return Alarm("plan_unclaimed", plan.actor, task, clock.parse(plan.created), text, claim, plan.plan_id)
    return Alarm("plan_unclaimed", plan.actor, "", clock.parse(plan.created), text, block, plan.plan_id)


def _broken(receipt: Broken) -> Alarm:
    plan = receipt.plan
    text = f"plan {plan.plan_id} cites {receipt.path}, which is broken: {receipt.reason}"
    verify = hint.tool("agent.receipt_run", "verify", receipt.path)
    return Alarm("evidence_broken", plan.actor, "", None, text, verify, plan.plan_id)


def _is_overdue(entry: Entry, snapshot: Snapshot, retired: Collection[str]) -> bool:
    """Whether a request can be answered (it has an id), waits too long, and its addressee is not retired."""
    waits_too_long = entry.at is not None and snapshot.now - entry.at > ANSWER_WITHIN
    return entry.kind == "request" and bool(entry.record.id) and waits_too_long and _addressee(entry) not in retired


def _addressee(entry: Entry) -> str:
    return getattr(entry.record, "to", "")


def _unanswered(entry: Entry) -> Alarm:
    addressee = _addressee(entry)
    text = (
        f"a request from {entry.agent}{f' to {addressee}' if addressee else ''} has no answer: {entry.record.summary}"
    )
    return Alarm("request_waiting", addressee, entry.task, entry.at, text, answer(entry), record_id=entry.record.id)


def answer(entry: Entry) -> Hint:
    """The command that answers a request."""
    reply = ("--reply-to", entry.record.id) if entry.record.id else ()
    options = ("--task", entry.task, "--type", "status", "--summary", hint.WORDS, *reply)
    return hint.tool("agent.bus_message", *options)


def assign(task: str, engineer: str = hint.WORDS) -> Hint:
    """The command that assigns a task."""
    return hint.tool("agent.task_assign", "--task", task, "--engineer", engineer)
