"""Following a query in the logs themselves: without the index, and without reading what is there already."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tools.core.fs import jsonl
from tools.core.fs.follow import Follower
from tools.core.models.entry import Entry, Query, matches, stream_entry
from tools.core.models.lenient import shortcoming
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.store.addresses import place_of
from tools.core.store.streams import streams_of
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from tools.core.store.contract import Store


class LogFollower:
    """The logs of a query, read on from where they were; threads that begin later are followed too."""

    def __init__(self, workspace: Workspace, store: Store, query: Query) -> None:
        self._workspace = workspace
        self._store = store
        self._query = query
        self._logs = dict[str, Follower]()
        for follower in self._new_logs():
            follower.skip_present()

    def _new_logs(self) -> list[Follower]:
        new = [stream for stream in streams_of(self._store, self._query) if stream not in self._logs]
        self._logs.update((stream, Follower(place_of(self._workspace, stream))) for stream in new)
        return [self._logs[stream] for stream in new]

    def sleep(self, seconds: float) -> None:
        """See Following."""
        time.sleep(seconds)

    def poll(self) -> Iterator[Entry | Problem]:
        """See Following."""
        self._new_logs()
        for stream, follower in self._logs.items():
            for outcome in follower.poll():
                if isinstance(outcome, jsonl.StoredRecord) and (reason := shortcoming(outcome.record)):
                    number = jsonl.number_of(place_of(self._workspace, stream), outcome.line.offset)
                    outcome = Problem(self._store.where(stream), number, reason, jsonl.UNREADABLE)
                if isinstance(outcome, Problem):
                    yield outcome
                elif matches(entry := stream_entry(stream, outcome.record), self._query):
                    yield entry
