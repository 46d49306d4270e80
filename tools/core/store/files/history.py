"""The history of a bus in files: questions answered by the derived index, which is opened with the first."""

from __future__ import annotations

from tools.core.clock import datetime
from tools.core.fs import jsonl
from tools.core.models.bus import EVENTS, Event, stream_of
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.store.api import MAX_REQUESTS
from tools.core.store.files.index import marks
from tools.core.workspace import Workspace

if TYPE_CHECKING:  # what is followed, and whether the newest events go on, needs no SQLite
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

    from tools.core.models.entry import Entry, Query, Search
    from tools.core.store.answers import Loss, Matches, Recorded, Totals, Volume
    from tools.core.store.contract import Following, Store
    from tools.core.store.files.index.database import Index

_MAX_PROBLEMS = 1000
"""Bad lines of the logs that one answer names; the checks find all of them."""


class FileHistory:
    """See History; `remark` hears why the index cannot be used."""

    def __init__(self, workspace: Workspace, store: Store, remark: Callable[[Sequence[str]], None]) -> None:
        self._workspace = workspace
        self._store = store
        self._remark = remark
        self._opened: Index | None = None
        self._is_stale = False

    @property
    def index(self) -> Index:
        """The derived index, opened with the first question and caught up where something was written since."""
        if self._opened is None:
            from tools.core.store.files.index.database import Index

            self._opened = Index(self._workspace, self._remark)
        elif self._is_stale:
            self._opened.catch_up()
        self._is_stale = False
        return self._opened

    def refresh(self) -> None:
        """See History."""
        self._is_stale = True

    def close(self) -> None:
        """Gives the index back."""
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    def _ask(self, sql: str, *values: object) -> list[Any]:
        return self.index.ask(sql, values)

    # -- entries of a query ------------------------------------------------------------------
    def select(self, query: Query, limit: int | None) -> tuple[list[Entry], int]:
        """See History."""
        from tools.core.store.files import selection

        return selection.select(self.index, query, limit)

    def search(self, search: Search) -> Matches:
        """See History."""
        from tools.core.store.files.search import newest

        return newest(self.index, self._workspace, search)

    def follow(self, query: Query) -> Following:
        """See History."""
        from tools.core.store.files.following import LogFollower

        return LogFollower(self._workspace, self._store, query)

    # -- who was here ------------------------------------------------------------------------
    def agents(self) -> list[str]:
        """See History."""
        return self.index.values("agent")

    def last_seen(self, agents: Collection[str], now: datetime) -> dict[str, datetime]:
        """See History."""
        from tools.core.store.files import presence

        return presence.last_seen(self.index, agents, now)

    def last_entries(self, agents: Collection[str], kinds: Collection[str], now: datetime) -> dict[str, Entry]:
        """See History."""
        from tools.core.store.files import presence

        rows = {agent: presence.last_of(self.index, agent, kinds, now) for agent in agents}
        return {agent: _entry(row.stream, row.raw) for agent, row in rows.items() if row}

    def last_words(self, agents: Collection[str], now: datetime) -> dict[str, Entry]:
        """See History."""
        from tools.core.store.files import presence

        rows = presence.last_words(self.index, agents, now)
        return {agent: _entry(row.stream, row.raw) for agent, row in rows.items()}

    def retirements(self) -> dict[str, str]:
        """See History."""
        sql = "SELECT kind FROM entries WHERE subject=? ORDER BY moment DESC, seq DESC LIMIT 1"
        return {whom: self._ask(sql, whom)[0][0] for whom in self.index.values("subject")}

    # -- messages ----------------------------------------------------------------------------
    def open_requests(
        self, *, threads: Collection[str] | None = None, target: str | None = None, limit: int = MAX_REQUESTS
    ) -> list[Entry]:
        """See History."""
        if threads is not None and not threads:
            return []
        from tools.core.models.entry import unrepeated  # who asks when an agent was seen reads no entry

        along, where, values = "waiting_by_time", "waiting=1", list[object]()
        if target is not None:
            along, where = "waiting_by_target", f"{where} AND target=?"
            values.append(target)
        if threads is not None:
            along, where = "waiting_by_task", f"{where} AND task IN ({', '.join('?' * len(threads))})"
            values += threads
        fair = "ROW_NUMBER() OVER (PARTITION BY agent ORDER BY moment, seq)"
        rows = self._ask(
            f"SELECT moment, seq, stream, raw FROM (SELECT moment, seq, stream, raw, {fair} AS nth FROM entries"
            f" INDEXED BY {along} WHERE {where} ORDER BY nth, moment, seq LIMIT {limit})",
            *values,
        )
        return unrepeated([_entry(stream, raw) for _, _, stream, raw in sorted(rows)])

    def count_requests(self) -> int:
        """See History."""
        rows = self._ask("SELECT COUNT(DISTINCT id) + SUM(id IS NULL) FROM entries WHERE waiting=1")
        return int(rows[0][0] or 0)

    def count_messages(self, thread: str) -> int:
        """See History."""
        sql = "SELECT COUNT(*) FROM entries WHERE stream=? AND stream<>'events'"
        return int(self._ask(sql, stream_of(thread))[0][0])

    def sender_of(self, record_id: str) -> str | None:
        """See History."""
        rows = self._ask("SELECT agent FROM entries WHERE id=? AND stream<>'events' LIMIT 1", record_id)
        return (rows[0][0] or "") if rows else None

    def messages_with(self, thread: str, key: str) -> list[Entry]:
        """See History."""
        rows = self._ask(
            "SELECT stream, raw FROM entries INDEXED BY by_thread WHERE stream=? AND stream<>'events'"
            " AND instr(raw, CAST(? AS BLOB)) > 0 ORDER BY seq",
            stream_of(thread),
            f'"{key}"',
        )
        return [entry for entry in (_entry(*row) for row in rows) if key in entry.record.meta]

    # -- events ------------------------------------------------------------------------------
    def events_of(self, kinds: Collection[str]) -> list[Event]:
        """See History."""
        sql = (
            "SELECT seq, stream, raw FROM entries INDEXED BY by_agent WHERE agent=?"
            f" AND kind IN ({', '.join('?' * len(kinds))}) AND stream='events'"
        )
        rows = [row for agent in self.agents() for row in self._ask(sql, agent, *kinds)]
        return [_event(stream, raw) for _, stream, raw in sorted(rows)]

    def events_about_plan(self, plan: str, limit: int) -> list[Event]:
        """See History."""
        rows = self._ask(
            "SELECT stream, raw FROM entries WHERE stream='events' AND id IS NOT NULL"
            " AND instr(raw, CAST(? AS BLOB)) > 0 ORDER BY seq",
            f'"{plan}"',
        )
        about = [event for event in (_event(*row) for row in rows) if event.plan_id == plan]
        return about[max(0, len(about) - limit) :]

    def claim_changes(self, task: str) -> Iterator[Event]:
        """See History."""
        sql = (
            "SELECT stream, raw FROM entries INDEXED BY by_task WHERE task=? AND stream='events'"
            " AND instr(raw, CAST('\"claim\"' AS BLOB)) > 0 ORDER BY seq DESC"
        )
        return (event for event in (_event(*row) for row in self._ask(sql, task)) if event.claim)

    # -- lines as they are -------------------------------------------------------------------
    def lines_with(self, stream: str, record_ids: Collection[str]) -> dict[str, bytes]:
        """See History."""
        sql = "SELECT raw FROM entries WHERE id=? AND stream=?"
        rows = {record_id: self._ask(sql, record_id, stream) for record_id in record_ids}
        return {record_id: row[0][0] for record_id, row in rows.items() if row}

    # -- how much there is -------------------------------------------------------------------
    def totals(self) -> Totals:
        """See History."""
        from tools.core.store.files import figures

        return figures.totals(self.index)

    def volume(self, since: datetime, until: datetime) -> Volume:
        """See History."""
        from tools.core.store.files import figures

        return figures.volume(self.index, since, until)

    def signs(
        self, agents: Collection[str], since: datetime, until: datetime, seconds: int
    ) -> dict[str, dict[int, int]]:
        """See History."""
        from tools.core.store.files import figures

        return figures.signs(self.index, agents, since, until, seconds)

    # -- records by what they say ------------------------------------------------------------
    def about_decisions(self) -> list[Entry]:
        """See History."""
        from tools.core.models.entry import unrepeated  # as in `open_requests`

        sql = "SELECT seq, stream, raw FROM entries INDEXED BY by_decision WHERE decision IS NOT NULL"
        return unrepeated([_entry(stream, raw) for _, stream, raw in sorted(self._ask(sql))])

    def with_receipts(self, since: datetime) -> list[Recorded]:
        """See History."""
        from tools.core.store.answers import Recorded  # few questions have such answers

        rows = self._ask(
            "SELECT stream, number, raw FROM entries WHERE at>=? AND instr(raw, CAST('\"receipt' AS BLOB)) > 0 ORDER BY seq",
            int(since.timestamp()),
        )
        recorded = (Recorded(stream, number, _entry(stream, raw)) for stream, number, raw in rows)
        return [record for record in recorded if record.entry.record.receipts]

    # -- what is wrong -----------------------------------------------------------------------
    def problems(self, streams: Collection[str] | None = None) -> list[Problem]:
        """See History."""
        where, values = _among(streams)
        columns = "stream, number, reason, code"
        sql = f"SELECT {columns} FROM problems WHERE {where} ORDER BY stream, number LIMIT {_MAX_PROBLEMS}"
        rows = self._ask(sql, *values)
        return [Problem(self._store.where(stream), number, reason, code) for stream, number, reason, code in rows]

    def losses(self, streams: Collection[str] | None = None) -> list[Loss]:
        """See History."""
        if self._opened is None and streams is not None and set(streams) == {EVENTS} and self._goes_on():
            return []
        from tools.core.store.answers import Loss  # as in `with_receipts`

        where, values = _among(streams)
        return [
            Loss(*row) for row in self._ask(f"SELECT stream, count FROM losses WHERE {where} ORDER BY stream", *values)
        ]

    def _goes_on(self) -> bool:
        """Whether the event log is what the index last saw of it and more, as far as can be told without it."""
        mark = marks.read(self._workspace)
        return mark.holds(self._workspace) if mark else not marks.exists_index(self._workspace)


def _entry(stream: str, raw: bytes) -> Entry:
    from tools.core.models.entry import stream_entry  # as in `open_requests`

    return stream_entry(stream, jsonl.parse(raw))


def _event(stream: str, raw: bytes) -> Event:
    record = _entry(stream, raw).record
    assert isinstance(record, Event)
    return record


def _among(streams: Collection[str] | None) -> tuple[str, list[str]]:
    if streams is None:
        return "1", []
    return f"stream IN ({', '.join('?' * len(streams))})", list(streams)
