"""One lane a seat: its tasks, its activity, its open requests, and its last summary.

The state is the board's state of the seat in plain words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock
from tools.core.board.lanes.activity import CELL, Strip, strip
from tools.core.board.lanes.timeline import Interval
from tools.core.board.model import BeatRow, Board

LANES = 24
"""Seats that get a lane; the others are counted, and what they hold is in the table of claims."""

DAY = timedelta(hours=24)
WEEK = timedelta(days=5)
"""The longer of the two windows: a working week."""

SILENT = "silent"
_MANAGER_WORDS = {"fresh": "watching"}
_AGENT_WORDS = {"fresh": "at work", "idle": SILENT, "no live work": "free"}
ALARMING = ("missing", "stale", SILENT)
_ORDER = ("silent", "stale", "missing", "at work", "watching", "free", "signed off")


class Chart(NamedTuple):
    """The activity of a seat within a window that ends now."""

    span: timedelta
    held: tuple[Interval, ...]
    strip: Strip
    requests: tuple[datetime, ...]  # the times of its open requests


class Lane(NamedTuple):
    """One seat."""

    agent_id: str
    state: str
    is_manager: bool
    last_seen: datetime | None
    says: str
    charts: tuple[Chart, ...]  # the day, the week

    @property
    def is_alarming(self) -> bool:
        """Whether its state needs action."""
        return self.state in ALARMING


class Past(NamedTuple):
    """The history of the seats: intervals, records by quarter hours, last summaries."""

    held: Sequence[Interval]
    signs: Mapping[str, Mapping[int, int]]
    summaries: Mapping[str, str]


class Seat(NamedTuple):
    """A row of the board, and the word for its state."""

    row: BeatRow
    state: str


def seats_of(board: Board) -> tuple[list[Seat], int]:
    """The seats that get a lane, in order, and the number of the others.

    Managers, then silent and stale seats, then working ones, then the rest, the latest seen first: so the
    seats that need action have a lane before any other.
    """
    seats = {row.agent_id: Seat(row, _AGENT_WORDS.get(row.state, row.state)) for row in board.agents}
    for row in board.managers:
        holds_silently = row.agent_id in seats and seats[row.agent_id].state == SILENT
        seats[row.agent_id] = Seat(row, SILENT if holds_silently else _MANAGER_WORDS.get(row.state, row.state))
    holders = {claim.agent_id for claim in board.claims}
    ranked = sorted(
        seats.values(),
        key=lambda seat: (
            seat.row.role != "manager",
            seat.state not in ALARMING,
            seat.row.agent_id not in holders,
            -(seat.row.last_seen or clock.EPOCH).timestamp(),
        ),
    )
    shown = ranked[:LANES]
    shown.sort(key=lambda seat: (seat.row.role != "manager", _rank(seat.state), seat.row.agent_id))
    return shown, len(ranked) - len(shown) + board.quiet_agents


def _rank(state: str) -> int:
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


def lane(seat: Seat, board: Board, past: Past) -> Lane:
    """The lane of a seat."""
    name, now = seat.row.agent_id, board.generated_at
    held = [interval for interval in past.held if interval.agent_id == name]
    requests = tuple(row.at for row in board.requests if row.sender == name and row.kind == "request" and row.at)
    charts = tuple(
        Chart(
            span,
            tuple(interval for interval in held if interval.end >= now - span),
            strip(past.signs.get(name, {}), now, span, step),
            tuple(at for at in requests if now - span <= at <= now),
        )
        for span, step in ((DAY, CELL), (WEEK, timedelta(hours=1)))
    )
    return Lane(name, seat.state, seat.row.role == "manager", seat.row.last_seen, past.summaries.get(name, ""), charts)
