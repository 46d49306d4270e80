"""Events and messages as one stream of entries, with filters.

A query without a task shows events; with tasks it shows their events and their threads' messages,
by time. What the index answers costs the same however long the history is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tools.core import clock, jsonl
from tools.core.records import Event, Message, event_from, message_from
from tools.core.store import EVENTS, MESSAGES, FileStore, stream_of

if TYPE_CHECKING:  # the newest events are read without SQLite
    from tools.core.index import Index, Row

EVENT = "event"
MESSAGE = "message"


class Entry(NamedTuple):
    """One event or message, with what both have under one name."""

    source: str  # EVENT or MESSAGE
    record: Event | Message
    at: datetime | None
    agent: str
    kind: str
    task: str

    @property
    def severity(self) -> str:
        """An event's severity; "" for a message."""
        return self.record.severity if isinstance(self.record, Event) else ""


class Query(NamedTuple):
    """What to show; an empty filter lets everything through."""

    tasks: Sequence[str] = ()
    agents: Sequence[str] = ()
    kinds: Sequence[str] = ()
    severities: Sequence[str] = ()
    since: datetime | None = None
    events: bool = True
    messages: bool = True


def event_entry(raw: dict[str, object]) -> Entry:
    """An event's entry."""
    event = event_from(raw)
    return Entry(EVENT, event, clock.parse(event.ts), event.agent_id, event.event, event.task_id)


def message_entry(raw: dict[str, object], thread: str) -> Entry:
    """A message's entry."""
    message = message_from(raw, thread)
    return Entry(MESSAGE, message, clock.parse(message.ts), message.sender, message.type, message.task_id)


def entry_of(row: Row) -> Entry:
    """The entry of a row of the index."""
    return stream_entry(row.stream, jsonl.parse(row.raw))


def stream_entry(stream: str, raw: dict[str, object]) -> Entry:
    """The entry of a record of a stream."""
    return event_entry(raw) if stream == EVENTS else message_entry(raw, stream.partition("/")[2])


def matches(entry: Entry, query: Query) -> bool:
    """Whether one entry is what a query asks for; its stream is assumed to be."""
    return (
        (not query.tasks or entry.task in query.tasks or entry.source == MESSAGE)
        and (not query.agents or entry.agent in query.agents)
        and (not query.kinds or entry.kind in query.kinds)
        and (not query.severities or entry.severity in query.severities)
        and (query.since is None or (entry.at is not None and entry.at >= query.since))
    )


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


def select(index: Index, query: Query, limit: int | None) -> tuple[list[Entry], int]:
    """The newest entries a query finds, oldest first, and how many more there are."""
    where, values = _condition(query)
    tail = "ORDER BY seq DESC" if not query.tasks else "ORDER BY at DESC, seq DESC"
    if limit is not None:
        tail += f" LIMIT {limit}"
    entries = [entry_of(row) for row in index.rows(where, values, tail)][::-1]
    more = 0
    if limit is not None and len(entries) == limit:
        more = index.ask(f"SELECT COUNT(*) FROM entries WHERE {where}", values)[0][0] - limit
    return unrepeated(entries), more


def _condition(query: Query) -> tuple[str, list[object]]:
    terms: list[str] = []
    values: list[object] = []

    def among(column: str, wanted: Sequence[object]) -> None:
        if wanted:
            terms.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values.extend(wanted)

    if query.tasks:
        parts = []
        if query.events:
            parts.append(f"(stream=? AND task IN ({', '.join('?' * len(query.tasks))}))")
            values.extend([EVENTS, *query.tasks])
        if query.messages:
            parts.append(f"stream IN ({', '.join('?' * len(query.tasks))})")
            values.extend(stream_of(task) for task in query.tasks)
        terms.append(f"({' OR '.join(parts)})" if parts else "0")
    elif query.events and query.messages:
        pass
    else:
        terms.append("stream = ?" if query.events else "stream <> ?")
        values.append(EVENTS)
    among("agent", query.agents)
    among("kind", query.kinds)
    among("severity", query.severities)
    if query.since is not None:
        terms.append("at >= ?")
        values.append(int(query.since.timestamp()))
    return " AND ".join(terms) or "1", values


def unrepeated(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without those whose id came before; a message and its inbox copy are one."""
    seen: set[str] = set()
    kept = []
    for entry in entries:
        key = entry.record.id
        if not key or key not in seen:
            kept.append(entry)
        seen.add(key)
    return kept


def open_requests(index: Index, *, threads: Sequence[str] | None = None) -> list[Entry]:
    """Requests and directives that nobody has replied to yet, oldest first."""
    rows = index.rows(
        "kind IN ('request', 'directive') AND stream <> 'events'"
        " AND (id = '' OR id NOT IN (SELECT reply_to FROM entries WHERE reply_to <> ''))",
        (),
        "ORDER BY at, seq",
    )
    entries = unrepeated([entry_of(row) for row in rows])
    return entries if threads is None else [entry for entry in entries if entry.task in threads]
