"""What waits for a seat: its inbox, and open requests that name it or a task it holds."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tools.core import feed, files, ids
from tools.core.errors import DataError
from tools.core.index import Index
from tools.core.workspace import Place, Workspace


class Item(NamedTuple):
    """One message that concerns a seat."""

    entry: feed.Entry
    is_unread: bool
    is_open: bool  # a request or directive nobody has replied to


def items(index: Index, agent: str, tasks: Collection[str], read_ids: Collection[str]) -> list[Item]:
    """Everything in the inbox and every open request that names the agent or a task it holds.

    Unread ones first, then by time.
    """
    requests = feed.open_requests(index)
    concerned = [entry for entry in requests if names(entry, agent) or (entry.task in tasks and entry.agent != agent)]
    inbox, _ = feed.select(index, feed.Query(tasks=[ids.inbox_of(agent)], events=False), None)
    is_open = {key(entry) for entry in requests}
    merged = feed.unrepeated([*inbox, *concerned])
    found = [Item(entry, key(entry) not in read_ids, key(entry) in is_open) for entry in merged]
    return sorted(found, key=lambda item: (not item.is_unread, item.entry.record.ts))


def names(entry: feed.Entry, agent: str) -> bool:
    """Whether a message is addressed to an agent."""
    return getattr(entry.record, "to", "") == agent


def key(entry: feed.Entry) -> str:
    """What tells a message from every other: its id, or for an old one its stamp and words."""
    return entry.record.id or f"{entry.record.ts}|{entry.agent}|{entry.record.summary}"


def mark_place(workspace: Workspace, agent: str) -> Place:
    """Where the read mark is kept."""
    return workspace.session(agent).child("inbox.json")


def read_marks(workspace: Workspace, agent: str) -> frozenset[str]:
    """What the seat has marked as read; a damaged mark counts as none."""
    try:
        content = files.read_json(mark_place(workspace, agent)) or {}
    except DataError:
        return frozenset()
    marked = content.get("read")
    return frozenset(str(part) for part in marked) if isinstance(marked, list) else frozenset()


def mark_read(workspace: Workspace, agent: str, found: Collection[Item]) -> None:
    """Remembers everything that concerns the seat now as read."""
    document = {"read": sorted(key(item.entry) for item in found)}
    files.replace(mark_place(workspace, agent), files.dump_json(document))
