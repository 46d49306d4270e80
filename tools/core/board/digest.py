"""The digest of a window: the changes within it, and the open work at its end; derived from records alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import clock
from tools.core.board import build
from tools.core.board.alerts import assign
from tools.core.board.lanes import questions, timeline
from tools.core.board.lanes.lane import DAY
from tools.core.board.lanes.timeline import Window
from tools.core.board.model import Board, RequestRow, Snapshot, View
from tools.core.board.rows import request_row
from tools.core.board.verdict import requests_for
from tools.core.board.view import finished_at
from tools.core.consensus import decisions
from tools.core.context import Context, Spell
from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.store.answers import Volume
from tools.core.workspace import REPORT, Workspace


class TitledTask(NamedTuple):
    """A task and its title."""

    task_id: str
    title: str


class Handover(NamedTuple):
    """A task with a new holder."""

    task_id: str
    holder_before: str
    holder: str


class Digest(NamedTuple):
    """The changes of a window, and the open work at its end."""

    since: datetime
    until: datetime
    volume: Volume
    reader: str
    board: Board
    new_alerts: int
    done: list[TitledTask]
    begun: list[TitledTask]
    taken_over: list[Handover]
    for_reader: list[RequestRow]
    requests: int
    answered: int
    directives: list[RequestRow]
    runs: int
    decided: int
    spell: Spell

    @property
    def silent(self) -> list[TitledTask]:
        """The tasks whose holder is silent, with the holder as their title."""
        return [TitledTask(row.task_id, row.agent_id) for row in self.board.claims if row.idle]

    @property
    def broken(self) -> list[str]:
        """The plans that cite broken evidence."""
        return list(dict.fromkeys(row.plan_id for row in self.board.alerts if row.kind == "evidence_broken"))

    @property
    def overdue(self) -> list[str]:
        """The open decisions that are overdue."""
        return [row.id for row in self.board.decisions if row.overdue]

    @property
    def next(self) -> str:
        """The command of the first alert, else of the first reminder, the oldest request, the best task."""
        board = self.board
        if command := next((row.command for row in (*board.alerts, *board.reminders) if row.command), ""):
            return command
        if board.requests:
            return board.requests[0].command
        return self.spell(assign(board.ready[0].task_id)) if board.ready else ""


class Question(NamedTuple):
    """The start of the window, the options of the board, and the manager ("" for the first)."""

    since: datetime
    options: View
    manager: str = ""


def own_last_moment(context: Context) -> datetime:
    """The time of the acting seat's last record; a day ago without one."""
    moment = context.history.last_seen([context.seat.agent_id], context.now).get(context.seat.agent_id)
    return moment or context.now - DAY


def take(context: Context, question: Question) -> Digest:
    """The digest of a window that ends now."""
    since, now, snapshot = question.since, context.now, build.read(context, with_all_finished=True)
    board = build.build(context, snapshot, question.options._replace(reader=question.manager))
    changes = questions.claim_changes(context.history, since)
    held = timeline.intervals(changes, {claim.task_id: claim for claim in snapshot.claims}, Window(since, now))
    requests = questions.requests_since(context.history, since)
    closed = [row for row in decisions.decisions(context, since=since) if row.state == decisions.DECIDED]
    volume = context.history.volume(since, now)
    return Digest(
        since=since,
        until=now,
        volume=volume,
        reader=board.reader,
        board=board,
        new_alerts=sum(row.since is not None and row.since >= since for row in board.alerts),
        done=_done(snapshot, since),
        begun=_begun(held, snapshot, since),
        taken_over=_taken_over(held, since),
        for_reader=requests_for(board),
        requests=sum(entry.kind == "request" for entry in requests),
        answered=volume.answered,
        directives=[
            request_row(entry, snapshot.titles, context.spell) for entry in requests if entry.kind == "directive"
        ],
        runs=_runs(context.workspace, since, now),
        decided=len(closed),
        spell=context.spell,
    )


def _done(snapshot: Snapshot, since: datetime) -> list[TitledTask]:
    moments = [
        (moment, claim.task_id) for claim in snapshot.claims if (moment := finished_at(claim)) and moment >= since
    ]
    return [TitledTask(task, snapshot.titles.get(task, "")) for _, task in sorted(moments, reverse=True)]


def _begun(held: Sequence[timeline.Interval], snapshot: Snapshot, since: datetime) -> list[TitledTask]:
    first: dict[tuple[str, str], timeline.Interval] = {}
    for row in held:
        first.setdefault((row.task_id, row.agent_id), row)
    tasks = [row.task_id for row in first.values() if row.start > since and not row.taken_over]
    return [TitledTask(task, snapshot.titles.get(task, "")) for task in reversed(dict.fromkeys(tasks))]


def _taken_over(held: Sequence[timeline.Interval], since: datetime) -> list[Handover]:
    ended = {(row.task_id, row.end): row.agent_id for row in held if row.ending == timeline.TAKEN}
    return [
        Handover(row.task_id, ended.get((row.task_id, row.start), ""), row.agent_id)
        for row in held
        if row.taken_over and row.start > since
    ]


def _runs(workspace: Workspace, since: datetime, now: datetime) -> int:
    """The number of recorded runs, by the timestamps in their file names."""
    folder = workspace.in_root(f"{REPORT}/runner")
    first, last = clock.file_stamp(since), clock.file_stamp(now)
    count = 0
    for agent in files.names_in(folder):
        try:
            names = files.names_in(folder.child(agent), ".json")
        except ToolkitError:
            continue  # a link or a file among the folders: the checks report it
        count += sum(first <= name[: len(first)] <= last for name in names)
    return count


def as_document(digest: Digest) -> dict[str, Any]:
    """The digest as JSON."""
    board = digest.board
    return {
        "since": clock.to_text(digest.since),
        "until": clock.to_text(digest.until),
        "alerts": len(board.alerts),
        "new_alerts": digest.new_alerts,
        "reminders": len(board.reminders),
        "done": [row._asdict() for row in digest.done],
        "begun": [row._asdict() for row in digest.begun],
        "taken_over": [
            {"task_id": row.task_id, "from": row.holder_before, "to": row.holder} for row in digest.taken_over
        ],
        "silent": [{"task_id": row.task_id, "agent_id": row.title} for row in digest.silent],
        "for_me": [row.id for row in digest.for_reader],
        "asked": digest.requests,
        "answered": digest.answered,
        "open_requests": len(board.requests),
        "said": [row.task_id for row in digest.directives],
        "runs": digest.runs,
        "broken_evidence": digest.broken,
        "decided": digest.decided,
        "overdue_decisions": digest.overdue,
        "ready": [row.task_id for row in board.ready],
        "next": digest.next,
    }
