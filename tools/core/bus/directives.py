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


class Words(NamedTuple):
    """What one of the two messages says."""

    type: str
    summary: str
    note: str = ""
    receipts: Sequence[str] = ()
    meta: Mapping[str, str] = {}


class Directive(NamedTuple):
    """What a manager wants known: the directive itself and how the hub points to it."""

    task: str
    words: Words
    pointer_task: str
    pointer: Words
    plan: str = ""
    branch: str = ""


def pointer_summary(task: str, summary: str) -> str:
    """What the hub says when nothing else was asked for."""
    return f"Directive {task}: {summary}"[:MAX_SUMMARY]


def post(context: Context, given: Directive) -> list[dict[str, Any]]:
    """Appends what is missing of the two, in one commit; [] when both were there.

    UsageError for a thread that cannot be a directive's: the hub, an inbox, or the pointer's own.
    """
    if given.task in (ids.HUB, given.pointer_task) or given.task.startswith(ids.INBOX_PREFIX):
        raise UsageError(
            f"{given.task} cannot be a directive's own thread",
            code="directive.thread",
            hint=hint.again("--task", f"{ids.COORDINATION_PREFIX}0001"),
        )
    written: list[dict[str, Any]] = retry_stale(lambda: context.store.commit(_missing(context, given)))
    posts.warn_of_absent(context, [*given.words.receipts, *given.pointer.receipts])
    return written


def _missing(context: Context, given: Directive) -> list[Change]:
    """What a commit has to append, on the threads as they are now; [] when both are there."""
    threads = [stream_of(given.task), stream_of(given.pointer_task)]
    changes: list[Change] = [Expect(thread, context.store.version(thread)) for thread in threads]
    directive_id = _id_of_directive(context, given)
    if directive_id is None:
        directive = _directive(context, given)
        pointer = _pointer(context, given, directive.id)
        appends = [Append(threads[0], to_mapping(directive)), Append(threads[1], to_mapping(pointer))]
    elif _is_pointed_to(context, given, directive_id):
        return []
    else:
        appends = [Append(threads[1], to_mapping(_pointer(context, given, directive_id)))]
    return [*changes, *appends]


def _id_of_directive(context: Context, given: Directive) -> str | None:
    """The id of the directive that was posted already; "" for one without an id."""
    for found in context.store.read(stream_of(given.task)).found:
        message = message_from(found.record, given.task)
        if (message.type, message.summary) == (given.words.type, given.words.summary):
            return message.id
    return None


def _is_pointed_to(context: Context, given: Directive, directive_id: str) -> bool:
    def points(raw: dict[str, object]) -> bool:
        meta = message_from(raw, given.pointer_task).meta
        return meta.get(KEY) == given.task and meta.get("directive_id", directive_id) == directive_id

    return bool(context.store.tail(stream_of(given.pointer_task), 1, points).found)


def _directive(context: Context, given: Directive) -> Message:
    meta = {**given.words.meta, **({"plan_id": given.plan} if given.plan else {})}
    return _message(context, given, given.task, given.words, meta)


def _pointer(context: Context, given: Directive, directive_id: str) -> Message:
    meta = {**given.pointer.meta, KEY: given.task}
    if directive_id:
        meta["directive_id"] = directive_id
    if given.plan:
        meta["plan_id"] = given.plan
    return _message(context, given, given.pointer_task, given.pointer, meta)


def _message(context: Context, given: Directive, thread: str, words: Words, meta: Mapping[str, str]) -> Message:
    return Message(
        id=ids.new_record_id(),
        ts=clock.to_text(context.now),
        sender=context.seat.agent_id,
        type=words.type,
        task_id=thread,
        summary=posts.summary_of(words.summary),
        branch=given.branch,
        note=words.note,
        receipts=citations_of(context.workspace, words.receipts)[0],
        meta=meta,
    )


def pointed_threads(history: History) -> frozenset[str]:
    """The threads that messages on the hub point to as directives."""
    return frozenset(entry.record.meta[KEY] for entry in history.messages_with(ids.HUB, KEY))
