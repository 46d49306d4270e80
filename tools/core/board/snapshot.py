"""The manager's board: one snapshot of plans, claims, backlog, requests and hearts, computed once.

`take` reads everything once and asks the index for the rest, so that a board costs the same however
long the history is. What may alarm is `board_alerts`, what a person reads is made in
`board_text`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tools.core import clock, hint, ids, versions
from tools.core.backlog import items as queue
from tools.core.backlog import pickup, states
from tools.core.board import alerts as board_alerts
from tools.core.board.model import (
    AlertRow,
    BeatRow,
    Board,
    ClaimRow,
    DecisionRow,
    DirectiveRow,
    HandoffRow,
    OverlapRow,
    PlanRow,
    RequestRow,
    Snapshot,
    TaskRow,
    View,
)
from tools.core.bus import claim_documents as holdings
from tools.core.bus import directives, handoffs, heartbeat
from tools.core.bus import path_patterns as globs
from tools.core.bus import presence as liveness
from tools.core.consensus import decisions
from tools.core.context import Context, Spell
from tools.core.fs import files
from tools.core.hint import Note
from tools.core.models import schema as shapes
from tools.core.models.bus import Claim
from tools.core.models.entry import Entry, Query
from tools.core.models.plan import Plan
from tools.core.plans import storage
from tools.core.problem import Problem
from tools.core.receipts import verify
from tools.core.seats.seat import bound_manifests
from tools.core.store.api import History
from tools.core.workspace import Workspace

QUIET_AGENTS = 20
"""Agents without live work that are listed, the latest seen first; the rest are counted."""

_MISSING = hint.tool("agent.receipts_index", "--missing")
_AUTOMATION = re.compile(r"auto|hook", re.IGNORECASE)


def read(context: Context) -> Snapshot:
    """Reads every document once."""
    claims, problems = holdings.all_claims(context.store)
    assignments, more = holdings.all_assignments(context.store)
    items, in_queue = queue.all_items(context.workspace)
    plans, in_plans = storage.all_plans(context.workspace)
    damaged = holdings.unreadable(context.store, claims, assignments) if more or problems else frozenset()
    return Snapshot(
        context.now,
        claims,
        [claim for claim in claims if claim.is_live],
        assignments,
        items,
        plans,
        bound_manifests(context.workspace),
        states.tasks_of(items, claims, assignments, damaged),
        states.holders_of_plans(plans, claims, items),
        {item.path: item.task_id for item in items},
        [*problems, *more, *in_queue, *in_plans],
    )


class _Judged(NamedTuple):
    """A plan's row, and what is broken of the evidence it cites."""

    row: PlanRow
    broken: list[board_alerts.Broken]


class _Asked(NamedTuple):
    """What the index answered, all at one moment."""

    waiting: list[Entry]
    pulse: heartbeat.Pulse
    dirty: list[handoffs.Handoff]
    agents: list[BeatRow]
    quiet_agents: int
    directives: list[DirectiveRow]
    older_directives: int
    decisions: list[decisions.Decision]
    problems: list[Problem]
    losses: list[Note]


def _ask(context: Context, seen: Snapshot, view: View) -> _Asked:
    history = context.history
    waiting = history.open_requests()
    beat = heartbeat.pulse(
        history,
        heartbeat.Participants(seen.claims, seen.assignments, seen.manifests, waiting),
        heartbeat.Windows(view.manager_window, view.agent_window),
        retired=view.retired,
        now=seen.now,
    )
    dirty, problems = handoffs.all_handoffs(context.workspace, history)
    return _Asked(
        waiting,
        beat,
        [handoff for handoff in dirty if handoff.is_open],
        *_agent_rows(history, seen, beat),
        *_directive_rows(history, waiting, view.messages),
        decisions.decisions(context),
        [*problems, *history.problems()],
        context.losses(),
    )


def take(context: Context, view: View) -> Board:
    """The board as of now."""
    return told(context, read(context), view)


