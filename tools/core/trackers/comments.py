"""Comments of a tracker as notes in the task's thread, each once.

A note's id is derived from the source and the comment, so that a second import, or one in another
clone, recognises it. Its sender is the seat that imports; the author and the time of the comment
are in its meta.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tools.core import clock
from tools.core.context import Context
from tools.core.hashing import sha256_hex
from tools.core.models.bus import Message, stream_of
from tools.core.models.record import MAX_SUMMARY, to_mapping
from tools.core.store.api import Append
from tools.core.text import terminal
from tools.core.trackers.pieces import Comment, Piece

SOURCE_META = "source"
MAX_NOTE = 40_000
"""Bytes of a note; a record has at most 64 KiB, and escapes take room."""

_BATCH = 100
"""Notes of one commit."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def record_id(source: str, key: str, comment: Comment) -> str:
    """The id of the note that a comment becomes: a ULID of its moment and its origin."""
    moment = clock.parse(comment.at)
    milliseconds = max(0, int(moment.timestamp() * 1000)) if moment else 0
    origin = "\0".join((source, key, comment.key)).encode("utf-8", "surrogatepass")
    number = (milliseconds & ((1 << 48) - 1)) << 80 | int(sha256_hex(origin)[:20], 16)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def missing(context: Context, source: str, pieces: Iterable[Piece], task_ids: Mapping[str, str]) -> list[Message]:
    """The notes that are not in their threads yet."""
    return [
        message
        for piece in pieces
        if piece.comments and piece.key in task_ids
        for message in _missing_of(context, source, piece, task_ids[piece.key])
    ]


def _missing_of(context: Context, source: str, piece: Piece, task: str) -> Iterator[Message]:
    present = {line.record.get("id") for line in context.store.read(stream_of(task)).records}
    for comment in piece.comments:
        name = record_id(source, piece.key, comment)
        if name not in present and comment.key not in present:  # an export gives our own messages their ids
            yield _message(context, f"{source} {piece.key}", task, comment, name)


def _message(context: Context, origin: str, task: str, comment: Comment, name: str) -> Message:
    text = comment.text.strip("\n")
    first = terminal.clean(text.strip().partition("\n")[0]) or "(no words)"
    author = terminal.short(terminal.clean(comment.author), 200)
    shown = f"{author}: {first}" if author else first
    summary = terminal.short(shown, min(MAX_SUMMARY, 300))
    note = "" if summary == shown and "\n" not in text.strip() else _cut(text)
    meta = {"author": author, "at": comment.at, SOURCE_META: terminal.short(terminal.clean(origin), 500)}
    return Message(
        id=name,
        ts=clock.to_text(context.now),
        sender=context.seat.agent_id,
        type="note",
        task_id=task,
        summary=summary,
        note=note,
        meta={key: value for key, value in meta.items() if value},
    )


def _cut(text: str) -> str:
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= MAX_NOTE:
        return data.decode()
    return f"{data[:MAX_NOTE].decode('utf-8', 'ignore')}\n(cut here; the whole text is in queue/.source/)"


def write(context: Context, messages: Sequence[Message]) -> None:
    """Appends notes to their threads, a batch at a time; what a killed run did not write, the next one does."""
    for at in range(0, len(messages), _BATCH):
        batch = messages[at : at + _BATCH]
        context.store.commit([Append(stream_of(message.task_id), to_mapping(message)) for message in batch])


def came_from(record: Mapping[str, object], source: str) -> bool:
    """Whether a message is a note that an import from a tracker wrote."""
    meta = record.get("meta")
    origin = meta.get(SOURCE_META) if isinstance(meta, dict) else ""
    return record.get("type") == "note" and isinstance(origin, str) and origin.startswith(f"{source} ")
