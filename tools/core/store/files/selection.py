"""The entries of a query, read along the indexes: the newest cost the same however long the history is.

A query becomes a few walks, each along one index whose first columns the query fixes. What they find
is put together by the moment each record counts as written.
"""

from __future__ import annotations

from tools.core.fs import jsonl
from tools.core.models.bus import stream_of
from tools.core.models.entry import Entry, Query, stream_entry, unrepeated
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.api import MAX_COUNTED
from tools.core.store.files.index.database import Index

if TYPE_CHECKING:
    from collections.abc import Sequence


def select(index: Index, query: Query, limit: int | None) -> tuple[list[Entry], int]:
    """See History."""
    if limit is not None and query == Query(messages=False):
        return _newest_in_log(index, limit)
    walks = _walks(index, query)
    rows = dict[int, tuple[int, str, bytes]]()
    for walk in walks:
        source, values = walk.source(query)
        tail = "" if limit is None else f"ORDER BY moment DESC, seq DESC LIMIT {limit}"
        for seq, *row in index.ask(f"SELECT seq, moment, stream, raw FROM {source} {tail}", values):
            rows[seq] = (row[0], row[1], row[2])
    ordered = sorted(rows, key=lambda seq: (rows[seq][0], seq))
    kept = ordered if limit is None else ordered[len(ordered) - min(limit, len(ordered)) :]
    more = 0
    if limit is not None and len(rows) >= limit:
        more = _count(index, walks, query, limit + MAX_COUNTED) - len(kept)
    entries = [entry_of(rows[seq][1], rows[seq][2]) for seq in kept]
    return unrepeated(entries), max(0, min(more, MAX_COUNTED))


def entry_of(stream: str, raw: bytes) -> Entry:
    """The entry of a line of a stream."""
    return stream_entry(stream, jsonl.parse(raw))


def _newest_in_log(index: Index, limit: int) -> tuple[list[Entry], int]:
    """The last events as they stand in the log, whatever their stamps say."""
    source = "entries INDEXED BY by_line WHERE stream='events'"
    rows = index.ask(f"SELECT raw FROM {source} ORDER BY number DESC LIMIT {limit}")
    count = index.ask(f"SELECT COUNT(*) FROM (SELECT 1 FROM {source} LIMIT {limit + MAX_COUNTED})")[0][0]
    return unrepeated([entry_of("events", raw) for (raw,) in reversed(rows)]), count - len(rows)


class _Walk(NamedTuple):
    """One walk along one index of entries: what it fixes, and what else must hold."""

    along: str
    fixed: str
    values: dict[str, object]

    def source(self, query: Query) -> tuple[str, dict[str, object]]:
        """The rows of this walk that a query lets through, as SQL and values."""
        terms, values = [self.fixed], dict(self.values)
        if query.since is not None:
            terms.append("moment>=:since AND at>=:since")
            values["since"] = int(query.since.timestamp())
        for column, accepted in (("agent", query.agents), ("kind", query.kinds)):
            if accepted and column not in self.values:
                names = [f"{column}{number}" for number in range(len(accepted))]
                terms.append(f"+{column} IN ({', '.join(f':{name}' for name in names)})")
                values.update(zip(names, accepted, strict=True))
        return f"entries INDEXED BY {self.along} WHERE {' AND '.join(terms)}", values


def _walks(index: Index, query: Query) -> list[_Walk]:
    """The walks that together find everything a query asks for; each begins with its index's columns."""
    events = _event_walks(index, query) if query.events else []
    return events + (_message_walks(index, query) if query.messages and not query.severities else [])


def _event_walks(index: Index, query: Query) -> list[_Walk]:
    events = "stream='events'"
    if query.severities:
        return _each("by_severity", events, severity=query.severities)
    if query.tasks:
        return _each("by_task", events, task=query.tasks)
    if query.kinds or query.agents:
        return _by_agent(index, query, events)
    return [_Walk("by_time", events, {})]


def _message_walks(index: Index, query: Query) -> list[_Walk]:
    messages = "stream<>'events'"
    threads = [stream_of(task) for task in query.tasks]
    if threads and query.agents:
        return _each("by_speaker", messages, stream=threads, agent=query.agents)
    if threads:
        return _each("by_thread", messages, stream=threads)
    if query.kinds or query.agents:
        return _by_agent(index, query, messages)
    return [_Walk("by_message", messages, {})]


def _by_agent(index: Index, query: Query, which: str) -> list[_Walk]:
    walks = []
    for agent in query.agents or index.values("agent"):
        kinds = query.kinds or index.values("kind", agent=agent)
        walks += _each("by_agent", which, agent=[agent], kind=kinds)
    return walks


def _each(name: str, which: str, **columns: Sequence[str]) -> list[_Walk]:
    """One walk for each combination of values of the columns."""
    walks = [_Walk(name, which, {})]
    for column, accepted in columns.items():
        walks = [
            _Walk(name, f"{walk.fixed} AND {column}=:{column}", {**walk.values, column: value})
            for walk in walks
            for value in dict.fromkeys(accepted)
        ]
    return walks


def _count(index: Index, walks: Sequence[_Walk], query: Query, enough: int) -> int:
    """How many entries there are; counting ends where there are enough."""
    total = 0
    for walk in walks:
        source, values = walk.source(query)
        total += int(index.ask(f"SELECT COUNT(*) FROM (SELECT 1 FROM {source} LIMIT {enough - total})", values)[0][0])
        if total >= enough:
            break
    return total
