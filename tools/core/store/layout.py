"""How a bus lies in the tree of a commit, which is not how it lies on the disk.

On the disk a log is one file and a document another. In a tree that is exchanged a log is cut into
segments: each is closed at the first line end behind 256 KiB and never changes again, so that a
commit with one new record makes one small object, however long the log is. The last segment, which
grows, has the log's own name, so that a short log lies in a tree as it does on the disk. Documents
and threads lie in folders by the beginning of their name's hash, so that no folder grows long.

    events/events.jsonl            events/events/000001.jsonl
    messages/4f/T-1.jsonl          messages/4f/T-1/000001.jsonl
    claims/4f/T-1.json             assignments/4f/T-1.json
    claims/finished/2026-10.jsonl  claims/finished/2026-10/000001.jsonl

Trees of before, and those of a branch of code, have `messages/T-1.jsonl` and `claims/T-1.json`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tools.core import ids, versions
from tools.core.hashing import sha256_hex
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES

SEGMENT = 256 * 1024
"""Bytes behind which a segment is closed at the next line end."""

FINISHED = "finished"
FORMAT = versions.BRANCH
"""The version of this layout; a tree says its own in `format.json`."""

FORMAT_FILE = "format.json"
_NUMBER = re.compile(r"[0-9]{6}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


class Address(NamedTuple):
    """What a file in a tree is: a piece of a log, or a document."""

    kind: str  # events, messages, claims, assignments, finished
    name: str  # the thread or task; the month of finished claims; "events"
    segment: int = 0  # from 1 for a closed segment; 0 for the end of a log, and for documents
    is_current: bool = True  # whether it lies where this layout puts it

    @property
    def is_document(self) -> bool:
        """Whether it is a claim or an assignment."""
        return self.kind in (CLAIMS, ASSIGNMENTS)

    @property
    def of(self) -> str:
        """The stream or document as a store names it; finished claims are a stream of their own."""
        return EVENTS if self.kind == EVENTS else f"{self.kind}/{self.name}"


def fan(name: str) -> str:
    """The folder a name lies in."""
    return sha256_hex(name.encode())[:2]


def address(path: str) -> Address | None:
    """What a path in a tree is; None for what is no record of a bus."""
    top, *middle, last = path.split("/") if "/" in path else ("", path)
    stem, _, ending = last.rpartition(".")
    if top in (CLAIMS, ASSIGNMENTS) and ending == "json":
        return Address(top, stem, 0, bool(middle)) if _is_placed(middle, stem) else None
    if ending != "jsonl":
        return None
    if top == MESSAGES and _is_placed(middle, stem):
        return Address(MESSAGES, stem, 0, bool(middle))
    number = int(stem) if _NUMBER.fullmatch(stem) else 0
    if top == MESSAGES and number and len(middle) == 2 and _is_placed(middle[:1], middle[1]):
        return Address(MESSAGES, middle[1], number)
    if top == EVENTS and (middle, stem) == ([], EVENTS):
        return Address(EVENTS, EVENTS)
    if top == EVENTS and number and middle == [EVENTS]:
        return Address(EVENTS, EVENTS, number)
    if top == CLAIMS and middle == [FINISHED] and _MONTH.fullmatch(stem):
        return Address(FINISHED, stem)
    if top == CLAIMS and number and middle[:1] == [FINISHED] and len(middle) == 2 and _MONTH.fullmatch(middle[1]):
        return Address(FINISHED, middle[1], number)
    return None


def _is_placed(middle: list[str], name: str) -> bool:
    return ids.is_task(name) and middle in ([], [fan(name)])


def document_path(document: str) -> str:
    """Where a document lies in a tree."""
    kind, _, name = document.partition("/")
    return f"{kind}/{fan(name)}/{name}.json"


def log_path(stream: str) -> str:
    """Where the end of a log lies in a tree; its closed segments lie in the folder beside it."""
    kind, _, name = stream.partition("/")
    if kind == EVENTS:
        return f"{EVENTS}/{EVENTS}.jsonl"
    folder = f"{CLAIMS}/{FINISHED}" if kind == FINISHED else f"{kind}/{fan(name)}"
    return f"{folder}/{name}.jsonl"


def segment_path(stream: str, number: int) -> str:
    """Where a closed segment lies in a tree."""
    return f"{log_path(stream).removesuffix('.jsonl')}/{number:06}.jsonl"


def cut(data: bytes) -> tuple[list[bytes], bytes]:
    """The segments that the end of a log closes, and what stays open."""
    closed = []
    at = 0
    while len(data) - at > SEGMENT:
        end = data.find(b"\n", at + SEGMENT) + 1
        if not end:
            break
        closed.append(data[at:end])
        at = end
    return closed, data[at:]


def is_entered(folder: str) -> bool:
    """Whether a folder of a tree can hold records, so that it is worth looking into."""
    parts = folder.split("/")
    return parts[0] in (EVENTS, MESSAGES, CLAIMS, ASSIGNMENTS) and len(parts) <= 3
