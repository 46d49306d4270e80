"""What a query matches from now on: the records behind the number of the last one that was seen."""

from __future__ import annotations

from collections.abc import Iterator

from tools.core.models.bus import EVENTS
from tools.core.models.entry import Entry, Query, matches, stream_entry
from tools.core.problem import Problem
from tools.core.store.addresses import address_of
from tools.core.store.postgres.lines import examined_row
from tools.core.store.postgres.opening import Bus


class PostgresFollowing:
    """What comes behind the number of the last record; bad lines are named with their place."""

    def __init__(self, bus: Bus, query: Query) -> None:
        self._bus = bus
        self._query = query
        self._seen = int(bus.ask("SELECT head FROM teof.buses WHERE bus = :bus")[0][0])

    def poll(self) -> Iterator[Entry | Problem]:
        """See Following."""
        rows = self._bus.ask(
            "SELECT seq, stream, number, raw FROM teof.records WHERE bus = :bus AND seq > %s ORDER BY seq", self._seen
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
