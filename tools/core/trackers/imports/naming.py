"""The ids and file names of pieces in the backlog: the tracker's own where legal, else derived from it, always the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tools.core import ids
from tools.core.hashing import sha256_hex
from tools.core.trackers.pieces import Piece

_SLUG_LENGTH = 40
_LETTERS = bytes(byte if chr(byte).isascii() and chr(byte).isalnum() else ord(" ") for byte in range(256))
"""A table for `bytes.translate`: anything but letters and digits separates words."""

_PREFIXED = re.compile(r"(?:TM|GH|CHK)-")


class Names(NamedTuple):
    """The id of each piece in the backlog, by its key, and a note for each that had to change."""

    by_key: dict[str, str]
    notes: list[str]


def ids_of(pieces: Iterable[Piece], prefix: str, named: dict[str, str]) -> Names:
    """An id for every piece; pieces in `named` keep theirs.

    No two ids are equal without regard to case.
    """
    names = Names({}, [])
    taken = {task_id.casefold() for task_id in named.values()}
    for piece in pieces:
        task_id = named.get(piece.key)
        if task_id is None:
            task_id = preferred = _with_prefix(piece.task_id, prefix) if prefix else piece.task_id
            folded = preferred.casefold()
            if folded in taken or not _is_legal(preferred):
                task_id = _legal_id(preferred, piece.key)
                folded = task_id.casefold()
            if task_id != preferred:
                names.notes.append(
                    f"{piece.where}: {preferred[:80]!r} cannot be the id of a task here; it is {task_id}"
                )
            taken.add(folded)
        names.by_key[piece.key] = task_id
    return names


def _with_prefix(task_id: str, prefix: str) -> str:
    return f"{prefix}-{_PREFIXED.sub('', task_id, count=1)}"


def _is_legal(task_id: str) -> bool:
    return ids.is_task(task_id) and not ids.is_thread_only(task_id)


def _legal_id(task_id: str, key: str) -> str:
    """The legal characters of an id and a hash of its key, so that two ids never become the same."""
    words = re.findall(r"[A-Za-z0-9]+", task_id[:200].split("@")[0])
    mark = sha256_hex(key.encode("utf-8", "surrogatepass"))[:8]
    name = f"{'-'.join(words)[:80].strip('-')}-{mark}".strip("-")
    return name if _is_legal(name) else f"task-{mark}"


def slug(title: str) -> str:
    """The readable part of a file name: letters, digits and hyphens, never empty."""
    words = title[:120].lower().encode("ascii", "replace").translate(_LETTERS).split()
    return b"-".join(words)[:_SLUG_LENGTH].rstrip(b"-").decode() or "task"
