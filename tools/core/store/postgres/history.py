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
from tools.core.models.entry import Entry, Query, Search, matches, stream_entry, unrepeated
from tools.core.problem import Problem
from tools.core.store.api import (
    MAX_COUNTED,
    MAX_REQUESTS,
    Following,
    Loss,
    Matches,
    Recorded,
    Totals,
    Volume,
    address_of,
)
from tools.core.store.postgres import figures, selection
from tools.core.store.postgres.lines import examined_row
from tools.core.store.postgres.opening import Bus

_MAX_PROBLEMS = 1000
_WALKED = 20_000
_RECORDS = "FROM teof.records WHERE bus = %s AND kind IS NOT NULL"

_LAST = (
    "SELECT last.agent, last.moment, last.stream, last.number, last.raw FROM (SELECT DISTINCT ON (voice.agent) newest.* FROM"
    " teof.voices AS voice, LATERAL (SELECT agent, moment, seq, stream, number, raw FROM teof.records AS r WHERE r.bus = voice.bus"
    " AND r.agent = voice.agent AND r.kind = voice.kind AND r.moment <= %s AND r.at = r.moment ORDER BY moment DESC, seq DESC"
    " LIMIT 1) AS newest WHERE voice.bus = %s AND voice.agent = ANY (%s) {kinds}"
    " ORDER BY voice.agent, newest.moment DESC, newest.seq DESC) AS last"
)
"""The last credible record of each agent: one step into the index for each kind it ever wrote."""

_BESIDE = 200
_BY_PLACE = (
    "SELECT voice.agent, (SELECT max(moment) FROM (SELECT moment FROM teof.records AS r WHERE r.bus = %s AND r.stream = 'events'"
    f" AND r.kind IS NOT NULL AND r.seq <= max(voice.last) ORDER BY seq DESC LIMIT {_BESIDE + 1}) AS beside"
    " WHERE moment > 0 AND moment <= %s) FROM teof.voices AS voice WHERE voice.bus = %s AND voice.agent = ANY (%s)"
    " AND voice.last IS NOT NULL GROUP BY voice.agent"
)
"""The latest moment among an agent's last event and those that stand just before it."""