def told(context: Context, seen: Snapshot, view: View) -> Board:
    """The board that a snapshot and the index tell."""
    asked = _ask(context, seen, view)
    unclaimed = [plan for plan in seen.plans if states.is_unclaimed(plan, seen.holders[plan.plan_id])]
    judged = {plan.plan_id: _judged(context.workspace, plan, seen) for plan in seen.plans if plan.is_open}
    broken = [receipt for plan in judged.values() for receipt in plan.broken]
    away = {row.agent_id for row in asked.agents if row.state == liveness.SIGNED_OFF} | asked.pulse.retired
    signals = board_alerts.Signals(asked.pulse, asked.dirty, unclaimed, asked.waiting, broken, away)
    alerts, titles = board_alerts.alerts(seen, signals), seen.titles
    return Board(
        version=versions.BOARD,
        generated_at=seen.now,
        verdict="red" if alerts else "green",
        manager_window_minutes=view.manager_window.total_seconds() / 60,
        agent_window_minutes=view.agent_window.total_seconds() / 60,
        alerts=[_alert_row(alarm, context.spell) for alarm in alerts],
        active_plans=[judged[plan.plan_id].row for plan in seen.plans if _is_active(plan, seen)],
        claims=_claim_rows(seen, asked.pulse, asked.agents),
        finished_claims=_count(claim.state for claim in seen.claims if not claim.is_live),
        overlaps=_overlaps(seen.live),
        unclaimed_plans=[judged[plan.plan_id].row for plan in unclaimed],
        ready=_ready_rows(seen),
        backlog=_count(task.state for task in seen.tasks),
        requests=[request_row(entry, titles, context.spell) for entry in asked.waiting],
        handoffs=[_handoff_row(handoff) for handoff in asked.dirty],
        managers=[
            BeatRow(row.agent, "manager", row.state, row.at, row.summary, row.meta) for row in asked.pulse.managers
        ],
        agents=asked.agents,
        quiet_agents=asked.quiet_agents,
        automation=[judged[plan.plan_id].row for plan in seen.plans if _is_automation(plan)],
        directives=asked.directives,
        older_directives=asked.older_directives,
        decisions=[
            DecisionRow(row.id, row.manager, row.at, row.plan, len(row.receipts), row.overdue)
            for row in asked.decisions
            if row.state == decisions.OPEN
        ],
        decided=sum(row.state != decisions.OPEN for row in asked.decisions),
        findings=list(
            dict.fromkeys(
                [
                    *map(str, [*seen.problems, *asked.problems]),
                    *_sentences([*asked.losses, *_unpointed(asked.directives)], context.spell),
                ]
            )
        ),
        notes=[]
        if asked.pulse.managers
        else ["no manager is known: none has booted here, and no assignment names one"],
    )


