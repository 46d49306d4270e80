"""What was imported, byte for byte, in `queue/.source/<tracker>.jsonl`, committed with the backlog.

It says on a second import which side changed, and lets an export give back what this toolkit has no
word for. One JSON object a line, by key; the file is replaced whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from tools.core.fs import files
from tools.core.workspace import Place, Workspace

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of one kept source."""


class Kept(NamedTuple):
    """A piece as it was last taken over: its id here, its text there, and the marks of the parts that came of it."""

    task_id: str
    digest: str
    raw: str
    marks: Mapping[str, str]


def place(workspace: Workspace, source: str) -> Place:
    """Where the pieces of a tracker are kept."""
    return workspace.queue.child(f".source/{source}.jsonl")


def read(workspace: Workspace, source: str) -> tuple[dict[str, Kept], list[str]]:
    """All pieces that are kept of a tracker, by key, and `path:line: reason` for each line that is damaged."""
    where = place(workspace, source)
    data = files.read_bytes(where, MAX_BYTES)
    pieces: dict[str, Kept] = {}
    problems: list[str] = []
    for number, line in enumerate((data or b"").split(b"\n"), 1):
        if line:
            try:
                key, piece = _piece(json.loads(line))
                pieces[key] = piece
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                problems.append(f"{where.name}:{number}: not a piece that an import kept; it counts as not imported")
    return pieces, problems


def _piece(line: Mapping[str, object]) -> tuple[str, Kept]:
    marks = line["marks"]
    texts = {name: line[name] for name in ("key", "id", "digest", "raw")}
    if not isinstance(marks, dict) or not all(isinstance(text, str) for text in [*texts.values(), *marks.values()]):
        raise TypeError
    return str(texts["key"]), Kept(str(texts["id"]), str(texts["digest"]), str(texts["raw"]), marks)


def encoded(pieces: Mapping[str, Kept]) -> bytes:
    """The file's bytes."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    text = "".join(
        encode({"key": key, "id": piece.task_id, "digest": piece.digest, "marks": piece.marks, "raw": piece.raw}) + "\n"
        for key, piece in pieces.items()
    )
    return text.encode("utf-8", "backslashreplace")
