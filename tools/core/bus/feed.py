"""Events and messages as one stream of entries, with filters.

A query without a task shows events; with tasks it shows their events and their threads' messages,
by time. What the index answers costs the same however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tools.core import clock
from tools.core.fs import jsonl
from tools.core.models.bus import EVENTS, MESSAGES, stream_of
from tools.core.models.entry import Entry, Query, event_entry, stream_entry, unrepeated
from tools.core.store.files.store import FileStore
from tools.core.text import render

if TYPE_CHECKING:  # the newest events are read without SQLite
    from tools.core.store.files.index import Index, Row


def entry_of(row: Row) -> Entry:
    """The entry of a row of the index."""
    return stream_entry(row.stream, jsonl.parse(row.raw))


def streams_of(store: FileStore, query: Query) -> list[str]:
    """The streams a query looks at; without a task, messages are those of every thread."""
    wanted = [EVENTS] if query.events else []
    if query.messages:
        wanted += [stream_of(task) for task in query.tasks or store.names(MESSAGES)]
    return wanted


def newest_events(store: FileStore, limit: int) -> tuple[list[Entry], list[jsonl.Problem]]:
    """The last events, read from the end of the log without the index; oldest first."""
    reading = store.tail(EVENTS, limit)
    return unrepeated([event_entry(found.record) for found in reading.found]), reading.problems


def select(index: Index, query: Query, limit: int | None, now: datetime | None = None) -> tuple[list[Entry], int]:
    """The newest entries a query finds, oldest first, and how many more there are (see `MAX_COUNTED`)."""
    if limit is not None and query == Query(messages=False):
        return _newest_in_file(index, limit)
    latest = int(((now or clock.now()) + clock.CREDIBLE_AHEAD).timestamp())
    branches = _branches(index, query)
    spans = _spans(query, latest)
    if limit is None:
        spans = [" AND ".join(["1", *(["at>=:since"] if query.since else [])])]
    found: dict[int, tuple[int, Row]] = {}
    for branch in branches:
        for span in spans:
            found.update(_ask(index, branch, span, query, latest, limit))
    kept = sorted((placed, seq) for seq, (placed, _) in found.items())
    kept = kept if limit is None else kept[len(kept) - min(limit, len(kept)) :]
    entries = [entry_of(found[seq][1]) for _, seq in kept]
    more = 0
    if limit is not None and len(found) >= limit:
        more = _count(index, branches, query, latest, limit + MAX_COUNTED) - len(kept)
    return unrepeated(entries), max(0, min(more, MAX_COUNTED))


def _newest_in_file(index: Index, limit: int) -> tuple[list[Entry], int]:
    """The last events as they stand in the log, whatever their stamps say."""
    source = "entries INDEXED BY by_line WHERE stream='events'"
    rows = index.ask(f"SELECT seq, stream, number, raw FROM {source} ORDER BY number DESC LIMIT {limit}")
    count = index.ask(f"SELECT COUNT(*) FROM (SELECT 1 FROM {source} LIMIT {limit + MAX_COUNTED})")[0][0]
    entries = [stream_entry(stream, jsonl.parse(raw)) for _, stream, _, raw in reversed(rows)]
    return unrepeated(entries), count - len(rows)


def counted(more: int) -> str:
    """How many more there are, in words."""
    return f"{more} or more" if more >= MAX_COUNTED else str(more)


MAX_COUNTED = 200
"""From here on older entries are not counted: that would cost more the longer the history is."""


class _Branch(NamedTuple):
    """One walk along one index of entries: what it fixes, and what else must hold."""

    along: str
    fixed: str
    values: dict[str, object]


def _branches(index: Index, query: Query) -> list[_Branch]:
    """The walks that together find everything a query asks for; each begins with its index's columns."""
    events = _event_branches(index, query) if query.events else []
    return events + (_message_branches(index, query) if query.messages and not query.severities else [])


def _event_branches(index: Index, query: Query) -> list[_Branch]:
    mine = "stream='events'"
    if query.severities:
        return _each("by_severity", mine, severity=query.severities)
    if query.tasks:
        return _each("by_task", mine, task=query.tasks)
    if query.kinds or query.agents:
        return _by_agent(index, query, mine)
    return [_Branch("by_time", mine, {})]


def _message_branches(index: Index, query: Query) -> list[_Branch]:
    mine = "stream<>'events'"
    threads = [stream_of(task) for task in query.tasks]
    if threads and query.agents:
        return _each("by_speaker", mine, stream=threads, agent=query.agents)
    if threads:
        return _each("by_thread", mine, stream=threads)
    if query.kinds or query.agents:
        return _by_agent(index, query, mine)
    return [_Branch("by_message", mine, {})]


