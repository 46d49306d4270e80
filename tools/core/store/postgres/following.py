"""What a query matches from now on: the records behind the number of the last one that was seen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tools.core.errors import SetupError, ToolkitError
from tools.core.models.bus import EVENTS
from tools.core.models.entry import Entry, Query, matches, stream_entry
from tools.core.problem import Problem
from tools.core.store.addresses import address_of
from tools.core.store.postgres.lines import examined_row
from tools.core.store.postgres.opening import Bus

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds in which a server that is away is not asked again."""


class PostgresFollowing:
    """What comes behind the number of the last record; bad lines are named with their place."""

    def __init__(self, bus: Bus, query: Query) -> None:
        self._bus = bus
        self._query = query
        self._pause, self._rests_until = 0.0, 0.0
        self._seen = int(bus.ask("SELECT head FROM teof.buses WHERE bus = :bus")[0][0])

    def poll(self) -> Iterator[Entry | Problem]:
        """See Following; while the server is away nothing comes, and it is asked less and less often."""
        for seq, stream, number, raw in self._rows():
            self._seen = seq
            if not self._is_followed(stream):
                continue
            outcome = examined_row(address_of(stream), number, raw)
            if isinstance(outcome, Problem):
                yield outcome
            elif outcome and matches(entry := stream_entry(stream, outcome.record), self._query):
                yield entry

    def _rows(self) -> list[Any]:
        if time.monotonic() < self._rests_until:
            return []
        sql = "SELECT seq, stream, number, raw FROM teof.records WHERE bus = :bus AND seq > %s ORDER BY seq"
        try:
            rows = self._bus.ask(sql, self._seen)
        except SetupError as error:
            if error.code != "store.unreachable":
                raise
            self._pause = min(2 * self._pause or _FIRST_PAUSE, _LONGEST_PAUSE)
            self._rests_until = time.monotonic() + self._pause
            return []
        self._pause = 0.0
        return rows

    def sleep(self, seconds: float) -> None:
        """See Following; the server rings where nothing between keeps its bell."""
        try:
            self._bus.connection.wait(seconds)
        except ToolkitError:
            time.sleep(seconds)

    def _is_followed(self, stream: str) -> bool:
        if stream == EVENTS:
            return self._query.events
        return self._query.messages and (not self._query.tasks or stream.partition("/")[2] in self._query.tasks)
