"""The one door for what comes from outside: which files, lines and documents belong to a bus.

Pure: it gets names, modes, sizes and bytes, and answers with what may come in or why it may not.
What may not stays where it is, on the branch; it never reaches the live folder. The same rules hold
for the remote's branch, for another clone's records, for joining, and for what a repair brings back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.errors import DataError
from tools.core.fs import files, jsonl
from tools.core.git.objects import Entry
from tools.core.git.trees import FILE
from tools.core.models.bus import ASSIGNMENTS
from tools.core.models.lenient import text_of
from tools.core.problem import Problem
from tools.core.store import layout
from tools.core.store.layout import Address

MAX_SEGMENT = 1 << 20
"""Bytes of a closed segment: its limit, and the line behind it, with room."""

MAX_LOG = 1 << 28
"""Bytes of the end of a log: a tree in the first layout has all of it in one file."""

MAX_DOCUMENT = 1 << 20
MAX_FENCE = 1 << 53
MAX_AHEAD = timedelta(days=400)
"""How far ahead of this clock a document's stamp may lie; nearer ones are the work of bad clocks."""

OWN_FILES = frozenset({"README.md", ".gitignore", ".gitattributes", layout.FORMAT_FILE, "store.json"})
"""What a branch of the bus holds beside records; a clone writes its own and takes no other's."""

_NAMED = re.compile(rb'"(agent_id|from|to|task_id)": ?"((?:[^"\\]|\\.)*)"')
_SAFE = re.compile(rb"(?:[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*)?")
_SUSPECT = re.compile(
    rb'"(?:agent_id|from|to|task_id)": ?"(?!(?=[^"]{0,%d}")(?:[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*)?")' % ids.NAME_LENGTH
)
_STAMPS = ("claimed_at", "updated_at", "released_at", "assigned_at")
_AGENTS = ("agent_id", "paused_by", "engineer", "manager")


class Lines(NamedTuple):
    """The lines of a log that may come in, and how many may not, with the first reason."""

    admitted: list[bytes]
    refused: int
    reason: str


def name_reason(path: str, entry: Entry) -> str:
    """Why a file of a tree is not part of a bus; "" when it may be one, or is an own file, which is never taken."""
    if path in OWN_FILES:
        return ""
    if layout.address(path) is None:
        return "it is not a file of a bus"
    if entry.mode != FILE:
        return f"its mode is {entry.mode}, not {FILE}"
    return ""


def largest(address: Address) -> int:
    """How many bytes a file may have."""
    if address.is_document:
        return MAX_DOCUMENT
    return MAX_SEGMENT if address.segment else MAX_LOG


def lines(candidates: Sequence[bytes]) -> Lines:
    """Judges the lines of a log: all at once, and one by one only where something is suspect."""
    if _are_plain(candidates):
        return Lines(list(candidates), 0, "")
    admitted, refused, first = [], 0, ""
    for line in candidates:
        reason = line_reason(line)
        if reason:
            refused, first = refused + 1, first or reason
        else:
            admitted.append(line)
    return Lines(admitted, refused, first)


def _are_plain(candidates: Sequence[bytes]) -> bool:
    """Whether nothing in any of the lines needs a closer look."""
    data = b"\n".join(candidates)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if max(map(len, candidates), default=0) > jsonl.MAX_LINE:
        return False
    are_objects = data[:1] == b"{" and data[-1:] == b"}" and data.count(b"}\n{") == len(candidates) - 1
    return (not candidates or are_objects) and _SUSPECT.search(data) is None


def line_reason(line: bytes) -> str:
    """Why a line is not a record; "" when it may be one: what it says is for readers to judge."""
    if len(line) > jsonl.MAX_LINE:
        return f"a line is longer than {jsonl.MAX_LINE} bytes"
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return "a line is not a JSON object"
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return "a line is not UTF-8"
    for name, value in _NAMED.findall(line):
        if len(value) > ids.NAME_LENGTH or _SAFE.fullmatch(value) is None:
            return f"a line's {name.decode()} is not an id"
    return ""


def document(address: Address, data: bytes, now: datetime) -> dict[str, object]:
    """A claim or an assignment that may come in; DataError with the reason for one that may not."""
    content = files.parse_object(data, f"{address.kind}/{address.name}.json")
    reason = document_reason(address, content, now)
    if reason:
        raise DataError(Problem(f"{address.of}.json", 1, reason, "sync.left_out"))
    return content


def document_reason(address: Address, content: Mapping[str, object], now: datetime) -> str:
    """Why a document may not come in; "" when it may."""
    if content.get("task_id", address.name) != address.name:
        return "it names another task than its file"
    if address.kind != ASSIGNMENTS and not ids.is_agent(content.get("agent_id")):
        return "its holder is not an agent id"
    for name in _AGENTS:
        value = content.get(name)
        if value not in (None, "") and not ids.is_agent(value):
            return f"its {name} is not an agent id"
    taken = content.get("taken_from")
    if taken is not None and not (isinstance(taken, dict) and ids.is_agent(taken.get("agent_id"))):
        return "its taken_from names no agent"
    return _fence_reason(content.get("fence", 0)) or _stamp_reason(content, now)


def _fence_reason(fence: object) -> str:
    return "" if type(fence) is int and 0 <= fence < MAX_FENCE else "its fence is not a whole number in bounds"


def _stamp_reason(content: Mapping[str, object], now: datetime) -> str:
    for name in _STAMPS:
        moment = clock.parse(text_of(content.get(name)))
        if moment is not None and moment > now + MAX_AHEAD:
            return f"its {name} lies more than a year ahead"
    return ""


def jump_reason(fence: int, highest: int, granted: Collection[int]) -> str:
    """Why a fence may not come in; "" when it may: it grows by one, and an event carries each step.

    `highest` is the fence this clone has; `granted` are the fences of the task's events.
    """
    without_event = fence - highest - sum(1 for step in set(granted) if highest < step <= fence)
    return "" if fence <= highest + 1 or without_event <= 1 else f"its fence jumps from {highest} to {fence}"
