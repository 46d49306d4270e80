"""Whom a message reaches: the seat that it names, the one whose message it answers, and whether there is such a seat."""

from __future__ import annotations

from tools.core import hint, ids
from tools.core.context import Context
from tools.core.errors import UsageError
from tools.core.fs import files
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.core.models.bus import Message


def threads_of(context: Context, message: Message) -> list[str]:
    """The thread a message belongs to, and the inboxes of the seat it is addressed to and of the one it answers."""
    asker = context.store.history.sender_of(message.reply_to) if message.reply_to else None
    readers = [message.to, asker if ids.is_agent(asker) and asker != message.sender else ""]
    return list(dict.fromkeys([message.task_id, *(ids.inbox_of(reader) for reader in readers if reader)]))


def answered(context: Context, record_id: str, thread: str) -> str:
    """The id of the message that is answered; UsageError for one that no message has, or a request of another thread."""
    if context.history.sender_of(ids.require_record(record_id)) is None:
        raise UsageError(f"no message has the id {record_id}", code="message.reply", hint=hint.tool("agent.bus_inbox"))
    asked = (entry.task for entry in context.history.open_requests() if entry.record.id == record_id)
    if (task := next(asked, thread)) != thread:  # an answer that is read elsewhere would leave it open
        options = ("--task", task, "--type", "status", "--reply-to", record_id, "--summary", hint.WORDS)
        command = hint.tool("agent.bus_message", *options)
        raise UsageError(f"{record_id} was asked in {task}, and is answered there", code="message.thread", hint=command)
    return record_id


def warn_of_open(context: Context, replies: Iterable[Message]) -> None:
    """Warns of a request that a reply did not close, because its writer has no say in it."""
    asked = {entry.record.id: entry for entry in context.history.open_requests()}
    for entry in [asked[reply.reply_to] for reply in replies if reply.reply_to in asked]:
        whom = getattr(entry.record, "to", "") or f"who holds {entry.task}"
        context.warn([f"the {entry.kind} of {entry.agent} stays open: {whom} was asked"])


def warn_of_strangers(context: Context, names: Iterable[str]) -> None:
    """Warns of an addressee that neither wrote anything nor has a seat, an inbox or work."""
    for name in dict.fromkeys(names):
        if files.exists(context.workspace.session(name)):
            continue  # its session was booted here: most addressees cost no more than this
        from tools.core.bus import claim_documents  # few addressees have no session here
        from tools.core.seats.seat import all_manifests

        seats = {manifest.agent_id for manifest in all_manifests(context.workspace)}
        documents = claim_documents.of_all_tasks(context.store)
        holders = {claim.agent_id for claim in documents.claims}
        engineers = {row.engineer for row in documents.assignments if row.engineer}
        agents = {*seats, *holders, *engineers, *context.history.agents()}
        if name not in agents:
            context.warn([f"no agent {name} is known here{ids.near(name, agents)}; its inbox keeps the message"])
