"""The history of a bus on a server: every question is one statement, whatever the number of agents or tasks.

Answers are as of the moment a question is asked. What the columns say comes from the lines; a line that the
server could read and strict JSON cannot is left out, as in a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from tools.core import clock
from tools.core.fs import jsonl
from tools.core.models.bus import EVENTS, Event, stream_of
from tools.core.models.entry import Entry, Query, Search, stream_entry, unrepeated
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.store.addresses import address_of
from tools.core.store.answers import Loss, Matches, Recorded, Totals, Volume
from tools.core.store.api import MAX_COUNTED, MAX_REQUESTS
from tools.core.store.postgres import figures, following, presence, requests, selection
from tools.core.store.postgres.lines import examined_row
from tools.core.store.postgres.opening import Bus

if TYPE_CHECKING:
    from tools.core.store.contract import Following

_MAX_PROBLEMS = 1000
_WALKED = 20_000
_RECORDS = "FROM teof.records WHERE bus = :bus AND kind IS NOT NULL"


class PostgresHistory:
    """See History."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._answers: dict[tuple[str, str], list[Any]] = {}
        self._last: dict[tuple[int, tuple[str, ...]], tuple[frozenset[str], dict[str, Entry]]] = {}
        """By moment and kinds, the agents whose last entries were asked for, and these."""
        self._messages: dict[str, int] = {}  # by thread, as far as they were counted

    def refresh(self) -> None:
        """See History; until then a question that was answered is not asked again."""
        self._answers.clear()
        self._last.clear()
        self._messages.clear()
        self._bus.forget()

    def _ask(self, sql: str, *values: object) -> list[Any]:
        key = (sql, repr(values))
        if key not in self._answers:
            self._answers[key] = self._bus.ask(sql, *values)
        return self._answers[key]

    def _entries(self, rows: Sequence[Any]) -> list[Entry]:
        """The entries of rows that begin with stream, number and line."""
        return [recorded.entry for recorded in self._recorded(rows)]

    def _recorded(self, rows: Sequence[Any]) -> list[Recorded]:
        recorded = []
        for stream, number, raw, *_ in rows:
            outcome = examined_row(stream, number, raw)
            if isinstance(outcome, jsonl.StoredRecord):
                recorded.append(Recorded(stream, number, stream_entry(stream, outcome.record)))
        return recorded

    def _events(self, rows: Sequence[Any]) -> list[Event]:
        return [entry.record for entry in self._entries(rows) if isinstance(entry.record, Event)]

    # -- entries of a query ------------------------------------------------------------------
    def select(self, query: Query, limit: int | None) -> tuple[list[Entry], int]:
        """See History."""
        sql, values = selection.question(query, 1 if limit == 0 else limit)
        rows = self._counted(query.tasks[0], sql, values) if selection.is_thread(query) else self._ask(sql, *values)
        shown = [] if limit == 0 else rows[::-1]
        more = 0 if limit is None or not rows else rows[0][3] - len(shown)
        return unrepeated(self._entries(shown)), max(0, min(more, MAX_COUNTED))

    def _counted(self, thread: str, sql: str, values: Sequence[object]) -> list[Any]:
        """The rows of a question about one thread, whose messages are counted in passing."""
        sql = f"SELECT shown.*, counted.* FROM ({sql}) AS shown RIGHT JOIN (SELECT ({figures.OF_THREAD})) AS counted ON true"
        rows = self._ask(sql, *values, stream_of(thread))
        self._messages[thread] = int(rows[0][4] or 0)
        return [row for row in rows if row[0] is not None]

    def search(self, search: Search) -> Matches:
        """See History."""
        if not search.words:
            return Matches([], False)
        sql, values = selection.search_question(search, _WALKED)
        rows = self._ask(sql, *values)
        is_cut = bool(rows) and len(rows) < 2 * search.limit and rows[0][3] >= _WALKED
        return Matches(unrepeated(self._entries(rows))[: search.limit], is_cut)

    def follow(self, query: Query) -> Following:
        """See History."""
        return following.PostgresFollowing(self._bus, query)

    # -- who was here ------------------------------------------------------------------------
    def agents(self) -> list[str]:
        """See History."""
        return sorted(agent for agent, mark in self._ask(presence.ROSTER) if mark is None)

    def retirements(self) -> dict[str, str]:
        """See History."""
        return {agent: mark for agent, mark in self._ask(presence.ROSTER) if mark is not None}

    def last_seen(self, agents: Collection[str], now: datetime) -> dict[str, datetime]:
        """See History."""
        rows = self._ask(presence.SEEN, *[_latest(now), sorted(agents)] * 2) if agents else []
        return {agent: datetime.fromtimestamp(moment, clock.UTC) for agent, moment in rows}

    def last_entries(self, agents: Collection[str], kinds: Collection[str], now: datetime) -> dict[str, Entry]:
        """See History."""
        key = (_latest(now), tuple(sorted(kinds)))
        asked, entries = self._last.get(key, (frozenset[str](), dict[str, Entry]()))
        if not asked.issuperset(agents):
            rows = self._ask(presence.LAST_OF_KINDS, key[0], sorted(agents), sorted(kinds))
            entries = {row[0]: entry for row in rows for entry in self._entries([row[2:]])}
            self._last[key] = (frozenset(agents), entries)
        return {agent: entry for agent, entry in entries.items() if agent in agents}

    def last_words(self, agents: Collection[str], now: datetime) -> dict[str, Entry]:
        """See History."""
        rows = self._ask(presence.LAST, _latest(now), sorted(agents)) if agents else []
        return {row[0]: entry for row in rows for entry in self._entries([row[2:]])}

    # -- messages ----------------------------------------------------------------------------
    def open_requests(
        self, *, threads: Collection[str] | None = None, target: str | None = None, limit: int = MAX_REQUESTS
    ) -> list[Entry]:
        """See History."""
        if threads is not None and not threads:
            return []
        rows = self._ask(requests.FIRST, MAX_REQUESTS)
        if rows and rows[0][-1] > len(rows):
            rows = self._ask(*requests.question(threads, target, limit))
        return unrepeated(self._entries([row.place for row in requests.fair(rows, threads, target, limit)]))

    def count_requests(self) -> int:
        """See History."""
        rows = self._ask(requests.FIRST, MAX_REQUESTS)
        return int(rows[0][-2]) if rows else 0

    def count_messages(self, thread: str) -> int:
        """See History."""
        if thread not in self._messages:
            self._messages[thread] = int(self._ask(figures.OF_THREAD, stream_of(thread))[0][0] or 0)
        return self._messages[thread]

    def sender_of(self, record_id: str) -> str | None:
        """See History."""
        sql = f"SELECT agent {_RECORDS} AND id = %s AND stream <> 'events' ORDER BY seq LIMIT 1"
        return next((agent for (agent,) in self._ask(sql, record_id)), None)

    def messages_with(self, thread: str, key: str) -> list[Entry]:
        """See History."""
        rows = self._ask(
            f"SELECT stream, number, raw {_RECORDS} AND stream <> 'events' AND stream = %s"
            " AND position(convert_to(%s, 'UTF8') IN raw) > 0 ORDER BY seq",
            stream_of(thread),
            f'"{key}"',
        )
        return [entry for entry in self._entries(rows) if key in entry.record.meta]

    # -- events ------------------------------------------------------------------------------
    def events_of(self, kinds: Collection[str]) -> list[Event]:
        """See History."""
        rows = self._ask(
            "SELECT stream, number, raw FROM teof.voices JOIN teof.records USING (bus, agent, kind)"
            " WHERE bus = :bus AND kind = ANY (%s) AND stream = 'events' ORDER BY seq",
            list(kinds),
        )
        return self._events(rows)

    def events_about_plan(self, plan: str, limit: int) -> list[Event]:
        """See History."""
        rows = self._ask(f"SELECT stream, number, raw {_RECORDS} AND plan = %s ORDER BY seq DESC LIMIT {limit}", plan)
        return self._events(rows[::-1])

    def claim_changes(self, task: str) -> Iterator[Event]:
        """See History."""
        rows = self._ask(f"SELECT stream, number, raw {_RECORDS} AND task = %s AND claims ORDER BY seq DESC", task)
        return (event for event in self._events(rows) if event.claim)

    # -- lines as they are -------------------------------------------------------------------
    def lines_with(self, stream: str, record_ids: Collection[str]) -> dict[str, bytes]:
        """See History."""
        rows = self._ask(f"SELECT id, raw {_RECORDS} AND stream = %s AND id = ANY (%s)", stream, list(record_ids))
        return {record_id: bytes(raw).removesuffix(b"\r") for record_id, raw in rows}

    # -- how much there is -------------------------------------------------------------------
    def totals(self) -> Totals:
        """See History."""
        return Totals(*map(int, self._ask(figures.TOTALS)[0]))

    def volume(self, since: datetime, until: datetime) -> Volume:
        """See History."""
        bounds = (int(since.timestamp()), int(until.timestamp()))
        return Volume(*self._ask(figures.VOLUME, *bounds, *bounds)[0])

    def signs(
        self, agents: Collection[str], since: datetime, until: datetime, seconds: int
    ) -> dict[str, dict[int, int]]:
        """See History."""
        counts: dict[str, dict[int, int]] = {agent: {} for agent in agents}
        values = [seconds, sorted(agents), int(since.timestamp()), int(until.timestamp())]
        for agent, period, count in self._ask(figures.SIGNS, *values):
            counts[agent][period] = count
        return counts

    # -- records by what they say ------------------------------------------------------------
    def about_decisions(self) -> list[Entry]:
        """See History."""
        return unrepeated(
            self._entries(self._ask(f"SELECT stream, number, raw {_RECORDS} AND decision IS NOT NULL ORDER BY seq"))
        )

    def with_receipts(self, since: datetime) -> list[Recorded]:
        """See History."""
        sql = f"SELECT stream, number, raw {_RECORDS} AND cites AND at >= %s ORDER BY seq"
        return [item for item in self._recorded(self._ask(sql, int(since.timestamp()))) if item.entry.record.receipts]

    # -- what is wrong -----------------------------------------------------------------------
    def problems(self, streams: Collection[str] | None = None) -> list[Problem]:
        """See History."""
        if not self._bus.opened.has_faults:
            return []
        where, values = selection.among(None if streams is None else list(streams))
        sql = f"SELECT stream, number, raw FROM teof.records WHERE bus = :bus AND kind IS NULL AND {where}"
        rows = self._ask(f"{sql} ORDER BY stream, number LIMIT {_MAX_PROBLEMS}", *values)
        outcomes = (examined_row(address_of(stream), number, raw) for stream, number, raw in rows)
        return [outcome for outcome in outcomes if isinstance(outcome, Problem)]

    def losses(self, streams: Collection[str] | None = None) -> list[Loss]:
        """See History; which stream a server lost records of, nobody knows here: they count as events."""
        is_asked = streams is None or EVENTS in streams
        return [Loss(EVENTS, self._bus.opened.lost)] if is_asked and self._bus.opened.lost else []


def _latest(now: datetime) -> int:
    """The last second at which a stamp is credible."""
    return int((now + clock.CREDIBLE_AHEAD).timestamp())
