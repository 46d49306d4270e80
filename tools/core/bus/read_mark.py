"""What a seat has read of its inbox, and how much it has not."""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NEWEST = 50
"""Messages of an inbox that are looked at one by one; older ones are only counted."""


class Mark(NamedTuple):
    """A seat's read mark: the keys of the newest items, and the number of messages in its inbox at that time."""

    read: frozenset[str] = frozenset()
    messages: int = 0

    def unread_before(self, newest: Collection[str], messages: int) -> int:
        """How many of an inbox's messages that are older than the newest ones are unread; `newest` has their keys."""
        read = max(0, self.messages - sum(key in self.read for key in newest))
        return max(0, messages - len(newest) - read)


def mark_of(content: Mapping[str, object]) -> Mark:
    """The mark that a document holds; a damaged one counts as absent."""
    marked, count = content.get("read"), content.get("count")
    if not isinstance(marked, list):
        return Mark()
    return Mark(frozenset(str(part) for part in marked), count if type(count) is int else len(marked))


def key_of(record_id: str, stamp: str, sender: str, summary: str) -> str:
    """What tells a message from others: its id; for an old one without, its stamp, sender and summary."""
    return record_id or f"{stamp}|{sender}|{summary}"
