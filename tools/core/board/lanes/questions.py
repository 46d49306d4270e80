"""The questions of boards to the history; the cost of each does not grow with its length."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from tools.core import clock
from tools.core.board.lanes.activity import CELL
from tools.core.board.lanes.timeline import ClaimChange
from tools.core.models.bus import Event
from tools.core.models.entry import Entry, Query
from tools.core.models.lenient import claim_from
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.core.store.contract import History

CLAIM_KINDS = ("claim", "takeover", "reopened", "pause", "release")
"""The kinds of events that carry a claim."""


def claim_changes(history: History, since: datetime) -> list[ClaimChange]:
    """The events of a window that carry a claim, oldest first."""
    entries, _ = history.select(Query(kinds=CLAIM_KINDS, since=since, messages=False), None)
    changes = [change_of(entry.record, entry.at) for entry in entries if isinstance(entry.record, Event)]
    return [change for change in changes if change is not None]


def claim_changes_of(history: History, task: str) -> list[ClaimChange]:
    """Every event about a task that carries a claim, oldest first."""
    changes = [change_of(event, clock.parse(event.ts)) for event in history.claim_changes(task)]
    return [change for change in reversed(changes) if change is not None]


def change_of(event: Event, at: datetime | None) -> ClaimChange | None:
    """The claim in an event; None when it has none or no timestamp."""
    if event.claim is None or at is None or not event.task_id:
        return None
    return ClaimChange(at, claim_from(event.claim, event.task_id))


def requests_since(history: History, since: datetime) -> list[Entry]:
    """The requests and directives of a window, oldest first."""
    return history.select(Query(kinds=("request", "directive"), since=since, events=False), None)[0]


def signs(history: History, agents: Collection[str], since: datetime, now: datetime) -> dict[str, dict[int, int]]:
    """How many records each agent wrote in each quarter of an hour (see `activity.cell_of`)."""
    return history.signs(agents, since, now, int(CELL.total_seconds()))


def thread_tail(history: History, thread: str, limit: int) -> list[Entry]:
    """The last messages of a thread, oldest first."""
    return history.select(Query(tasks=[thread], events=False), limit)[0]


def newest(history: History, limit: int) -> list[Entry]:
    """The newest events and messages in one list, the newest first."""
    return history.select(Query(), limit)[0][::-1]
