"""A directive in its thread and the pointer to it on the hub: both, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tools.core import hint, ids
from tools.core.bus import posts
from tools.core.bus.posts import MessageDraft
from tools.core.context import Context
from tools.core.errors import UsageError
from tools.core.models.bus import Message, stream_of
from tools.core.models.lenient import message_from
from tools.core.models.record import MAX_SUMMARY, to_mapping
from tools.core.store.api import Append, Change, Expect, retry_stale

if TYPE_CHECKING:
    from tools.core.store.contract import History

KEY = "directive"
"""The key of a pointer's `meta` that names the directive's thread."""


class Directive(NamedTuple):
    """A directive in its own thread, and the pointer to it on the hub."""

    message: MessageDraft
    pointer: MessageDraft


def pointer_summary(task: str, summary: str) -> str:
    """The default summary of the pointer."""
    return f"Directive {task}: {summary}"[:MAX_SUMMARY]


def post(context: Context, directive: Directive) -> list[dict[str, Any]]:
    """Appends whichever of the two is missing, in one commit; [] when both exist.

    UsageError for a thread that cannot be a directive's: the hub, an inbox, or the pointer's own.
    """
    if directive.message.thread in (ids.HUB, directive.pointer.thread) or directive.message.thread.startswith(
        ids.INBOX_PREFIX
    ):
        raise UsageError(
            f"{directive.message.thread} cannot be a directive's own thread",
            code="directive.thread",
            hint=hint.again("--task", f"{ids.COORDINATION_PREFIX}0001"),
        )
    written: list[dict[str, Any]] = retry_stale(lambda: context.store.commit(_missing(context, directive)))
    posts.warn_of_absent(context, [*directive.message.receipts, *directive.pointer.receipts])
    return written


def _missing(context: Context, directive: Directive) -> list[Change]:
    """What a commit has to append, on the threads as they are now; [] when both exist."""
    threads = [stream_of(directive.message.thread), stream_of(directive.pointer.thread)]
    changes: list[Change] = [Expect(thread, context.store.version(thread)) for thread in threads]
    directive_id = _id_of_directive(context, directive)
    if directive_id is None:
        message = posts.message_of(context, directive.message)
        pointer = _pointer_message(context, directive, message.id)
        appends = [Append(threads[0], to_mapping(message)), Append(threads[1], to_mapping(pointer))]
    elif _has_pointer(context, directive, directive_id):
        return []
    else:
        appends = [Append(threads[1], to_mapping(_pointer_message(context, directive, directive_id)))]
    return [*changes, *appends]


def _id_of_directive(context: Context, directive: Directive) -> str | None:
    """The id of the directive if it was posted already, "" when that has none; None for a new directive."""
    for line in context.store.read(stream_of(directive.message.thread)).records:
        message = message_from(line.record, directive.message.thread)
        if (message.type, message.summary) == (directive.message.type, directive.message.summary):
            return message.id
    return None


def _has_pointer(context: Context, directive: Directive, directive_id: str) -> bool:
    def points(raw: dict[str, object]) -> bool:
        meta = message_from(raw, directive.pointer.thread).meta
        return meta.get(KEY) == directive.message.thread and meta.get("directive_id", directive_id) == directive_id

    return bool(context.store.tail(stream_of(directive.pointer.thread), 1, points).records)


def _pointer_message(context: Context, directive: Directive, directive_id: str) -> Message:
    meta = {**directive.pointer.meta, KEY: directive.message.thread}
    if directive_id:
        meta["directive_id"] = directive_id
    return posts.message_of(context, directive.pointer._replace(meta=meta))


def pointed_threads(history: History) -> frozenset[str]:
    """The threads that messages on the hub point to as directives."""
    return frozenset(entry.record.meta[KEY] for entry in history.messages_with(ids.HUB, KEY))