def _by_agent(index: Index, query: Query, mine: str) -> list[_Branch]:
    found = []
    for agent in query.agents or index.distinct("agent"):
        kinds = query.kinds or index.distinct("kind", agent=agent)
        found += _each("by_agent", mine, agent=[agent], kind=kinds)
    return found


def _each(name: str, mine: str, **columns: Sequence[str]) -> list[_Branch]:
    """One branch for each combination of values of the columns."""
    made = [_Branch(name, mine, {})]
    for column, wanted in columns.items():
        made = [
            _Branch(name, f"{branch.fixed} AND {column}=:{column}", {**branch.values, column: value})
            for branch in made
            for value in dict.fromkeys(wanted)
        ]
    return made


def _spans(query: Query, latest: int) -> list[str]:
    """Credible stamps, those from the future, and lines without one: each newest first."""
    if query.since is not None:
        return ["at>=:since AND at<=:latest", "at>=:since AND at>:latest"]
    return ["at<=:latest", "at>:latest", "at IS NULL"]


def _condition(branch: _Branch, span: str, query: Query, latest: int) -> tuple[str, dict[str, object]]:
    terms = [branch.fixed, span]
    values: dict[str, object] = {**branch.values, "latest": latest}
    if query.since is not None:
        values["since"] = int(query.since.timestamp())
    for column, wanted in (("agent", query.agents), ("kind", query.kinds)):
        if wanted and column not in branch.values:
            names = [f"{column}{number}" for number in range(len(wanted))]
            terms.append(f"+{column} IN ({', '.join(f':{name}' for name in names)})")
            values.update(zip(names, wanted, strict=True))
    return f"entries INDEXED BY {branch.along} WHERE {' AND '.join(terms)}", values


def _ask(
    index: Index, branch: _Branch, span: str, query: Query, latest: int, limit: int | None
) -> Iterator[tuple[int, tuple[int, Row]]]:
    from tools.core.store.files.index import Row  # whoever asks has it open

    source, values = _condition(branch, span, query, latest)
    tail = "" if limit is None else f"ORDER BY at DESC, seq DESC LIMIT {limit}"
    for placed, *row in index.ask(
        f"SELECT COALESCE(placed, at), seq, stream, number, raw FROM {source} {tail}", values
    ):
        yield row[0], (placed, Row(*row))


def _count(index: Index, branches: Sequence[_Branch], query: Query, latest: int, enough: int) -> int:
    """How many entries there are; counting ends where there are enough."""
    total = 0
    for branch in branches:
        source, values = _condition(branch, "at>=:since" if query.since is not None else "1", query, latest)
        sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {source} LIMIT {enough - total})"
        total += int(index.ask(sql, values)[0][0])
        if total >= enough:
            break
    return total


MAX_REQUESTS = 200
"""Open requests that are read at once; the newest ones."""


def open_requests(
    index: Index,
    *,
    threads: Sequence[str] | None = None,
    target: str | None = None,
    limit: int = MAX_REQUESTS,
) -> list[Entry]:
    """The newest requests and directives that nobody has replied to yet, oldest first."""
    along, where, values = "waiting_by_time", "waiting=1", list[object]()
    if target is not None:
        along, where = "waiting_by_target", f"{where} AND target=?"
        values.append(target)
    if threads is not None and not threads:
        return []
    if threads is not None:
        along, where = "waiting_by_task", f"{where} AND task IN ({', '.join('?' * len(threads))})"
        values = [*values, *threads]
    rows = index.ask(
        f"SELECT stream, raw FROM entries INDEXED BY {along} WHERE {where} ORDER BY at DESC, seq DESC LIMIT {limit}",
        values,
    )
    return unrepeated([stream_entry(stream, jsonl.parse(raw)) for stream, raw in reversed(rows)])


def count_requests(index: Index) -> int:
    """How many requests and directives wait, a message and its inbox copy being one."""
    rows = index.ask("SELECT COUNT(DISTINCT id) + SUM(id IS NULL) FROM entries WHERE waiting=1")
    return int(rows[0][0] or 0)


def line_of(entry: Entry) -> str:
    """One line: when, who, what kind, which task, what was said, and the evidence."""
    parts = [entry.record.ts or "-", entry.agent or "-", entry.kind or "-", f"task={entry.task or '-'}"]
    if entry.severity:
        parts[-1] += f" sev={entry.severity}"
    parts.append(entry.record.summary)
    if entry.record.receipts:
        parts.append(f"receipts={','.join(entry.record.receipts)}")
    return " :: ".join(render.clean(part) for part in parts)
