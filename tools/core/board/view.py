"""What a page shows beyond the board: lanes, the last messages of open threads, the log, the days.

`take` reads once; everything here is rows that renderers only lay out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.board import history, snapshot, timeline
from tools.core.board.lanes import DAY, WEEK, Lane, Past, lane, seats_of
from tools.core.board.model import Board, RequestRow, Snapshot, View
from tools.core.board.timeline import Interval, Window
from tools.core.board.verdict import Verdict, requests_for, verdict
from tools.core.context import Context, Spell
from tools.core.models.bus import Claim
from tools.core.models.entry import Entry
from tools.core.store.api import History, Totals

REQUESTS = 50
"""Requests a page shows; the threads of these are read."""

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
    """What the last 24 hours brought."""

    finished: int
    begun: int
    taken_over: int


class BoardView(NamedTuple):
    """The board and what a page shows beside it, all at one moment."""

    board: Board
    repository: str
    reader: str  # the manager whose page it is, "" where there is none
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
    def for_reader(self) -> list[RequestRow]:
        """The requests that wait for the reader."""
        return requests_for(self.board, self.reader)

    @property
    def between_others(self) -> list[RequestRow]:
        """The requests that wait for somebody else."""
        mine = {id(row) for row in self.for_reader}
        return [row for row in self.board.requests if row.kind == "request" and id(row) not in mine]

    @property
    def unanswered_directives(self) -> list[RequestRow]:
        """The directives that nobody has answered."""
        return [row for row in self.board.requests if row.kind != "request"]


def reader_of(board: Board, manager: str) -> str:
    """Whose page it is: the reader's where it manages, else the first manager's on the board."""
    return manager or (board.managers[0].agent_id if board.managers else "")


def take(context: Context, options: View, manager: str = "") -> BoardView:
    """The view as of now; `manager` is the reader's seat where it manages."""
    seen, now = snapshot.read(context), context.now
    board = snapshot.told(context, seen, options)
    reader = reader_of(board, manager)
    seats, without = seats_of(board)
    past = _past(context.history, seen, board, [seat.row.agent_id for seat in seats])
    threads = {
        row.task_id: [record_row(entry) for entry in history.thread_tail(context.history, row.task_id, THREAD_TAIL)]
        for row in board.requests[:REQUESTS]
        if ids.is_task(row.task_id)
    }
    log = [record_row(entry) for entry in history.newest(context.history, LOG)]
    return BoardView(
        board,
        os.path.basename(context.workspace.bus_root),
        reader,
        verdict(board, reader),
        [lane(seat, board, past) for seat in seats],
        without,
        threads,
        log,
        context.history.totals(),
        days(seen.claims, now),
        last_day(seen.claims, past.held, now),
        seen.titles,
        context.spell,
    )


def _past(records: History, seen: Snapshot, board: Board, names: Sequence[str]) -> Past:
    since = seen.now - WEEK
    silent = frozenset(row.task_id for row in board.claims if row.idle)
    changes = history.claim_changes(records, since)
    claims = {claim.task_id: claim for claim in seen.claims}
    held = timeline.intervals(changes, claims, Window(since, seen.now, silent))
    words = {name: entry.record.summary for name, entry in records.last_words(names, seen.now).items()}
    return Past(held, history.signs(records, names, since, seen.now), words)


def record_row(entry: Entry) -> RecordRow:
    """A record as a row."""
    record = entry.record
    to, reply_to = getattr(record, "to", ""), getattr(record, "reply_to", "")
    return RecordRow(
        record.id, entry.source, entry.at, entry.agent, entry.kind, entry.task, to, reply_to, record.summary
    )


def finished_at(claim: Claim) -> datetime | None:
    """When a task was finished; None while it is not, or where nothing says when."""
    return clock.parse(claim.released_at or claim.updated_at) if claim.state == "done" else None


def days(claims: Sequence[Claim], now: datetime, count: int = 5) -> list[DayCount]:
    """The tasks finished on each of the last days, today last."""
    moments = [moment for moment in map(finished_at, claims) if moment is not None]
    wanted = [(now - timedelta(days=back)).date() for back in range(count - 1, -1, -1)]
    return [DayCount(day, sum(moment.date() == day for moment in moments)) for day in wanted]


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
