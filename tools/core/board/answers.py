"""What the history contributes to a board; each question costs the same however long the history is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tools.core import clock, hint, ids
from tools.core.backlog import states
from tools.core.board.model import BeatRow, DirectiveRow, Snapshot, View
from tools.core.bus import directives, handoffs, heartbeat, presence
from tools.core.consensus import decisions
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.hint import Note
from tools.core.models.bus import Claim, Event
from tools.core.models.entry import Entry, Query
from tools.core.problem import Problem
from tools.core.receipts import verify
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from tools.core.store.contract import History

QUIET_AGENTS = 20
"""Agents without live work that are listed, the latest seen first; the rest are counted."""


HOLD = "hold"

PROVEN_WITHIN = timedelta(days=7)
"""Tasks that were finished within this time are asked for evidence, the newest `MOST_FINISHED` of them."""

MOST_FINISHED = 20
_RUNS = 50
_RECORDS = 200
"""Of a task the newest records are looked at for evidence."""


class Answers(NamedTuple):
    """The answers of the history, all as of one moment."""

    waiting: list[Entry]
    pulse: heartbeat.Pulse
    dirty: list[handoffs.Handoff]
    agents: list[BeatRow]
    quiet_agents: int
    directives: list[DirectiveRow]
    older_directives: int
    decisions: list[decisions.Decision]
    holds: list[Event]
    unproven: list[Claim]
    problems: list[Problem]
    losses: list[Note]


def ask(context: Context, snapshot: Snapshot, view: View) -> Answers:
    """Asks everything that a board needs besides the documents."""
    history = context.history
    waiting = history.open_requests()
    pulse = heartbeat.pulse(
        history,
        heartbeat.Participants(snapshot.claims, snapshot.assignments, snapshot.manifests, waiting),
        heartbeat.Windows(view.manager_window, view.agent_window),
        ignored_managers=view.ignored_managers,
        retired=view.retired,
        now=snapshot.now,
    )
    dirty, problems = handoffs.all_handoffs(context.workspace, history)
    return Answers(
        waiting,
        pulse,
        [handoff for handoff in dirty if handoff.is_open],
        *_agent_rows(history, snapshot, pulse),
        *_directive_rows(history, waiting, view.messages),
        decisions.decisions(context),
        history.events_of([HOLD]),
        _unproven(context, snapshot),
        [*problems, *history.problems()],
        context.losses(),
    )


def _agent_rows(history: History, snapshot: Snapshot, pulse: heartbeat.Pulse) -> tuple[list[BeatRow], int]:
    """Holders first, then the other agents, the latest seen first; and how many are left out."""
    managers = {row.agent for row in pulse.managers}
    holders = {claim.agent_id for claim in snapshot.live}
    idle = {claim.agent_id for claim, _ in pulse.idle}
    agents = {*filter(ids.is_agent, history.agents()), *holders} - {ids.TEMPLATE_AGENT}
    names = (agents - managers - pulse.retired) | (holders & managers)
    seen_at = history.last_seen(names, snapshot.now)
    ordered = sorted(names, key=lambda name: (name not in holders, -seen_at.get(name, clock.EPOCH).timestamp(), name))
    shown = ordered[: len(holders & names) + QUIET_AGENTS]
    heartbeats = presence.heartbeats(history, shown, timedelta(0), snapshot.now)
    rows = [
        _agent_row(last, seen_at.get(last.agent), is_holder=last.agent in holders, is_idle=last.agent in idle)
        for last in heartbeats
    ]
    return rows, len(ordered) - len(shown)


def _agent_row(last: presence.Heartbeat, seen_at: datetime | None, *, is_holder: bool, is_idle: bool) -> BeatRow:
    state = "idle" if is_idle else presence.FRESH if is_holder else "no live work"
    if last.state == presence.SIGNED_OFF:
        state = last.state
    return BeatRow(last.agent, "agent", state, seen_at, last.summary, last.meta)


def _directive_rows(history: History, waiting: Sequence[Entry], limit: int) -> tuple[list[DirectiveRow], int]:
    """The newest directives, and how many older ones there are."""
    entries, older = history.select(Query(kinds=["directive"], events=False), limit)
    threads = directives.pointed_threads(history) if entries else frozenset()
    is_open = {(entry.record.id, entry.record.ts, entry.task) for entry in waiting}
    rows = [
        DirectiveRow(
            entry.record.id,
            entry.at,
            entry.task,
            entry.agent,
            entry.record.summary,
            (entry.record.id, entry.record.ts, entry.task) in is_open,
            entry.task in threads,
        )
        for entry in entries
    ]
    return rows, older


def _unproven(context: Context, snapshot: Snapshot) -> list[Claim]:
    """The tasks that were finished lately and for which neither a plan nor a record cites a receipt, newest first."""
    since = snapshot.now - PROVEN_WITHIN
    finished = [
        (moment, claim)
        for claim in snapshot.claims
        if claim.state == "done" and (moment := clock.parse(claim.released_at)) and since <= moment <= snapshot.now
    ]
    newest = sorted(finished, key=lambda row: (row[0], row[1].task_id), reverse=True)[:MOST_FINISHED]
    uncited = [
        claim
        for claim in _without_receipts([claim for _, claim in newest], snapshot)
        if not _is_cited(context.history, claim.task_id)
    ]
    runs = {agent: _tasks_run(context.workspace, agent) for agent in {claim.agent_id for claim in uncited}}
    return [claim for claim in uncited if claim.task_id not in runs[claim.agent_id]]


def _without_receipts(claims: Sequence[Claim], snapshot: Snapshot) -> list[Claim]:
    """The claims whose plans cite no receipts; a plan that only another branch has may."""
    plan_ids = {plan.plan_id for plan in snapshot.plans}
    citing = [plan for plan in snapshot.plans if plan.all_receipts]
    citing_ids = {plan.plan_id for plan in citing}
    tasks = {task for plan in citing for task in states.tasks_of_plan(plan, snapshot.tasks_by_path)}
    return [
        claim
        for claim in claims
        if claim.plan_id not in citing_ids
        and claim.task_id not in tasks
        and (not claim.plan_id or claim.plan_id in plan_ids)
    ]


def _is_cited(history: History, task: str) -> bool:
    """Whether a record about a task cites a receipt."""
    entries, _ = history.select(Query(tasks=[task]), _RECORDS)
    return any(entry.record.receipts for entry in entries)


def _tasks_run(workspace: Workspace, agent: str) -> set[str]:
    """The tasks for which an agent ran a command here, by its newest runs."""
    folder = verify.runs_folder(workspace, agent)
    runs = (verify.read_run(workspace, folder.child(name).name) for name in _run_names(folder))
    return {run.task_id for run in runs if run is not None}


def _run_names(folder: Place) -> list[str]:
    """The newest receipts of runs; their names begin with their time."""
    try:
        return files.names_in(folder, ".json")[-_RUNS:]
    except ToolkitError:
        return []  # a link or a file in place of the folder: the checks report it


def missing_pointers(rows: Iterable[DirectiveRow]) -> list[Note]:
    """The directives without a pointer on the hub, with the command that writes it."""
    return [
        Note(
            f"directive {row.task_id} has no pointer on the hub",
            hint.tool("agent.directive_pointer", "--task", row.task_id, "--summary", row.summary),
        )
        for row in rows
        if not row.pointed and row.id
    ]
