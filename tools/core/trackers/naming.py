"""The ids and file names that pieces get here: theirs where that is legal, else mended so that it stays the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tools.core import ids
from tools.core.hashing import sha256_hex
from tools.core.trackers.pieces import Piece

_SLUG_LENGTH = 40
_LETTERS = bytes(byte if chr(byte).isascii() and chr(byte).isalnum() else ord(" ") for byte in range(256))
"""A table for `bytes.translate`: what is no letter or digit parts words."""

_PREFIXED = re.compile(r"(?:TM|GH|CHK)-")


class Names(NamedTuple):
    """The id here of each piece, by its key, and what had to be mended."""

    by_key: dict[str, str]
    notes: list[str]


def ids_of(pieces: Iterable[Piece], prefix: str, named: dict[str, str]) -> Names:
    """An id for every piece; those that were named before keep theirs.

    No two are the same, or differ only in case.
    """
    names = Names({}, [])
    taken = {task_id.casefold() for task_id in named.values()}
    for piece in pieces:
        task_id = named.get(piece.key)
        if task_id is None:
            wanted = _wanted(piece.task_id, prefix)
            task_id = wanted if _is_legal(wanted) and wanted.casefold() not in taken else _mended(wanted, piece.key)
            if task_id != wanted:
                names.notes.append(f"{piece.where}: {wanted[:80]!r} cannot be the id of a task here; it is {task_id}")
            taken.add(task_id.casefold())
        names.by_key[piece.key] = task_id
    return names


def _wanted(task_id: str, prefix: str) -> str:
    if not prefix:
        return task_id
    return f"{prefix}-{_PREFIXED.sub('', task_id, count=1)}"


def _is_legal(task_id: str) -> bool:
    return ids.is_task(task_id) and not ids.is_thread_only(task_id)


def _mended(wanted: str, key: str) -> str:
    """What is legal of an id, and a mark that tells it from others of which the same is left."""
    words = re.findall(r"[A-Za-z0-9]+", wanted[:200].split("@")[0])
    mark = sha256_hex(key.encode("utf-8", "surrogatepass"))[:8]
    name = f"{'-'.join(words)[:80].strip('-')}-{mark}".strip("-")
    return name if _is_legal(name) else f"task-{mark}"


def slug(title: str) -> str:
    """The readable part of a file name: letters, digits and hyphens, never empty."""
    words = title[:120].lower().encode("ascii", "replace").translate(_LETTERS).split()
    return b"-".join(words)[:_SLUG_LENGTH].decode().rstrip("-") or "task"
