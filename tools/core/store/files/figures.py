"""Counts, read from the index; every query walks an index that covers what it counts."""

from __future__ import annotations

from tools.core.clock import datetime
from tools.core.plain import TYPE_CHECKING
from tools.core.store.answers import Totals, Volume
from tools.core.store.files.index.database import Index

if TYPE_CHECKING:
    from collections.abc import Collection


def totals(index: Index) -> Totals:
    """The records of the event log and of all threads."""
    lines = dict(index.ask("SELECT name='events', SUM(lines) FROM streams GROUP BY 1"))
    unread = dict(index.ask("SELECT stream='events', COUNT(*) FROM problems GROUP BY 1"))
    return Totals(*(lines.get(is_event, 0) - unread.get(is_event, 0) for is_event in (1, 0)))


def volume(index: Index, since: datetime, until: datetime) -> Volume:
    """How much was written within a window."""
    bounds = _bounds(since, until)
    window = "moment>=? AND moment<=?"
    (events,) = index.ask(f"SELECT COUNT(*) FROM entries INDEXED BY by_time WHERE stream='events' AND {window}", bounds)
    of_messages = f"FROM entries INDEXED BY by_message WHERE stream<>'events' AND {window}"
    (messages,) = index.ask(f"SELECT COUNT(*), COUNT(DISTINCT reply_to) {of_messages}", bounds)
    agents = sum(_wrote(index, agent, bounds) for agent in index.values("agent"))
    return Volume(events[0], messages[0], agents, messages[1])


def _wrote(index: Index, agent: str, bounds: tuple[int, int]) -> bool:
    sql = "SELECT 1 FROM entries INDEXED BY by_agent WHERE agent=? AND kind=? AND moment>=? AND moment<=? LIMIT 1"
    return any(index.ask(sql, (agent, kind, *bounds)) for kind in index.values("kind", agent=agent))


def signs(
    index: Index, agents: Collection[str], since: datetime, until: datetime, seconds: int
) -> dict[str, dict[int, int]]:
    """How many records each agent wrote in each period."""
    counts: dict[str, dict[int, int]] = {agent: {} for agent in agents}
    sql = (
        f"SELECT moment/{seconds}, COUNT(*) FROM entries INDEXED BY by_agent"
        " WHERE agent=? AND kind=? AND moment>=? AND moment<=? GROUP BY 1"
    )
    for agent, periods in counts.items():
        for kind in index.values("kind", agent=agent):
            for number, count in index.ask(sql, (agent, kind, *_bounds(since, until))):
                periods[number] = periods.get(number, 0) + count
    return counts


def _bounds(since: datetime, until: datetime) -> tuple[int, int]:
    return int(since.timestamp()), int(until.timestamp())
