"""Events and messages as readers see them: one kind of entry, and what a query asks for."""

from __future__ import annotations

from tools.core import clock
from tools.core.clock import datetime
from tools.core.models.bus import EVENTS, MANAGER_ROLE, Event, Message
from tools.core.models.lenient import event_from, message_from, text_of
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVENT = "event"

MESSAGE = "message"

ASSIGN, HANDSHAKE = "assign", "handshake"
"""Events by which a task is given out, and by which a session begins."""


class Entry(NamedTuple):
    """One event or message, with their common fields under common names."""

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


class Search(NamedTuple):
    """Words to look for; an empty filter lets everything through."""

    text: str
    agents: Sequence[str] = ()
    tasks: Sequence[str] = ()
    since: datetime | None = None
    limit: int = 20

    @property
    def words(self) -> list[str]:
        """The words of the text, each once, in order; the first `MAX_WORDS` of them."""
        import re  # only a search has words

        return list(dict.fromkeys(re.findall(r"\w+", self.text.casefold())))[:MAX_WORDS]


MAX_WORDS = 32
"""Words of a search that count; the rest of a longer one is ignored."""


def event_entry(raw: dict[str, object]) -> Entry:
    """An event's entry."""
    event = event_from(raw)
    return Entry(EVENT, event, clock.parse(event.ts), event.agent_id, event.event, event.task_id)


def message_entry(raw: dict[str, object], thread: str) -> Entry:
    """A message's entry."""
    message = message_from(raw, thread)
    return Entry(MESSAGE, message, clock.parse(message.ts), message.sender, message.type, message.task_id)


def stream_entry(stream: str, raw: dict[str, object]) -> Entry:
    """The entry of a record of a stream."""
    return event_entry(raw) if stream == EVENTS else message_entry(raw, stream.partition("/")[2])


def roles_in(meta: Mapping[str, object]) -> frozenset[str]:
    """The roles that a handshake announces in its free data, its focus among them."""
    words = f"{text_of(meta.get('roles'))},{text_of(meta.get('focus'))}"
    return frozenset(word.strip() for word in words.replace(" ", ",").split(",") if word.strip())


def party_of(agent: str, kind: str, claim: object, meta: Mapping[str, object]) -> str:
    """Whom an event gives a say in its task: the holder, who gave it out, or (in every task) a manager; "" for nobody."""
    if isinstance(claim, dict):
        return text_of(claim.get("agent_id"))
    is_party = kind == ASSIGN or (kind == HANDSHAKE and MANAGER_ROLE in roles_in(meta))
    return agent if is_party else ""


def matches(entry: Entry, query: Query) -> bool:
    """Whether one entry is what a query asks for; its stream is assumed to be."""
    return (
        (not query.tasks or entry.task in query.tasks or entry.source == MESSAGE)
        and (not query.agents or entry.agent in query.agents)
        and (not query.kinds or entry.kind in query.kinds)
        and (not query.severities or entry.severity in query.severities)
        and (query.since is None or (entry.at is not None and entry.at >= query.since))
    )


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


def in_turn(agents: Sequence[str]) -> list[int]:
    """Places of rows by their agents: each one's first, then each one's second, so that any part of them is fair to all."""
    turns: dict[str, int] = {}
    order = []
    for place, agent in enumerate(agents):
        turns[agent] = turns.get(agent, 0) + 1
        order.append((turns[agent], place))
    return [place for _, place in sorted(order)]
