"""Events and messages for a terminal: the newest of them, and one line each."""

from __future__ import annotations

from tools.core.models.bus import EVENTS
from tools.core.models.entry import Entry, event_entry, unrepeated
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.store.api import MAX_COUNTED
from tools.core.text import terminal

if TYPE_CHECKING:
    from tools.core.store.contract import Store


def newest_events(store: Store, limit: int) -> tuple[list[Entry], list[Problem]]:
    """The last events, read from the end of the log without its history; oldest first."""
    reading = store.tail(EVENTS, limit)
    return unrepeated([event_entry(line.record) for line in reading.records]), reading.problems


def counted(more: int) -> str:
    """A capped count in words."""
    return f"{more} or more" if more >= MAX_COUNTED else str(more)


def line_of(entry: Entry) -> str:
    """One line: stamp, agent, kind, task, summary and receipts."""
    parts = [entry.record.ts or "-", entry.agent or "-", entry.kind or "-", f"task={entry.task or '-'}"]
    if entry.severity:
        parts[-1] += f" sev={entry.severity}"
    parts.append(entry.record.summary)
    if entry.record.receipts:
        parts.append(f"receipts={','.join(entry.record.receipts)}")
    return " :: ".join(terminal.clean(part) for part in parts)


def answering(entry: Entry) -> str:
    """The options of `bus_message` that answer an entry; "" where the log names no thread that has an id."""
    from tools.core.text import shell  # most readers tell of no way to answer

    reply = ("--reply-to", entry.record.id) if entry.record.id else ()
    return shell.options("--task", entry.task, *reply)
