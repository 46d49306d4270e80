"""Events and messages of the acting seat: guarded, cited, copied to inboxes, and committed once.

What a command, a hook or a server wants to say is a draft; `post` makes it a record. What may refuse comes
before the first write.
"""

from __future__ import annotations

from tools.core import clock, hint, ids
from tools.core.context import Context
from tools.core.errors import GuardError, UsageError
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, Event, Message, stream_of
from tools.core.models.record import MAX_SUMMARY, to_mapping
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.api import Append, Change, Expect, retry_stale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tools.core.bus.claim_documents import TaskDocuments


class EventDraft(NamedTuple):
    """An event to be logged; receipts are paths as the writer names them."""

    event: str
    summary: str
    task_id: str = ""
    plan_id: str = ""
    branch: str = ""
    pr: str = ""
    severity: str = ""
    receipts: Sequence[str] = ()
    meta: Mapping[str, str] = {}


class MessageDraft(NamedTuple):
    """A message to be posted to a thread; `to` names the seat whose inbox gets a copy."""

    thread: str
    type: str
    summary: str
    to: str = ""
    plan_id: str = ""
    branch: str = ""
    note: str = ""
    reply_to: str = ""
    receipts: Sequence[str] = ()
    meta: Mapping[str, str] = {}


class Draft(NamedTuple):
    """An event and messages that belong together."""

    event: EventDraft | None
    messages: Sequence[MessageDraft] = ()


class Posted(NamedTuple):
    """What was written: the records as the store has them, and the threads that got a message."""

    event: Event | None
    messages: tuple[Message, ...]
    threads: tuple[str, ...]
    records: list[dict[str, object]]


def post(context: Context, event: EventDraft | None = None, messages: Iterable[MessageDraft] = ()) -> Posted:
    """Logs an event and posts messages, all or nothing; GuardError when the seat may not log the event.

    A missing receipt and a reply to an unknown message are warnings.
    """
    drafts = list(messages)
    posted: Posted = retry_stale(lambda: _commit(context, event, drafts, []))
    _warn(context, event, drafts, posted)
    return posted


def post_once(context: Context, decide: Callable[[], Draft | None]) -> Posted | None:
    """Posts what `decide` says on the event log as it is; None when it decides on nothing.

    `decide` is called again when the log has changed meanwhile, so that the post agrees with the log before it.
    """
    draft: Draft | None = None

    def attempt() -> Posted | None:
        nonlocal draft
        version = context.store.version(EVENTS)
        context.store.history.refresh()
        draft = decide()
        unchanged = Expect(EVENTS, version)
        if draft is None:
            # finishes first what a killed process had begun, which may change the log
            context.store.commit([unchanged])
            return None
        return _commit(context, *draft, [unchanged])

    posted: Posted | None = retry_stale(attempt)
    if draft and posted:
        _warn(context, *draft, posted)
    return posted


def _commit(
    context: Context, event: EventDraft | None, messages: Sequence[MessageDraft], depends: Sequence[Change]
) -> Posted:
    about = dict.fromkeys([event.task_id if event else "", *(draft.thread for draft in messages)])
    for task in about:
        if task and not ids.is_thread_only(task):
            from tools.core.bus import losses  # what is about no task rests on no claim

            losses.require_seen(context, task)
    logged = event_of(context, event) if event is not None else None
    if logged is not None and logged.event in STATES_OF_AGENTS:
        require_governance(context, logged)
    posted = [message_of(context, draft) for draft in messages]
    deliveries = [(thread, message) for message in posted for thread in _threads_of(context, message)]
    changes = list(depends)
    if logged is not None:
        changes += guarded(context, logged.event, logged.task_id)
        changes.append(Append(EVENTS, to_mapping(logged)))
    changes += [Append(stream_of(thread), to_mapping(message)) for thread, message in deliveries]
    records = context.store.commit(changes)
    return Posted(logged, tuple(posted), tuple(thread for thread, _ in deliveries), records)


def _warn(context: Context, event: EventDraft | None, messages: Sequence[MessageDraft], posted: Posted) -> None:
    cited = [*(event.receipts if event else ()), *(path for draft in messages for path in draft.receipts)]
    warn_of_absent(context, cited)
    if replies := [message for message in posted.messages if message.reply_to]:
        from tools.core.bus import addressees  # few messages answer one

        addressees.warn_of_open(context, replies)
    if names := [message.to for message in posted.messages if message.to]:
        from tools.core.bus import addressees

        addressees.warn_of_strangers(context, names)


def warn_of_absent(context: Context, paths: Iterable[str]) -> None:
    """Warns of each cited receipt that is missing."""
    context.warn(f"receipt {path} is not there yet" for path in _citations_of(context, [*paths])[1])


