"""What was imported, byte for byte, in `queue/.source/<tracker>.jsonl`, committed with the backlog.

It says on a second import which side changed, and lets an export give back what this toolkit has no
word for. One JSON object a line, by key; the file is replaced whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from tools.core.fs import files
from tools.core.problem import Problem
from tools.core.trackers import item_text
from tools.core.trackers.item_text import Rendered
from tools.core.workspace import Place, Workspace

_quoted = json.encoder.encode_basestring  # the C function, without an encoder around it
_AT_ONCE = 256
"""Lines that are written together."""

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of one kept source."""


class Kept(NamedTuple):
    """A piece as it was last taken over: its id here, its text there, and what came of it.

    `head` are the heading and the fields that were written, `sections` the marks of the sections;
    `unsettled` are marks of parts in conflict, as they were before the conflict.
    """

    task_id: str
    raw: str
    head: str
    sections: Mapping[str, str]
    unsettled: Mapping[str, str] = {}

    @property
    def marks(self) -> dict[str, str]:
        """The marks of all parts as they were taken over."""
        return {**item_text.marks(item_text.split(self.head)), **self.sections, **self.unsettled}


def of(task_id: str, raw: str, rendered: Rendered, unsettled: Mapping[str, str] | None = None) -> Kept:
    """What is to be kept of a piece."""
    return Kept(task_id, raw, rendered.head, item_text.marks(rendered.sections), unsettled or {})


def place(workspace: Workspace, source: str) -> Place:
    """Where the pieces of a tracker are kept."""
    return workspace.queue.child(f".source/{source}.jsonl")


def read(workspace: Workspace, source: str) -> tuple[dict[str, Kept], list[Problem]]:
    """All pieces that are kept of a tracker, by key, and each line that is damaged."""
    where = place(workspace, source)
    data = files.read_bytes(where, MAX_BYTES)
    pieces: dict[str, Kept] = {}
    problems: list[Problem] = []
    for number, line in enumerate((data or b"").split(b"\n"), 1):
        if line:
            try:
                key, piece = _piece(json.loads(line))
                pieces[key] = piece
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                reason = "not a piece that an import kept; it counts as not imported"
                problems.append(Problem(where.name, number, reason, "import.kept"))
    return pieces, problems


def _piece(line: Mapping[str, object]) -> tuple[str, Kept]:
    key, task_id, raw, head = (line[name] for name in ("key", "id", "raw", "head"))
    sections, unsettled = line.get("sections", {}), line.get("unsettled", {})
    if not isinstance(sections, dict) or not isinstance(unsettled, dict):
        raise TypeError
    texts = (key, task_id, raw, head, *sections.values(), *unsettled.values())
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    return str(key), Kept(str(task_id), str(raw), str(head), sections, unsettled)


def encoded(pieces: Mapping[str, Kept]) -> Iterator[bytes]:
    """The file's bytes, some lines at a time: at once they would be as much memory as all the rest of an import."""
    entries = iter(pieces.items())
    while lines := "".join([_line(key, piece) for key, piece in islice(entries, _AT_ONCE)]):
        yield lines.encode("utf-8", "backslashreplace")


def _line(key: str, piece: Kept) -> str:
    task_id, raw, head, sections, unsettled = piece
    more = f',"sections":{_object(sections)}' if sections else ""
    if unsettled:
        more += f',"unsettled":{_object(unsettled)}'
    return f'{{"key":{_quoted(key)},"id":{_quoted(task_id)},"head":{_quoted(head)},"raw":{_quoted(raw)}{more}}}\n'


def _object(texts: Mapping[str, str]) -> str:
    return "{" + ",".join([f"{_quoted(name)}:{_quoted(text)}" for name, text in texts.items()]) + "}"
