"""The rows of the board, section by section, from a snapshot and from records."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tools.core import clock
from tools.core.backlog import states
from tools.core.board.alerts import Alarm, Broken, answer
from tools.core.board.model import (
    AlertRow,
    BeatRow,
    ClaimRow,
    DecisionRow,
    HandoffRow,
    OverlapRow,
    PlanRow,
    RequestRow,
    Snapshot,
    TaskRow,
)
from tools.core.bus import handoffs, heartbeat, presence
from tools.core.bus.rules import path_patterns
from tools.core.consensus import decisions
from tools.core.context import Spell
from tools.core.models.bus import Claim
from tools.core.models.entry import Entry
from tools.core.models.plan import Plan
from tools.core.receipts import verify
from tools.core.workspace import Workspace

_AUTOMATION = re.compile(r"auto|hook", re.IGNORECASE)


def count(words: Iterable[str]) -> dict[str, int]:
    """How often each word occurs, by word."""
    counts: dict[str, int] = {}
    for word in sorted(words):
        counts[word] = counts.get(word, 0) + 1
    return counts


# -- plans ---------------------------------------------------------------------------------------


class PlanRows(NamedTuple):
    """The plans of each section, and the broken evidence of open plans."""

    active: list[PlanRow]
    unclaimed: list[PlanRow]
    automation: list[PlanRow]
    broken: list[Broken]


def plan_rows(workspace: Workspace, snapshot: Snapshot, unclaimed: Sequence[Plan]) -> PlanRows:
    """The rows of the open plans; each receipt is verified once."""
    rows: dict[str, PlanRow] = {}
    broken: list[Broken] = []
    for plan in snapshot.plans:
        if plan.is_open:
            verdicts = {path: verify.verdict(workspace, path) for path in plan.all_receipts}
            rows[plan.plan_id] = _plan_row(plan, snapshot, count(verdict.standing for verdict in verdicts.values()))
            broken += [
                Broken(plan, path, verdict.reason)
                for path, verdict in verdicts.items()
                if verdict.standing == verify.BROKEN
            ]
    return PlanRows(
        [rows[plan.plan_id] for plan in snapshot.plans if _is_active(plan, snapshot)],
        [rows[plan.plan_id] for plan in unclaimed],
        [rows[plan.plan_id] for plan in snapshot.plans if _is_automation(plan)],
        broken,
    )


def _is_active(plan: Plan, snapshot: Snapshot) -> bool:
    return plan.state in ("in_progress", "blocked") or (plan.is_open and bool(snapshot.holders[plan.plan_id]))


def _is_automation(plan: Plan) -> bool:
    words = " ".join([plan.plan_id, plan.summary, *(link.ref for link in plan.links)])
    return plan.is_open and "heartbeat" in words.lower() and _AUTOMATION.search(words) is not None


def _plan_row(plan: Plan, snapshot: Snapshot, evidence: Mapping[str, int]) -> PlanRow:
    return PlanRow(
        plan.plan_id,
        plan.state,
        plan.actor,
        plan.summary,
        clock.parse(plan.created),
        len(plan.steps) - len(plan.open_steps),
        len(plan.steps),
        tuple(step.title or step.id for step in plan.open_steps),
        tuple(sorted(states.tasks_of_plan(plan, snapshot.tasks_by_path))),
        tuple(f"{claim.agent_id} ({claim.task_id}, {claim.state})" for claim in snapshot.holders[plan.plan_id]),
        evidence,
    )


# -- claims and tasks ----------------------------------------------------------------------------


def claim_rows(snapshot: Snapshot, pulse: heartbeat.Pulse, agents: Sequence[BeatRow]) -> list[ClaimRow]:
    """The live claims, by state."""
    last_seen = {row.agent_id: row.last_seen for row in agents}
    idle = {claim.task_id for claim, _ in pulse.idle}
    titles = snapshot.titles
    return [
        ClaimRow(
            claim.task_id,
            claim.agent_id,
            claim.state,
            clock.parse(claim.claimed_at),
            last_seen.get(claim.agent_id),
            claim.task_id in idle,
            claim.branch,
            claim.plan_id,
            claim.paths,
            claim.notes,
            titles.get(claim.task_id, ""),
        )
        for claim in sorted(snapshot.live, key=lambda claim: (claim.state, claim.task_id))
    ]


def overlaps(live: Sequence[Claim]) -> list[OverlapRow]:
    """One row a pair of claims; sorted by the fixed start of their paths, only neighbours can overlap."""
    paths = sorted(
        ((path_patterns.fixed_folders(path), claim.task_id, path, claim) for claim in live for path in claim.paths),
        key=lambda row: row[:3],
    )
    rows: dict[frozenset[str], OverlapRow] = {}
    for number, (start, _, path, claim) in enumerate(paths):
        for later_start, _, later_path, later in itertools.islice(paths, number + 1, None):
            if later_start[: len(start)] != start:
                break
            if later.agent_id != claim.agent_id and path_patterns.may_overlap(path, later_path):
                row = OverlapRow(claim.task_id, claim.agent_id, path, later.task_id, later.agent_id, later_path)
                rows.setdefault(frozenset((claim.task_id, later.task_id)), row)
    return list(rows.values())


def ready_rows(snapshot: Snapshot) -> list[TaskRow]:
    """The tasks that can be claimed, in the order of the backlog."""
    plan_ids = states.plans_by_path(snapshot.plans)
    return [
        TaskRow(
            task.item.task_id,
            task.item.priority,
            task.item.title,
            task.item.goal,
            plan_ids.get(task.item.path, ""),
            task.item.depends,
            task.item.path,
        )
        for task in snapshot.tasks
        if task.state == states.READY
    ]


# -- single rows ---------------------------------------------------------------------------------


def request_row(entry: Entry, titles: Mapping[str, str], spell: Spell) -> RequestRow:
    """A request or directive as a row."""
    record, to = entry.record, getattr(entry.record, "to", "")
    title, command = titles.get(entry.task, ""), spell(answer(entry))
    return RequestRow(record.id, entry.kind, entry.task, entry.agent, to, entry.at, record.summary, title, command)


def alert_row(alarm: Alarm, spell: Spell) -> AlertRow:
    """An alarm as a row, with its command as the reader starts it."""
    return AlertRow(
        alarm.kind,
        alarm.agent_id,
        alarm.task_id,
        alarm.since,
        alarm.text,
        spell(alarm.hint),
        alarm.plan_id,
        alarm.record_id,
        alarm.title,
    )


def handoff_row(handoff: handoffs.Handoff) -> HandoffRow:
    """A dirty handoff as a row."""
    return HandoffRow(
        handoff.path, handoff.finder, handoff.owner, handoff.captured_at, handoff.branch, len(handoff.changes)
    )


def manager_row(manager: presence.Heartbeat) -> BeatRow:
    """The heartbeat of a manager as a row."""
    return BeatRow(manager.agent, "manager", manager.state, manager.at, manager.summary, manager.meta)


def decision_row(decision: decisions.Decision) -> DecisionRow:
    """An open decision as a row."""
    receipts = len(decision.receipts)
    return DecisionRow(decision.id, decision.manager, decision.at, decision.plan, receipts, decision.overdue)
