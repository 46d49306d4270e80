"""Intervals in which a seat held a task, derived from events with a claim.

An interval begins with an event whose claim names its holder, and ends with the next one that changes
holder or state. Claim documents take precedence: a live claim without an event is an interval from its
`claimed_at`, and a claim that is not live ends an open interval. An interval that began before the
first event starts at the `claimed_at` of its claim, or at the start of the window if that is later.
Intervals of one task never overlap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.core import clock
from tools.core.models.bus import Claim

ACTIVE = "active"
PAUSED = "paused"
SILENT = "silent"
DONE = "done"
RELEASED = "released"
TAKEN = "taken"
_ENDED = (DONE, RELEASED)


class Interval(NamedTuple):
    """A period in which one seat held one task in one state."""

    task_id: str
    agent_id: str
    start: datetime
    end: datetime
    state: str  # active, paused, silent; once ended done, released or taken, or the state before a change of state
    ending: str  # "" while it lasts; else done, released, taken, paused or active
    taken_over: bool
    fence: int
    reason: str  # of the takeover, "" without one


class ClaimChange(NamedTuple):
    """The claim in an event: valid from its moment on."""

    at: datetime
    claim: Claim


class Window(NamedTuple):
    """A span of time, and the tasks whose holder is silent at its end."""

    start: datetime
    end: datetime
    silent: Collection[str] = ()


def intervals(changes: Iterable[ClaimChange], claims: Mapping[str, Claim], window: Window) -> list[Interval]:
    """Every interval that reaches into the window, by start; `claims` are the documents by task."""
    by_task: dict[str, list[ClaimChange]] = {}
    for change in sorted(changes, key=lambda change: change.at):
        by_task.setdefault(change.claim.task_id, []).append(change)
    live = {task for task, claim in claims.items() if claim.is_live}
    rows = []
    for task in {*by_task, *live}:
        rows += _of_task(by_task.get(task, []), claims.get(task), window)
    return sorted((row for row in rows if row.end >= window.start), key=lambda row: (row.start, row.task_id))


def _of_task(changes: Sequence[ClaimChange], document: Claim | None, window: Window) -> list[Interval]:
    rows: list[Interval] = []
    current: Interval | None = None
    for change in changes:
        at = min(change.at, window.end)
        if current is None and not rows:
            current = _before(change.claim, at, window)
        if current is not None and _is_over(current, change.claim):
            rows.append(_closed(current, change.claim, at))
            current = None
        if current is None and change.claim.is_live:
            is_first = not rows and not change.claim.taken_from
            start = _began(change.claim, at, window.start) if is_first else at
            current = _opened(change.claim, start, window.end)
    return _settled(rows, current, document, window)


def _before(claim: Claim, at: datetime, window: Window) -> Interval | None:
    """The interval that the first event ends: it began before the window."""
    if claim.taken_from and claim.taken_from.agent_id and clock.parse(claim.taken_from.at) == at:
        fence = max(claim.fence - 1, 0)
        return _interval(claim, claim.taken_from.agent_id, window.start, at)._replace(fence=fence)
    if claim.is_live:
        return None
    start = _began(claim, at, window.start)
    return _interval(claim, claim.agent_id, start, at)._replace(taken_over=bool(claim.taken_from))


def _interval(claim: Claim, agent: str, start: datetime, end: datetime) -> Interval:
    return Interval(claim.task_id, agent, start, end, ACTIVE, "", taken_over=False, fence=claim.fence, reason="")


def _began(claim: Claim, at: datetime, earliest: datetime) -> datetime:
    claimed = clock.parse(claim.claimed_at)
    return min(at, max(claimed, earliest)) if claimed else at


def _is_over(current: Interval, claim: Claim) -> bool:
    return not claim.is_live or claim.agent_id != current.agent_id or claim.state != current.state


def _closed(current: Interval, claim: Claim, at: datetime) -> Interval:
    if claim.state in _ENDED:
        state = ending = claim.state
    elif claim.agent_id != current.agent_id:
        state = ending = TAKEN
    else:
        state, ending = current.state, claim.state
    return current._replace(end=max(at, current.start), state=state, ending=ending)


def _opened(claim: Claim, start: datetime, end: datetime) -> Interval:
    is_takeover = claim.taken_from is not None and claim.taken_from.agent_id != claim.agent_id
    reason = claim.taken_from.reason if claim.taken_from and is_takeover else ""
    return Interval(claim.task_id, claim.agent_id, start, end, claim.state, "", is_takeover, claim.fence, reason)


def _settled(rows: list[Interval], current: Interval | None, document: Claim | None, window: Window) -> list[Interval]:
    """The intervals of a task, the last one corrected by its claim document."""
    if document is None:
        return [*rows, current] if current else rows
    if current is not None and _is_over(current, document):
        moment = clock.parse(document.released_at or document.updated_at or document.claimed_at)
        rows.append(_closed(current, document, min(moment or window.end, window.end)))
        current = None
    if current is None and document.is_live:
        start = max(_began(document, window.end, window.start), rows[-1].end if rows else window.start)
        current = _opened(document, start, window.end)
    if current is None:
        return rows
    if current.state == ACTIVE and current.task_id in window.silent:
        current = current._replace(state=SILENT)
    return [*rows, current]


def rows_packed(intervals: Sequence[Interval]) -> list[list[Interval]]:
    """The intervals of one seat in as few rows as possible without overlaps, each row by start."""
    rows: list[list[Interval]] = []
    for interval in sorted(intervals, key=lambda interval: interval.start):
        for row in rows:
            if row[-1].end <= interval.start:
                row.append(interval)
                break
        else:
            rows.append([interval])
    return rows
