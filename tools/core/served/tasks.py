"""What the page of a task shows, the messages of a thread, and the hits of a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tools.core.backlog.states import Task
from tools.core.board import build
from tools.core.board.lanes import questions, timeline
from tools.core.board.lanes.timeline import Interval, Window
from tools.core.board.model import Snapshot
from tools.core.board.view import BoardView, RecordRow, finished_at, record_row
from tools.core.clock import EPOCH
from tools.core.context import Context
from tools.core.fs import files
from tools.core.models.entry import Query, Search
from tools.core.receipts import verify

MESSAGES, EVENTS = 2000, 60
"""The newest records a page shows; older ones are counted."""


class Thread(NamedTuple):
    """The messages of a thread, oldest first, and which of them wait or were answered."""

    name: str
    rows: list[RecordRow]
    older: int
    waiting: frozenset[str]
    answered: frozenset[str]
    senders: Mapping[str, str]
    commands: Mapping[str, str]  # that answer the ones that wait


class Proof(NamedTuple):
    """A receipt, and what it is worth."""

    path: str
    standing: str
    reason: str


class TaskView(NamedTuple):
    """Everything about one task."""

    task_id: str
    title: str
    state: str
    priority: str
    sentence: str
    plan_id: str
    held: list[Interval]
    text: list[str]
    evidence: list[Proof]
    events: list[RecordRow]
    older_events: int


def thread_of(context: Context, name: str, view: BoardView) -> Thread:
    """The messages of a thread."""
    entries, older = context.history.select(Query(tasks=[name], events=False), MESSAGES)
    rows = [record_row(entry) for entry in entries]
    waiting = frozenset(row.id for row in view.board.requests if row.id)
    requests = {row.id for row in rows if row.kind in ("request", "directive") and row.id}
    senders = {row.id: row.agent_id for row in rows if row.id}
    commands = {row.id: row.command for row in view.board.requests if row.id}
    return Thread(name, rows, older, waiting, frozenset(requests - waiting), senders, commands)


def task_of(context: Context, task_id: str, view: BoardView) -> tuple[TaskView, Thread] | None:
    """A task and its thread; None where nothing is recorded of it."""
    seen = build.read(context)
    task = next((task for task in seen.tasks if task.item.task_id == task_id), None)
    claim = next((claim for claim in seen.claims if claim.task_id == task_id), None)
    thread = thread_of(context, task_id, view)
    entries, older = context.history.select(Query(tasks=[task_id], messages=False), EVENTS)
    changes = questions.claim_changes_of(context.history, task_id)
    if task is None and claim is None and not thread.rows and not entries:
        return None
    silent = [row.task_id for row in view.board.claims if row.idle]
    held = timeline.intervals(changes, {task_id: claim} if claim else {}, Window(EPOCH, context.now, silent))
    plan_id = (claim.plan_id if claim else "") or _plan_of(seen, task_id)
    made = TaskView(
        task_id=task_id,
        title=task.item.title if task else "",
        state=task.state if task else claim.state if claim else "",
        priority=task.item.priority if task else "",
        sentence=_sentence(task, held, claim.agent_id if claim else "", finished_at(claim) if claim else None),
        plan_id=plan_id,
        held=held,
        text=_text(context, task),
        evidence=_evidence(context, seen, plan_id),
        events=[record_row(entry) for entry in reversed(entries)],
        older_events=older,
    )
    return made, thread


def _plan_of(seen: Snapshot, task_id: str) -> str:
    for plan in seen.plans:
        if any(task_id in link.ref for link in plan.links if link.type in ("task", "bus", "queue")):
            return plan.plan_id
    return ""


def _sentence(task: Task | None, held: list[Interval], holder: str, finished: object) -> str:
    if held and not held[-1].ending:
        return f"held by {held[-1].agent_id} since {held[-1].start:%a %d %b %H:%M}"
    if finished is not None and holder:
        return f"done by {holder} on {finished:%a %d %b}"
    if task is not None and task.waits_for:
        return f"waits for {', '.join(task.waits_for)}"
    return f"for {task.engineer}" if task is not None and task.engineer else "not claimed"


def _text(context: Context, task: Task | None) -> list[str]:
    if task is None:
        return []
    data = files.read_bytes(context.workspace.in_root(task.item.path)) or b""
    return data.decode("utf-8", "replace").splitlines()[:400]


def _evidence(context: Context, seen: Snapshot, plan_id: str) -> list[Proof]:
    plan = next((plan for plan in seen.plans if plan.plan_id == plan_id), None)
    if plan is None:
        return []
    return [Proof(path, *verify.verdict(context.workspace, path)) for path in plan.all_receipts[:100]]


def hits(context: Context, query: str, limit: int = 50) -> list[RecordRow]:
    """The records that have words of a query, newest first."""
    words = Search(query, limit=limit)
    return [record_row(entry) for entry in context.history.search(words).entries] if words.words else []
