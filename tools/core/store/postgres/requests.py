"""Open requests: all of them in one question while they are few, else those that are asked for."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tools.core.plain import NamedTuple

_ROWS = (
    "SELECT stream, number, raw, fair.agent, fair.task, fair.target, fair.moment, fair.seq, (SELECT count(DISTINCT id)"
    " + count(*) FILTER (WHERE id IS NULL) FROM teof.waiting WHERE bus = :bus), (SELECT count(*) FROM teof.waiting WHERE bus = :bus)"
    " FROM (SELECT bus, seq, moment, agent, task, target, row_number() OVER (PARTITION BY agent ORDER BY moment, seq) AS nth"
    " FROM teof.waiting WHERE bus = :bus{} ORDER BY nth, moment, seq LIMIT %s) AS fair"
    " JOIN teof.records USING (bus, seq) ORDER BY fair.moment, fair.seq"
)
FIRST = _ROWS.format("")
"""The oldest of each sender; the last two columns count the requests and the rows there are."""


class Waiting(NamedTuple):
    """One open request: where it stands, and what it is asked by."""

    place: tuple[str, int, Any]
    agent: str
    task: str
    target: str | None


def question(threads: Collection[str] | None, target: str | None, limit: int) -> tuple[Any, ...]:
    """SQL and values for the requests of some threads, to a target."""
    terms, values = "", list[object]()
    if target is not None:
        terms += " AND target = %s"
        values.append(target)
    if threads is not None:
        terms += " AND task = ANY (%s)"
        values.append(sorted(threads))
    return (_ROWS.format(terms), *values, limit)


def fair(rows: Sequence[Any], threads: Collection[str] | None, target: str | None, limit: int) -> list[Waiting]:
    """Those that are asked for, oldest first; of too many, each sender's oldest come first."""
    waiting = [Waiting(row[:3], *row[3:6]) for row in rows]
    matching = [
        request
        for request in waiting
        if (threads is None or request.task in threads) and (target is None or request.target == target)
    ]
    turns: dict[str, Iterator[int]] = {}
    in_turn = sorted((next(turns.setdefault(one.agent, itertools.count())), at) for at, one in enumerate(matching))
    return [matching[at] for at in sorted(at for _, at in in_turn[:limit])]