def _count(words: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in sorted(words):
        found[word] = found.get(word, 0) + 1
    return found


def _is_active(plan: Plan, seen: Snapshot) -> bool:
    return plan.state in ("in_progress", "blocked") or (plan.is_open and bool(seen.holders[plan.plan_id]))


def _is_automation(plan: Plan) -> bool:
    words = " ".join([plan.plan_id, plan.summary, *(link.ref for link in plan.links)])
    return plan.is_open and "heartbeat" in words.lower() and _AUTOMATION.search(words) is not None


def _judged(workspace: Workspace, plan: Plan, seen: Snapshot) -> _Judged:
    verdicts = {path: verify.verdict(workspace, path) for path in plan.all_receipts}
    broken = [
        board_alerts.Broken(plan, path, found.reason)
        for path, found in verdicts.items()
        if found.standing == verify.BROKEN
    ]
    return _Judged(_plan_row(plan, seen, _count(found.standing for found in verdicts.values())), broken)


def _plan_row(plan: Plan, seen: Snapshot, worth: Mapping[str, int]) -> PlanRow:
    return PlanRow(
        plan.plan_id,
        plan.state,
        plan.actor,
        plan.summary,
        clock.parse(plan.created),
        len(plan.steps) - len(plan.open_steps),
        len(plan.steps),
        tuple(step.title or step.id for step in plan.open_steps),
        tuple(sorted(states.tasks_of_plan(plan, seen.tasks_by_path))),
        tuple(f"{claim.agent_id} ({claim.task_id}, {claim.state})" for claim in seen.holders[plan.plan_id]),
        worth,
    )


def _claim_rows(seen: Snapshot, beat: heartbeat.Pulse, agents: Sequence[BeatRow]) -> list[ClaimRow]:
    signs = {row.agent_id: row.last_seen for row in agents}
    idle = {claim.task_id for claim, _ in beat.idle}
    titles = seen.titles
    return [
        ClaimRow(
            claim.task_id,
            claim.agent_id,
            claim.state,
            clock.parse(claim.claimed_at),
            signs.get(claim.agent_id),
            claim.task_id in idle,
            claim.branch,
            claim.plan_id,
            claim.paths,
            claim.notes,
            titles.get(claim.task_id, ""),
        )
        for claim in sorted(seen.live, key=lambda claim: (claim.state, claim.task_id))
    ]


def _overlaps(live: Sequence[Claim]) -> list[OverlapRow]:
    """One row a pair of claims; sorted by where their paths begin, only neighbours can overlap."""
    named = sorted(
        ((globs.fixed_folders(path), claim.task_id, path, claim) for claim in live for path in claim.paths),
        key=lambda row: row[:3],
    )
    found: dict[frozenset[str], OverlapRow] = {}
    for number, (start, _, mine, claim) in enumerate(named):
        for other_start, _, theirs, other in itertools.islice(named, number + 1, None):
            if other_start[: len(start)] != start:
                break
            if other.agent_id != claim.agent_id and globs.may_overlap(mine, theirs):
                row = OverlapRow(claim.task_id, claim.agent_id, mine, other.task_id, other.agent_id, theirs)
                found.setdefault(frozenset((claim.task_id, other.task_id)), row)
    return list(found.values())


def _ready_rows(seen: Snapshot) -> list[TaskRow]:
    linked = pickup.plans_by_path(seen.plans)
    return [
        TaskRow(
            task.item.task_id,
            task.item.priority,
            task.item.title,
            task.item.goal,
            linked.get(task.item.path, ""),
            task.item.depends,
            task.item.path,
        )
        for task in seen.tasks
        if task.state == states.READY
    ]


def request_row(entry: Entry, titles: Mapping[str, str], spell: Spell) -> RequestRow:
    """A request or directive as a row."""
    record, to = entry.record, getattr(entry.record, "to", "")
    title, command = titles.get(entry.task, ""), spell(board_alerts.answer(entry))
    return RequestRow(record.id, entry.kind, entry.task, entry.agent, to, entry.at, record.summary, title, command)


def _alert_row(alarm: board_alerts.Alarm, spell: Spell) -> AlertRow:
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


def _handoff_row(handoff: handoffs.Handoff) -> HandoffRow:
    return HandoffRow(
        handoff.path, handoff.finder, handoff.owner, handoff.captured_at, handoff.branch, len(handoff.changes)
    )


def _agent_rows(history: History, seen: Snapshot, beat: heartbeat.Pulse) -> tuple[list[BeatRow], int]:
    """Holders first, then who else was seen, the latest first; and how many more there are."""
    managers = {row.agent for row in beat.managers}
    holders = {claim.agent_id for claim in seen.live}
    idle = {claim.agent_id for claim, _ in beat.idle}
    seen_here = {*filter(ids.is_agent, history.agents()), *holders} - {ids.TEMPLATE_AGENT}
    names = (seen_here - managers - beat.retired) | (holders & managers)
    signs = history.last_seen(names, seen.now)
    ordered = sorted(names, key=lambda name: (name not in holders, -signs.get(name, clock.EPOCH).timestamp(), name))
    shown = ordered[: len(holders & names) + QUIET_AGENTS]
    beats = liveness.heartbeats(history, shown, timedelta(0), seen.now)
    rows = [_agent_row(last, signs.get(last.agent), last.agent in holders, last.agent in idle) for last in beats]
    return rows, len(ordered) - len(shown)


def _agent_row(last: liveness.Heartbeat, sign: datetime | None, holds: bool, is_idle: bool) -> BeatRow:
    state = "idle" if is_idle else liveness.FRESH if holds else "no live work"
    if last.state == liveness.SIGNED_OFF:
        state = last.state
    return BeatRow(last.agent, "agent", state, sign, last.summary, last.meta)


def _directive_rows(history: History, waiting: Sequence[Entry], limit: int) -> tuple[list[DirectiveRow], int]:
    found, older = history.select(Query(kinds=["directive"], events=False), limit)
    pointed = directives.pointed_threads(history) if found else frozenset()
    is_open = {(entry.record.id, entry.record.ts, entry.task) for entry in waiting}
    rows = [
        DirectiveRow(
            entry.record.id,
            entry.at,
            entry.task,
            entry.agent,
            entry.record.summary,
            (entry.record.id, entry.record.ts, entry.task) in is_open,
            entry.task in pointed,
        )
        for entry in found
    ]
    return rows, older


def _unpointed(rows: Sequence[DirectiveRow]) -> list[Note]:
    return [
        Note(
            f"directive {row.task_id} has no pointer on the hub",
            hint.tool("agent.directive_pointer", "--task", row.task_id, "--summary", row.summary),
        )
        for row in rows
        if not row.pointed and row.id
    ]


def _sentences(notes: Iterable[Note], spell: Spell) -> list[str]:
    """Each note with the command that helps."""
    return [f"{note.text}: {command}" if (command := spell(note.hint)) else note.text for note in notes]


def as_document(board: Board) -> dict[str, Any]:
    """The board as JSON."""
    found: dict[str, Any] = shapes.document(board)
    return found


def schema_files() -> dict[str, bytes]:
    """The file of docs/schemas/ that tells the board's JSON, from its rows."""
    made = shapes.schema(Board, "board", "What `coord_dashboard report --format json` writes.")
    return {"board.schema.json": files.dump_json(made)}
