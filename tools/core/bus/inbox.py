"""What waits for a seat: its inbox, and open requests that name it or a task it holds."""

from __future__ import annotations

from tools.core import clock, ids
from tools.core.bus.read_mark import NEWEST, Mark, key_of, mark_of
from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.models.entry import Entry, Query, in_turn, unrepeated
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tools.core.clock import datetime
    from tools.core.store.contract import History


class Item(NamedTuple):
    """One message that concerns a seat."""

    entry: Entry
    is_unread: bool
    is_open: bool  # a request or directive without a reply


class Inbox(NamedTuple):
    """What waits for a seat: the newest items, unread ones first, and how many there are in all."""

    items: list[Item]
    unread: int
    total: int
    messages: int  # of the total, those in the inbox itself

    @property
    def read_mark(self) -> dict[str, object]:
        """The content of the file that marks all of this as read."""
        return {"read": sorted(key(item.entry) for item in self.items), "count": self.messages}


def look(history: History, agent: str, tasks: Collection[str], mark: Mark, *, limit: int = NEWEST) -> Inbox:
    """The newest of the inbox and of open requests that name the agent or a task it holds.

    Messages older than those are counted, not read.
    """
    limit = max(limit, NEWEST)
    requests = [
        *history.open_requests(target=agent, limit=limit),
        *(entry for entry in history.open_requests(threads=sorted(tasks), limit=limit) if entry.agent != agent),
    ]
    requests += _directives(history, agent, mark)
    received, _ = history.select(Query(tasks=[ids.inbox_of(agent)], events=False), limit)
    messages = history.count_messages(ids.inbox_of(agent))
    is_open = {key(entry) for entry in requests}
    merged = unrepeated([*received, *requests])
    items = [Item(entry, key(entry) not in mark.read, key(entry) in is_open) for entry in merged]
    unread = sum(item.is_unread for item in items) + mark.unread_before([key(entry) for entry in received], messages)
    items.sort(key=lambda item: (not item.is_unread, item.entry.record.ts))
    return Inbox(items, unread, len(items) + messages - len(received), messages)


def chosen(items: Sequence[Item], limit: int, now: datetime) -> list[Item]:
    """What a seat is shown of its inbox, in the order of the whole: what is open in turns of its senders, then the newest.

    A stamp of the future makes nothing newer, else whoever writes one would push out all that is true.
    """
    latest = clock.to_text(now + clock.CREDIBLE_AHEAD)
    waiting = [place for place, item in enumerate(items) if item.is_open]
    waiting = [waiting[turn] for turn in in_turn([items[place].entry.agent for place in waiting])]
    stamps = {place: item.entry.record.ts for place, item in enumerate(items) if not item.is_open}
    rest = sorted(stamps, key=lambda place: stamps[place] if stamps[place] <= latest else "", reverse=True)
    return [items[place] for place in sorted([*waiting, *rest][:limit])]


def _directives(history: History, agent: str, mark: Mark) -> list[Entry]:
    """Recent directives to everybody that the agent has neither answered nor marked as read."""
    directives, _ = history.select(Query(kinds=["directive"], events=False), NEWEST)
    waiting = [one for one in directives if not names_anybody(one) and one.agent != agent and key(one) not in mark.read]
    if not waiting:
        return []
    said, _ = history.select(Query(agents=[agent], events=False), 4 * NEWEST)
    answered = {getattr(entry.record, "reply_to", "") for entry in said}
    return [one for one in waiting if one.record.id not in answered]


def names_anybody(entry: Entry) -> bool:
    """Whether a message is addressed to one agent."""
    return bool(getattr(entry.record, "to", ""))


def names(entry: Entry, agent: str) -> bool:
    """Whether a message is addressed to an agent."""
    return getattr(entry.record, "to", "") == agent


def key(entry: Entry) -> str:
    """The message's id; for an old message without one, its stamp, sender and summary."""
    return key_of(entry.record.id, entry.record.ts, entry.agent, entry.record.summary)


def line_of(item: Item, now: datetime) -> str:
    """One line a message: new or not, when, who, where, what, and how to answer."""
    from tools.core.bus import feed  # what only counts messages shows none
    from tools.core.text import terminal

    entry = item.entry
    mark = "NEW " if item.is_unread else "    "
    age = clock.age(entry.at, now) + " ago" if entry.at else entry.record.ts
    text = f"{mark}{age} {entry.agent} {entry.kind} in {entry.task}: {entry.record.summary}"
    if item.is_open:
        answer = feed.answering(entry)
        text += f" [open; answer with {answer}]" if answer else " [open]"
    return terminal.clean(text)


def as_document(item: Item) -> dict[str, object]:
    """A message as JSON."""
    from tools.core.models.record import to_mapping  # most readers want text

    return {**to_mapping(item.entry.record), "unread": item.is_unread, "open": item.is_open}


def mark_place(workspace: Workspace, agent: str) -> Place:
    """Where the read mark is kept."""
    return workspace.session(agent).child("inbox.json")


def read_mark(workspace: Workspace, agent: str) -> Mark:
    """The seat's read mark; a damaged one counts as absent."""
    try:
        return mark_of(files.read_json(mark_place(workspace, agent)) or {})
    except DataError:
        return Mark()


def mark_read(workspace: Workspace, agent: str, inbox: Inbox) -> None:
    """Remembers everything that concerns the seat now as read."""
    files.replace(mark_place(workspace, agent), files.dump_json(inbox.read_mark))
