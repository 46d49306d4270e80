"""The parts of a page beyond the board: lanes, the last messages of open threads, the log, the days.

`take` reads everything once; renderers only lay out its rows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tools.core import clock, ids
from tools.core.board import build
from tools.core.board.lanes import questions, timeline
from tools.core.board.lanes.lane import DAY, WEEK, Lane, Past, lane, seats_of
from tools.core.board.lanes.timeline import Interval, Window
from tools.core.board.model import AlertRow, Board, RequestRow, Snapshot, View
from tools.core.board.verdict import Verdict, requests_for, verdict
from tools.core.context import Context, Spell
from tools.core.models.bus import Claim
from tools.core.models.entry import Entry
from tools.core.store.answers import Totals

if TYPE_CHECKING:
    from tools.core.store.contract import History

REQUESTS = 50
"""Requests on a page; only their threads are read."""

THREAD_TAIL = 6
LOG = 40


class RecordRow(NamedTuple):
    """An event or a message."""

    id: str
    source: str
    at: datetime | None
    agent_id: str
    kind: str
    task_id: str
    to: str
    reply_to: str
    summary: str


class DayCount(NamedTuple):
    """How many tasks were finished on a day."""

    day: date
    done: int


class LastDay(NamedTuple):
    """The tasks that were finished, begun and taken over in the last 24 hours."""

    finished: int
    begun: int
    taken_over: int


class BoardView(NamedTuple):
    """The board and the further parts of a page, all at one moment."""

    board: Board
    repository: str
    verdict: Verdict
    lanes: list[Lane]
    seats_without_lane: int
    threads: Mapping[str, list[RecordRow]]
    log: list[RecordRow]
    totals: Totals
    days: list[DayCount]
    last_day: LastDay
    titles: Mapping[str, str]  # of all tasks of the backlog
    spell: Spell  # hints in the form in which the reader starts commands

    @property
    def reader(self) -> str:
        """The manager that the page is for, "" without one."""
        return self.board.reader

    @property
    def for_reader(self) -> list[RequestRow]:
        """The requests that wait for the reader."""
        return requests_for(self.board)

    @property
    def other_reminders(self) -> list[AlertRow]:
        """The reminders but for the requests, which every view shows in a place of their own."""
        return [row for row in self.board.reminders if row.kind != "request_for_you"]

    @property
    def between_others(self) -> list[RequestRow]:
        """The requests that wait for another seat."""
        for_reader = {id(row) for row in self.for_reader}
        return [row for row in self.board.requests if row.kind == "request" and id(row) not in for_reader]

    @property
    def unanswered_directives(self) -> list[RequestRow]:
        """The directives without an answer."""
        return [row for row in self.board.requests if row.kind != "request"]


def take(context: Context, options: View, manager: str = "") -> BoardView:
    """The view as of now; `manager` is the reader's seat where it manages."""
    snapshot, now = build.read(context, with_all_finished=True), context.now
    board = build.build(context, snapshot, options._replace(reader=manager))
    seats, omitted = seats_of(board)
    past = _past(context.history, snapshot, board, [seat.row.agent_id for seat in seats])
    threads = {
        row.task_id: [record_row(entry) for entry in questions.thread_tail(context.history, row.task_id, THREAD_TAIL)]
        for row in board.requests[:REQUESTS]
        if ids.is_task(row.task_id)
    }
    log = [record_row(entry) for entry in questions.newest(context.history, LOG)]
    return BoardView(
        board,
        os.path.basename(context.workspace.bus_root),
        verdict(board),
        [lane(seat, board, past) for seat in seats],
        omitted,
        threads,
        log,
        context.history.totals(),
        days(snapshot.claims, now),
        last_day(snapshot.claims, past.held, now),
        snapshot.titles,
        context.spell,
    )


def _past(records: History, snapshot: Snapshot, board: Board, names: Sequence[str]) -> Past:
    since = snapshot.now - WEEK
    silent = frozenset(row.task_id for row in board.claims if row.idle)
    changes = questions.claim_changes(records, since)
    claims = {claim.task_id: claim for claim in snapshot.claims}
    held = timeline.intervals(changes, claims, Window(since, snapshot.now, silent))
    summaries = {name: entry.record.summary for name, entry in records.last_words(names, snapshot.now).items()}
    return Past(held, questions.signs(records, names, since, snapshot.now), summaries)


def record_row(entry: Entry) -> RecordRow:
    """A record as a row."""
    record = entry.record
    to, reply_to = getattr(record, "to", ""), getattr(record, "reply_to", "")
    return RecordRow(
        record.id, entry.source, entry.at, entry.agent, entry.kind, entry.task, to, reply_to, record.summary
    )


def finished_at(claim: Claim) -> datetime | None:
    """When a task was finished; None while it is not, or without a timestamp."""
    return clock.parse(claim.released_at or claim.updated_at) if claim.state == "done" else None


def days(claims: Sequence[Claim], now: datetime, count: int = 5) -> list[DayCount]:
    """The tasks finished on each of the last days, today last."""
    moments = [moment for moment in map(finished_at, claims) if moment is not None]
    dates = [(now - timedelta(days=back)).date() for back in range(count - 1, -1, -1)]
    return [DayCount(day, sum(moment.date() == day for moment in moments)) for day in dates]


def last_day(claims: Sequence[Claim], held: Sequence[Interval], now: datetime) -> LastDay:
    """How many tasks were finished, begun and taken over within the last 24 hours."""
    since = now - DAY
    finished = sum(since <= moment <= now for moment in map(finished_at, claims) if moment is not None)
    first: dict[tuple[str, str], Interval] = {}
    for interval in held:
        first.setdefault((interval.task_id, interval.agent_id), interval)
    begun = sum(interval.start > since and not interval.taken_over for interval in first.values())
    taken = sum(interval.start > since for interval in first.values() if interval.taken_over)
    return LastDay(finished, begun, taken)
