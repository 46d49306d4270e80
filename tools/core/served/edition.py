"""The board in parts, each rendered once for all watchers, and what of it has changed.

Ages go on by themselves in the browser, so they do not count as a change; what only time changes
is computed at the moment it falls due.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tools.core import clock
from tools.core.board.alerts import ANSWER_WITHIN
from tools.core.board.model import Board, View
from tools.core.board.page import html
from tools.core.board.page.words import LATE_AFTER
from tools.core.board.reminders import IDLE_AFTER
from tools.core.board.view import BoardView, take
from tools.core.consensus.decisions import MAX_AGE
from tools.core.context import Context
from tools.core.hashing import sha256_hex

_PASSING = re.compile(r'(data-since="[^"]*")>[^<]*<|data-end="[^"]*"|<time id="made".*?</time>')
"""What changes by the passing of time alone."""


class Edition(NamedTuple):
    """One state of the board; the version grows with each that differs from the one before."""

    version: int
    view: BoardView
    parts: Mapping[str, str]
    hashes: Mapping[str, str]
    seconds: float  # what making it took

    @property
    def made(self) -> datetime:
        """The moment it shows."""
        return self.view.board.generated_at

    def news(self) -> dict[str, Any]:
        """The news for watchers: enough to say which parts to fetch."""
        return {
            "version": self.version,
            "made": clock.to_text(self.made),
            "title": html.title(self.view),
            "icon": html.icon(self.view.verdict.colour),
            "sections": dict(self.hashes),
        }


class Reader(NamedTuple):
    """For whom a board is made: options, the manager whose page it is, the seat that acts."""

    options: View
    manager: str = ""
    acting: str = ""


def make(context: Context, reader: Reader, before: Edition | None) -> Edition:
    """The board as of the context's moment."""
    context.store.history.refresh()
    view = take(context, reader.options, reader.manager)
    parts = html.parts(view, acting=reader.acting)
    hashes = {
        name: sha256_hex(_PASSING.sub(r"\1", text).encode("utf-8", "backslashreplace"))[:16]
        for name, text in parts.items()
    }
    if before is None:
        return Edition(1, view, parts, hashes, 0.0)
    version = before.version + (hashes != before.hashes)
    return Edition(version, view, parts, hashes, 0.0)


def due(board: Board) -> datetime:
    """The next moment at which the board changes although nothing is written."""
    return min(moment for moment in _moments(board) if moment > board.generated_at)


def _moments(board: Board) -> Iterator[datetime]:
    now = board.generated_at
    second = timedelta(seconds=1)
    yield (now + timedelta(minutes=15)).replace(minute=(now.minute // 15 * 15 + 15) % 60, second=0)
    yield datetime(now.year, now.month, now.day, tzinfo=clock.UTC) + timedelta(days=1)
    windows = {"manager": board.manager_window_minutes, "agent": board.agent_window_minutes}
    for row in (*board.managers, *board.agents):
        if row.last_seen and windows[row.role]:
            yield row.last_seen + timedelta(minutes=windows[row.role]) + second
            yield row.last_seen + IDLE_AFTER + second
    for claim in board.claims:
        if claim.claimed_at and board.agent_window_minutes:
            yield claim.claimed_at + timedelta(minutes=board.agent_window_minutes) + second
    for request in board.requests:
        if request.at:
            yield request.at + LATE_AFTER + second
            yield request.at + ANSWER_WITHIN + second
    for decision in board.decisions:
        if decision.at:
            yield decision.at + MAX_AGE + second