class PostgresHistory:
    """See History."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def refresh(self) -> None:
        """See History; every answer is of now."""

    def _ask(self, sql: str, *values: object) -> list[Any]:
        return self._bus.ask(sql, *values)

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
        sql, values = selection.question(self._bus.opened.bus, query, 1 if limit == 0 else limit)
        rows = self._bus.connection.ask(sql, *values)
        shown = [] if limit == 0 else rows[::-1]
        more = 0 if limit is None or not rows else rows[0][3] - len(shown)
        return unrepeated(self._entries(shown)), max(0, min(more, MAX_COUNTED))

    def search(self, search: Search) -> Matches:
        """See History."""
        if not search.words:
            return Matches([], False)
        sql, values = selection.search_question(self._bus.opened.bus, search, _WALKED)
        rows = self._bus.connection.ask(sql, *values)
        is_cut = bool(rows) and len(rows) < 2 * search.limit and rows[0][3] >= _WALKED
        return Matches(unrepeated(self._entries(rows))[: search.limit], is_cut)

    def follow(self, query: Query) -> Following:
        """See History."""
        return _Following(self._bus, query)

    # -- who was here ------------------------------------------------------------------------
    def agents(self) -> list[str]:
        """See History."""
        rows = self._ask("SELECT DISTINCT agent FROM teof.voices WHERE bus = %s")
        return sorted(agent for (agent,) in rows)

    def last_seen(self, agents: Collection[str], now: datetime) -> dict[str, datetime]:
        """See History."""
        if not agents:
            return {}
        latest, bus = int((now + clock.CREDIBLE_AHEAD).timestamp()), self._bus.opened.bus
        last = _LAST.format(kinds="").replace("last.stream, last.number, last.raw", "last.seq", 1)
        sql = (
            f"SELECT agent, max(moment) FROM (SELECT agent, moment FROM ({last}) AS own UNION ALL {_BY_PLACE}) AS signs"
        )
        rows = self._bus.connection.ask(
            f"{sql} WHERE moment IS NOT NULL GROUP BY agent", latest, bus, list(agents), bus, latest, bus, list(agents)
        )
        return {agent: datetime.fromtimestamp(moment, clock.UTC) for agent, moment in rows}

    def last_entries(self, agents: Collection[str], kinds: Collection[str], now: datetime) -> dict[str, Entry]:
        """See History."""
        rows = self._last(agents, kinds, now)
        return {row[0]: entry for row in rows for entry in self._entries([row[2:]])}

    def last_words(self, agents: Collection[str], now: datetime) -> dict[str, Entry]:
        """See History."""
        return {row[0]: entry for row in self._last(agents, None, now) for entry in self._entries([row[2:]])}

    def _last(self, agents: Collection[str], kinds: Collection[str] | None, now: datetime) -> list[Any]:
        if not agents:
            return []
        latest = int((now + clock.CREDIBLE_AHEAD).timestamp())
        values: list[object] = [latest, self._bus.opened.bus, list(agents)]
        narrow = "" if kinds is None else "AND voice.kind = ANY (%s)"
        return self._bus.connection.ask(_LAST.format(kinds=narrow), *values, *([] if kinds is None else [list(kinds)]))

    def retirements(self) -> dict[str, str]:
        """See History."""
        sql = f"SELECT DISTINCT ON (subject) subject, kind {_RECORDS} AND subject IS NOT NULL"
        return dict(self._ask(f"{sql} ORDER BY subject, moment DESC, seq DESC"))

    # -- messages ----------------------------------------------------------------------------
    def open_requests(
        self, *, threads: Collection[str] | None = None, target: str | None = None, limit: int = MAX_REQUESTS
    ) -> list[Entry]:
        """See History."""
        if threads is not None and not threads:
            return []
        terms, values = "", list[object]()
        if target is not None:
            terms += " AND target = %s"
            values.append(target)
        if threads is not None:
            terms += " AND task = ANY (%s)"
            values.append(list(threads))
        rows = self._ask(
            "SELECT stream, number, raw FROM (SELECT bus, seq, moment, row_number() OVER (PARTITION BY agent ORDER BY moment, seq)"
            f" AS nth FROM teof.waiting WHERE bus = %s{terms} ORDER BY nth, moment, seq LIMIT {limit}) AS fair"
            " JOIN teof.records USING (bus, seq) ORDER BY fair.moment, seq",
            *values,
        )
        return unrepeated(self._entries(rows))

    def count_requests(self) -> int:
        """See History."""
        sql = "SELECT count(DISTINCT id) + count(*) FILTER (WHERE id IS NULL) FROM teof.waiting WHERE bus = %s"
        return int(self._ask(sql)[0][0])

    def count_messages(self, thread: str) -> int:
        """See History."""
        return int(
            self._ask(f"SELECT count(*) {_RECORDS} AND stream <> 'events' AND stream = %s", stream_of(thread))[0][0]
        )

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
            " WHERE bus = %s AND kind = ANY (%s) AND stream = 'events' ORDER BY seq",
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
        return Volume(*self._ask(figures.VOLUME, *bounds, self._bus.opened.bus, *bounds)[0])

    def signs(
        self, agents: Collection[str], since: datetime, until: datetime, seconds: int
    ) -> dict[str, dict[int, int]]:
        """See History."""
        counts: dict[str, dict[int, int]] = {agent: {} for agent in agents}
        values = [seconds, self._bus.opened.bus, list(agents), int(since.timestamp()), int(until.timestamp())]
        for agent, period, count in self._bus.connection.ask(figures.SIGNS, *values):
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
        where, values = selection.among(None if streams is None else list(streams))
        sql = f"SELECT stream, number, raw FROM teof.records WHERE bus = %s AND kind IS NULL AND {where}"
        rows = self._ask(f"{sql} ORDER BY stream, number LIMIT {_MAX_PROBLEMS}", *values)
        outcomes = (examined_row(address_of(stream), number, raw) for stream, number, raw in rows)
        return [outcome for outcome in outcomes if isinstance(outcome, Problem)]

    def losses(self, streams: Collection[str] | None = None) -> list[Loss]:
        """See History; which stream a server lost records of, nobody knows here: they count as events."""
        is_asked = streams is None or EVENTS in streams
        return [Loss(EVENTS, self._bus.opened.lost)] if is_asked and self._bus.opened.lost else []


class _Following:
    """What comes behind the number of the last record; bad lines are named with their place."""

    def __init__(self, bus: Bus, query: Query) -> None:
        self._bus = bus
        self._query = query
        self._seen = int(bus.ask("SELECT head FROM teof.buses WHERE bus = %s")[0][0])

    def poll(self) -> Iterator[Entry | Problem]:
        """See Following."""
        rows = self._bus.ask(
            "SELECT seq, stream, number, raw FROM teof.records WHERE bus = %s AND seq > %s ORDER BY seq", self._seen
        )
        for seq, stream, number, raw in rows:
            self._seen = seq
            if not self._is_followed(stream):
                continue
            outcome = examined_row(address_of(stream), number, raw)
            if isinstance(outcome, Problem):
                yield outcome
            elif outcome and matches(entry := stream_entry(stream, outcome.record), self._query):
                yield entry

    def _is_followed(self, stream: str) -> bool:
        if stream == EVENTS:
            return self._query.events
        return self._query.messages and (not self._query.tasks or stream.partition("/")[2] in self._query.tasks)
