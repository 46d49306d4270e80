"""A directive in its thread and the pointer to it on the hub: both, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.bus import posts
from tools.core.context import Context
from tools.core.errors import UsageError
from tools.core.models.bus import Message, stream_of
from tools.core.models.lenient import message_from
from tools.core.models.record import MAX_SUMMARY, to_mapping
from tools.core.receipts.write import citations_of
from tools.core.store.api import Append, Change, Expect, History, retry_stale

KEY = "directive"
"""The key of a pointer's `meta` that names the directive's thread."""


class Text(NamedTuple):
    """The text of one of the two messages."""

    type: str
    summary: str
    note: str = ""
    receipts: Sequence[str] = ()
    meta: Mapping[str, str] = {}


class Directive(NamedTuple):
    """A directive in its own thread, and the pointer to it on the hub."""

    task: str
    text: Text
    pointer_task: str
    pointer: Text
    plan: str = ""
    branch: str = ""


def pointer_summary(task: str, summary: str) -> str:
    """The default summary of the pointer."""
    return f"Directive {task}: {summary}"[:MAX_SUMMARY]


def post(context: Context, directive: Directive) -> list[dict[str, Any]]:
    """Appends whichever of the two is missing, in one commit; [] when both exist.

    UsageError for a thread that cannot be a directive's: the hub, an inbox, or the pointer's own.
    """
    if directive.task in (ids.HUB, directive.pointer_task) or directive.task.startswith(ids.INBOX_PREFIX):
        raise UsageError(
            f"{directive.task} cannot be a directive's own thread",
            code="directive.thread",
            hint=hint.again("--task", f"{ids.COORDINATION_PREFIX}0001"),
        )
    written: list[dict[str, Any]] = retry_stale(lambda: context.store.commit(_missing(context, directive)))
    posts.warn_of_absent(context, [*directive.text.receipts, *directive.pointer.receipts])
    return written


def _missing(context: Context, directive: Directive) -> list[Change]:
    """What a commit has to append, on the threads as they are now; [] when both exist."""
    threads = [stream_of(directive.task), stream_of(directive.pointer_task)]
    changes: list[Change] = [Expect(thread, context.store.version(thread)) for thread in threads]
    directive_id = _id_of_directive(context, directive)
    if directive_id is None:
        message = _directive_message(context, directive)
        pointer = _pointer_message(context, directive, message.id)
        appends = [Append(threads[0], to_mapping(message)), Append(threads[1], to_mapping(pointer))]
    elif _has_pointer(context, directive, directive_id):
        return []
    else:
        appends = [Append(threads[1], to_mapping(_pointer_message(context, directive, directive_id)))]
    return [*changes, *appends]


def _id_of_directive(context: Context, directive: Directive) -> str | None:
    """The id of the directive if it was posted already, "" when that has none; None for a new directive."""
    for line in context.store.read(stream_of(directive.task)).found:
        message = message_from(line.record, directive.task)
        if (message.type, message.summary) == (directive.text.type, directive.text.summary):
            return message.id
    return None


def _has_pointer(context: Context, directive: Directive, directive_id: str) -> bool:
    def points(raw: dict[str, object]) -> bool:
        meta = message_from(raw, directive.pointer_task).meta
        return meta.get(KEY) == directive.task and meta.get("directive_id", directive_id) == directive_id

    return bool(context.store.tail(stream_of(directive.pointer_task), 1, points).found)


def _directive_message(context: Context, directive: Directive) -> Message:
    meta = {**directive.text.meta, **({"plan_id": directive.plan} if directive.plan else {})}
    return _message(context, directive, directive.task, directive.text, meta)


def _pointer_message(context: Context, directive: Directive, directive_id: str) -> Message:
    meta = {**directive.pointer.meta, KEY: directive.task}
    if directive_id:
        meta["directive_id"] = directive_id
    if directive.plan:
        meta["plan_id"] = directive.plan
    return _message(context, directive, directive.pointer_task, directive.pointer, meta)


def _message(context: Context, directive: Directive, thread: str, text: Text, meta: Mapping[str, str]) -> Message:
    return Message(
        id=ids.new_record_id(),
        ts=clock.to_text(context.now),
        sender=context.seat.agent_id,
        type=text.type,
        task_id=thread,
        summary=posts.summary_of(text.summary),
        branch=directive.branch,
        note=text.note,
        receipts=citations_of(context.workspace, text.receipts)[0],
        meta=meta,
    )


def pointed_threads(history: History) -> frozenset[str]:
    """The threads that messages on the hub point to as directives."""
    return frozenset(entry.record.meta[KEY] for entry in history.messages_with(ids.HUB, KEY))
