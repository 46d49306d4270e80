"""When agents were last there, from the index and from what their own programs touched on this machine."""

from __future__ import annotations

from tools.core import clock
from tools.core.clock import datetime
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import deliveries, seen
from tools.core.store.files.index.database import Index

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_RECENT = 1000
"""Events, newest first, that count by their place."""

_NEAR = 200
"""Events before one that say how old it is at most."""


class Row(NamedTuple):
    """A row of the index; of two the later one is the greater."""

    moment: int
    seq: int
    stream: str
    raw: bytes


def last_seen(index: Index, agents: Collection[str], now: datetime) -> dict[str, datetime]:
    """See History."""
    moments = {agent: [row.moment] for agent, row in last_words(index, agents, now).items()}
    places = _places(index, agents)
    for bounds in (_by_place(index, places, now), _by_delivery(index, places, now)):
        for agent, moment in bounds.items():
            moments.setdefault(agent, []).append(moment)
    latest = _latest(now)
    for agent in agents:
        at_hand = seen.seen_at(index.workspace, agent)
        if at_hand is not None and at_hand <= latest:
            moments.setdefault(agent, []).append(int(at_hand))
    return {agent: datetime.fromtimestamp(max(stamps), clock.UTC) for agent, stamps in moments.items()}


def last_words(index: Index, agents: Collection[str], now: datetime) -> dict[str, Row]:
    """By agent, the last row with a credible stamp of its own; an agent without one is left out."""
    rows = {agent: last_of(index, agent, index.values("kind", agent=agent), now) for agent in agents}
    return {agent: row for agent, row in rows.items() if row is not None}


def last_of(index: Index, agent: str, kinds: Collection[str], now: datetime) -> Row | None:
    """The last row of an agent's, among some kinds, with a credible stamp of its own."""
    sql = (
        "SELECT moment, seq, stream, raw FROM entries INDEXED BY by_agent WHERE agent=? AND kind=? AND moment<=?"
        " AND at=moment ORDER BY moment DESC, seq DESC LIMIT 1"
    )
    rows = (Row(*row) for kind in kinds for row in index.ask(sql, (agent, kind, _latest(now))))
    return max(rows, default=None)


def _places(index: Index, agents: Collection[str]) -> dict[str, int]:
    """By agent with a recent event, the line of its last one."""
    if not agents:
        return {}
    rows = index.ask(
        "SELECT agent, MAX(number) FROM entries INDEXED BY by_line WHERE stream='events' AND"
        f" number>(SELECT lines FROM streams WHERE name='events')-{_RECENT}"
        f" AND agent IN ({', '.join('?' * len(agents))}) GROUP BY agent",
        list(agents),
    )
    return dict(rows)


def _by_place(index: Index, places: Mapping[str, int], now: datetime) -> dict[str, int]:
    """By agent, the latest credible moment among the events just before its last one."""
    sql = (
        "SELECT MAX(moment) FROM entries INDEXED BY by_line WHERE stream='events'"
        " AND number BETWEEN ? AND ? AND moment<=?"
    )
    moments = {agent: index.ask(sql, (number - _NEAR, number, _latest(now)))[0][0] for agent, number in places.items()}
    return {agent: moment for agent, moment in moments.items() if moment}


def _by_delivery(index: Index, places: Mapping[str, int], now: datetime) -> dict[str, int]:
    """By agent, when the exchange that brought its last event did so."""
    noted = (deliveries.noted(index.workspace) if places else None) or []
    brought = [delivery for delivery in noted if delivery.moment <= _latest(now)]
    if not brought:
        return {}
    ends = sorted({end for delivery in brought for end in (delivery.first, delivery.last)})
    rows = index.ask(
        f"SELECT id, number FROM entries WHERE stream='events' AND id IN ({', '.join('?' * len(ends))})", ends
    )
    numbers: dict[str, int] = {deliveries.NONE: 0, **dict(rows)}
    return {
        agent: delivery.moment
        for delivery in brought
        if delivery.first in numbers and delivery.last in numbers
        for agent, place in places.items()
        if numbers[delivery.first] < place <= numbers[delivery.last]
    }


def _latest(now: datetime) -> int:
    """The Unix second behind which a stamp is not credible."""
    return int((now + clock.CREDIBLE_AHEAD).timestamp())