def _citations_of(context: Context, paths: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    if not paths:
        return (), []
    from tools.core.receipts.write import citations_of  # most posts cite nothing

    return citations_of(context.workspace, paths)


def event_of(context: Context, draft: EventDraft) -> Event:
    """The record of an event; UsageError for a summary or a path that no record may carry."""
    return Event(
        id=ids.new_record_id(),
        ts=clock.to_text(context.now),
        agent_id=context.seat.agent_id,
        event=draft.event,
        summary=summary_of(draft.summary),
        task_id=draft.task_id,
        plan_id=draft.plan_id,
        branch=draft.branch,
        pr=draft.pr,
        severity=draft.severity,
        receipts=_citations_of(context, draft.receipts)[0],
        meta=draft.meta,
    )


def message_of(context: Context, draft: MessageDraft) -> Message:
    """The record of a message; UsageError as for an event."""
    meta = {**draft.meta, "plan_id": draft.plan_id} if draft.plan_id else draft.meta
    return Message(
        id=ids.new_record_id(),
        ts=clock.to_text(context.now),
        sender=context.seat.agent_id,
        type=draft.type,
        task_id=draft.thread,
        summary=summary_of(draft.summary),
        to=draft.to,
        branch=draft.branch,
        note=draft.note,
        receipts=_citations_of(context, draft.receipts)[0],
        meta=meta,
        reply_to=_reply_to(context, draft),
    )


def _reply_to(context: Context, draft: MessageDraft) -> str:
    if not draft.reply_to:
        return ""
    from tools.core.bus import addressees  # few messages answer one

    return addressees.answered(context, draft.reply_to, draft.thread)


def _threads_of(context: Context, message: Message) -> list[str]:
    if not (message.to or message.reply_to):
        return [message.task_id]
    from tools.core.bus import addressees  # most messages are for their thread alone

    return addressees.threads_of(context, message)


def _require_right(context: Context, event: str, task: str, documents: TaskDocuments) -> None:
    """Refuses an event that the writer may not log about a task, and records the refusal."""
    from tools.core.bus.rules import claim_rules  # few events need a right

    reason = claim_rules.refuses_event(
        event,
        documents.claim,
        context.seat.agent_id,
        task=task,
        is_manager=context.seat.is_manager,
        engineer=documents.engineer,
    )
    if not reason:
        return
    from tools.core.models.evidence import Refusal  # most events are not refused
    from tools.core.receipts.write import record_refusal

    record_refusal(
        context.workspace,
        Refusal(
            ts=clock.to_text(context.now),
            agent_id=context.seat.agent_id,
            event=event,
            reason=reason,
            task_id=task,
            claim_owner=documents.claim.agent_id if documents.claim else "",
            claim_status=documents.claim.state if documents.claim else "",
        ),
    )
    raise GuardError(
        f"{context.seat.agent_id} cannot log {event!r} for {task}: {reason}",
        code="event.guarded",
        hint=hint.tool("agent.bus_claim", "claim" if documents.claim is None else "show", "--task", task),
        details={"task_id": task, "holder": documents.claim.agent_id if documents.claim else None},
    )


def guarded(context: Context, event: str, task: str) -> list[Change]:
    """The documents that must stay unchanged until an event about a task is written; [] for an unguarded one."""
    if not task or event not in GUARDED or ids.is_thread_only(task):
        return []
    from tools.core.bus import claim_documents  # few events need a right

    documents = claim_documents.of_task(context.store, task)
    _require_right(context, event, task, documents)
    return [
        Expect(f"{CLAIMS}/{task}", documents.claim_version),
        Expect(f"{ASSIGNMENTS}/{task}", documents.assignment_version),
    ]


def require_governance(context: Context, event: Event) -> None:
    """GuardError when a seat retires or revives another without being a manager."""
    target = event.meta.get("agent", context.seat.agent_id)
    if target != context.seat.agent_id and not context.seat.is_manager:
        from tools.core.bus.rules.claim_refusals import ask_hint  # for this refusal alone

        raise GuardError(
            f"{context.seat.agent_id} is no manager seat, so it cannot say that {target} is {event.event}",
            code="seat.retire",
            hint=ask_hint(target, ids.HUB),
        )


STATES_OF_AGENTS = ("retired", "revived")
"""Events that take an agent out of every check, and back: a manager's, or one's own."""

GUARDED = ("complete", "pr_opened", "release", "status", "proposal")
"""Events about a task that depend on who holds it (docs/formats.md)."""


def summary_of(text: str) -> str:
    """A summary that a record may carry: one line, not blank, at most 2,000 characters."""
    if not text.strip():
        raise UsageError("the summary is empty", code="record.summary")
    if "\n" in text or "\r" in text:
        raise UsageError(
            "the summary has more than one line; put the rest in a file and cite that with --receipt",
            code="record.summary",
        )
    if len(text) > MAX_SUMMARY:
        raise UsageError(
            f"the summary has {len(text)} characters, {MAX_SUMMARY} at most; put the rest in a file and cite that with --receipt",
            code="record.summary",
        )
    return text
