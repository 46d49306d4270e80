"""The streams that a query looks at, and their records."""

from __future__ import annotations

from tools.core.fs import jsonl
from tools.core.models.bus import EVENTS, MESSAGES, stream_of
from tools.core.models.lenient import shortcoming
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.workspace import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.core.models.entry import Query
    from tools.core.store.contract import Store


def streams_of(store: Store, query: Query) -> list[str]:
    """The streams a query looks at; without a task, messages are those of every thread."""
    streams = [EVENTS] if query.events else []
    if query.messages:
        streams += [stream_of(task) for task in query.tasks or store.names(MESSAGES)]
    return streams


def records_of(store: Store, stream: str) -> Iterator[jsonl.StoredRecord | Problem]:
    """The records of a stream one by one, and the lines that are none, in bounded memory."""
    place = Place("", store.where(stream))
    for number, line in enumerate(store.lines(stream), 1):
        outcome = jsonl.examine(place, line, number)
        reason = shortcoming(outcome.record) if isinstance(outcome, jsonl.StoredRecord) else ""
        if reason:
            yield Problem(place.name, number, reason, jsonl.UNREADABLE)
        elif outcome is not None:
            yield outcome
