"""What a hook asks where the bus is on a server: one connection a call, and mail at most every few seconds.

A program calls its hook at every step; a server hears of an edit each time, because a claim of this moment counts,
and of other steps no more often than that. A server that does not answer within the second of a hook is no opinion.
"""

from __future__ import annotations

from tools.core.backlog import pickup
from tools.core.bus import inbox
from tools.core.clock import to_text
from tools.core.context import Context
from tools.core.integrations.hooks import memory
from tools.core.integrations.hooks.mail import ASKING, Letter, Standing
from tools.core.models.bus import CLAIMS
from tools.core.models.claim_state import LIVE
from tools.core.plain import TYPE_CHECKING
from tools.core.seats.seat import Seat
from tools.core.store import backend
from tools.core.store.api import Document
from tools.core.store.files.documents.catalogue import ShortClaim
from tools.core.store.files.documents.claim_file import claim_of
from tools.core.store.files.store import FileStore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.core.bus.read_mark import Mark
    from tools.core.models.entry import Entry
    from tools.core.workspace import Workspace

PERIOD = 15
"""Seconds between two looks at the mail of a seat at work."""

_MENTIONED = "messages"


def context_of(workspace: Workspace, agent: str) -> Context | None:
    """What a hook acts in where the bus is on a server; None where it came back to files."""
    store = backend.open_store(workspace)
    return None if isinstance(store, FileStore) else Context(workspace, seat=Seat(agent, None), store=store)


def is_due(workspace: Workspace, agent: str, now: int) -> bool:
    """Whether the server is asked again at a step that changes no file; it counts as asked then."""
    name = f"asked/{agent}.json"
    last = memory.read(workspace, name).get("at")
    if isinstance(last, int) and 0 <= now - last < PERIOD:
        return False
    return memory.write(workspace, name, {"at": now})


def live_claims(context: Context) -> list[ShortClaim]:
    """All live claims, by task."""
    documents = context.store.live(CLAIMS).documents
    claims = [
        claim_of(document.content, name.partition("/")[2])
        for name, document in sorted(documents.items())
        if isinstance(document, Document)
    ]
    return [claim for claim in claims if claim.state in LIVE]


def new_mail(context: Context, tasks: Iterable[str]) -> list[Letter]:
    """What is unread and was not mentioned yet; remembers it, and is empty where that cannot be done."""
    letters = [_letter(item.entry) for item in _items(context, tasks) if item.is_unread]
    new = _not_mentioned(context, letters)
    return [letter for letter in letters if letter.key in new]


def standing(context: Context, tasks: Iterable[str]) -> Standing:
    """How much is unread and unanswered; all of it counts as mentioned from now on."""
    looked = inbox.look(context.store.history, *_about(context, tasks))
    _not_mentioned(context, [_letter(item.entry) for item in looked.items])
    return Standing(looked.unread, sum(item.is_open for item in looked.items), is_cut=False)


def waiting(context: Context, tasks: Iterable[str]) -> list[Letter]:
    """The requests and directives without an answer that the seat did not mark as read."""
    letters = [_letter(item.entry) for item in _items(context, tasks) if item.is_unread and item.is_open]
    return [letter for letter in letters if letter.kind in ASKING]


def ready_tasks(context: Context) -> list[str]:
    """The ids of the ready tasks, best first."""
    return [task.item.task_id for task in pickup.read(context).ready]


def last_seen(context: Context, agent: str) -> str:
    """The stamp of an agent's last sign of life; "" without one."""
    moment = context.store.history.last_seen([agent], context.now).get(agent)
    return to_text(moment) if moment else ""


def _items(context: Context, tasks: Iterable[str]) -> list[inbox.Item]:
    agent = context.seat.agent_id
    items = inbox.look(context.store.history, *_about(context, tasks)).items
    return [item for item in items if item.entry.agent != agent]


def _about(context: Context, tasks: Iterable[str]) -> tuple[str, list[str], Mark]:
    agent = context.seat.agent_id
    return agent, sorted(set(tasks)), inbox.read_mark(context.workspace, agent)


def _not_mentioned(context: Context, letters: list[Letter]) -> list[str]:
    keys = [letter.key for letter in letters]
    return memory.once(context.workspace, memory.mail_name(context.seat.agent_id), _MENTIONED, keys)


def _letter(entry: Entry) -> Letter:
    record = entry.record
    reply_to = getattr(record, "reply_to", "")
    return Letter(record.id, entry.kind, entry.agent, entry.task, record.ts, reply_to, inbox.key(entry))
