"""Pure rules: what a log or a document of the bus becomes when two clones have changed it.

Lines are never altered and never leave: a log keeps its own order and gets what it lacks behind it.
Of two claims the one with more confirmed operations behind it wins; then the higher fence; at an
equal fence the holder that the remote had first; of two claims of one holder the finished one, else
the later. Joining, exchanging and confirming use these rules and no others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.core import clock
from tools.core.fs import jsonl
from tools.core.models.bus import Claim
from tools.core.models.lenient import claim_from, text_of

OURS = "ours"
THEIRS = "theirs"
CONFLICT = "conflict"
"""Theirs wins, and a live claim that this clone made is lost by it."""

_ID = re.compile(rb'"id": ?"([0-7][0-9A-HJKMNP-TV-Z]{25})"')
_PREV = re.compile(rb'"prev": ?"([0-9a-f]{16})"')
_GRANT = re.compile(r"([0-9]{1,15})-([0-9a-f]{32})")


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a log without their ends; blank ones are left out."""
    return [line for line in (raw.removesuffix(b"\r") for raw in data.split(b"\n")) if line.strip()]


def id_of(line: bytes) -> str:
    """The id of the record in a line; "" where it has none of the toolkit's form."""
    match = _ID.search(line)
    return match[1].decode() if match else ""


class LineSet:
    """The lines of a log, each of which matches one incoming line; a record with an id matches any number."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._unmatched = Counter(lines)
        self._added: set[bytes] = set()

    def lacks(self, line: bytes) -> bool:
        """Whether an incoming line is new; from then on the set has it."""
        if self._unmatched.get(line, 0) > 0:
            if _ID.search(line) is None:
                self._unmatched[line] -= 1
            return False
        if line in self._added and _ID.search(line) is not None:
            return False
        self._added.add(line)
        return True


def missing(ours: Iterable[bytes], theirs: Sequence[bytes]) -> list[bytes]:
    """The lines of `theirs` that `ours` lacks, in their order; a record with an id counts once."""
    if len(set(theirs)) == len(theirs):  # each is met once, so that it does not matter how often ours has it
        lines = set(ours)
        return [line for line in theirs if line not in lines]
    present = LineSet(ours)
    return [line for line in theirs if present.lacks(line)]


def is_kept(before: Iterable[bytes], after: Iterable[bytes]) -> bool:
    """Whether every line of a log is there still, in its old order."""
    rest = iter(after)
    return all(line in rest for line in before)


def union(first: bytes, *more: bytes) -> bytes:
    """A log with what more versions of it have besides, its own bytes kept as they are."""
    lines = lines_of(first)
    kept = len(lines)
    for version in more:
        lines += missing(lines, lines_of(version))
    begin = first if first.endswith(b"\n") or not first else first + b"\n"
    return begin + b"".join(line + b"\n" for line in lines[kept:])


def vouched_first(lines: Sequence[bytes]) -> Sequence[bytes]:
    """The lines of a log; of two contents under one id, the one that a line's `prev` names comes first.

    Readers show the first of them, so all clones show the same one: a second content added later
    under an existing id cannot make the earlier lines of other writers point to it.
    """
    identified = _ID.findall(b"\n".join(lines))
    if len(set(identified)) == len(identified):
        return lines
    places: dict[bytes, list[int]] = {}
    for at, line in enumerate(lines):
        if match := _ID.search(line):
            places.setdefault(match[1], []).append(at)
    doubled = [numbers for numbers in places.values() if len({lines[at] for at in numbers}) > 1]
    if not doubled:
        return lines
    hashes = {match[1].decode() for line in lines if (match := _PREV.search(line))}
    ordered = list(lines)
    for numbers in doubled:
        contents = sorted((lines[at] for at in numbers), key=lambda line: jsonl.line_hash(line) not in hashes)
        for at, line in zip(numbers, contents, strict=True):
            ordered[at] = line
    return ordered


# -- documents ---------------------------------------------------------------------------------------


Content = Mapping[str, object]
"""A document as its file has it."""


class Grant(NamedTuple):
    """How many confirmed operations a document has behind it, and the mark of the last one."""

    operations: int
    mark: str


def grant_of(document: Content) -> Grant:
    """What a document says of the confirmed operations behind it."""
    match = _GRANT.fullmatch(text_of(document.get("grant")))
    return Grant(int(match[1]), match[2]) if match else Grant(0, "")


def claim(task: str, ours: Content, theirs: Content, base: Content | None) -> str:
    """Which of two claims wins; `base` is what the remote had before."""
    if ours == theirs:
        return OURS
    our_claim, their_claim = claim_from(ours, task), claim_from(theirs, task)
    if _is_ours(task, ours, theirs, base):
        return OURS
    are_live = our_claim.is_live and their_claim.is_live
    is_lost = are_live and our_claim.agent_id != their_claim.agent_id and ours != base
    return CONFLICT if is_lost else THEIRS


def _is_ours(task: str, ours: Content, theirs: Content, base: Content | None) -> bool:
    our_grant, their_grant = grant_of(ours), grant_of(theirs)
    if our_grant != their_grant:
        return our_grant.operations > their_grant.operations
    our_claim, their_claim = claim_from(ours, task), claim_from(theirs, task)
    if our_claim.fence != their_claim.fence:
        return our_claim.fence > their_claim.fence
    if our_claim.agent_id != their_claim.agent_id:
        first = claim_from(base, task) if base else None
        return first is not None and (first.agent_id, first.fence) == (our_claim.agent_id, our_claim.fence)
    if our_claim.is_live != their_claim.is_live:
        return not our_claim.is_live
    return _newer(ours, theirs, base, _changed_at(our_claim), _changed_at(their_claim)) == OURS


def assignment(ours: Content, theirs: Content, base: Content | None) -> str:
    """Which of two assignments wins: of more confirmed operations, then the changed one, then the newer."""
    our_grant, their_grant = grant_of(ours), grant_of(theirs)
    if our_grant != their_grant:
        return OURS if our_grant.operations > their_grant.operations else THEIRS
    moments = [clock.parse(text_of(document.get("assigned_at"))) for document in (ours, theirs)]
    return _newer(ours, theirs, base, *moments)


def _newer(
    ours: Content, theirs: Content, base: Content | None, our_moment: datetime | None, their_moment: datetime | None
) -> str:
    """Ours where theirs was left alone; else the later, and theirs when neither is."""
    if ours == theirs or theirs == base:
        return OURS
    if our_moment is not None and their_moment is not None and our_moment != their_moment:
        return OURS if our_moment > their_moment else THEIRS
    return THEIRS


def _changed_at(claim: Claim) -> datetime | None:
    """When a claim last changed, by its own stamps."""
    stamps = (clock.parse(claim.claimed_at), clock.parse(claim.updated_at), clock.parse(claim.released_at))
    return max((stamp for stamp in stamps if stamp), default=None)
