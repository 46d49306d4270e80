"""Pure rules: what a log or a document of the bus becomes when two clones have changed it.

Lines are never altered and never leave: a log keeps its own order and gets what it lacks behind it.
Of two claims the one that knows of more confirmed operations is the truth; then the higher fence;
at an equal fence the holder whom the remote had first; of one holder's the finished one, else the
later. Joining, exchanging and confirming use these rules and no others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tools.core import clock
from tools.core.fs import jsonl
from tools.core.models.bus import Claim
from tools.core.models.lenient import claim_from, text_of

OURS = "ours"
THEIRS = "theirs"
CONFLICT = "conflict"
"""Theirs is the truth, and a live claim that this clone made is lost by it."""

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


class Known:
    """The lines a log has, each to be met once; a record with an id counts once however often it comes."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._left = Counter(lines)
        self._met: set[bytes] = set()

    def lacks(self, line: bytes) -> bool:
        """Whether a line that comes is new; it is known from then on."""
        if self._left.get(line, 0) > 0:
            if _ID.search(line) is None:
                self._left[line] -= 1
            return False
        if line in self._met and _ID.search(line) is not None:
            return False
        self._met.add(line)
        return True


def missing(ours: Iterable[bytes], theirs: Iterable[bytes]) -> list[bytes]:
    """The lines of `theirs` that `ours` lacks, in their order; a record with an id counts once."""
    known = Known(ours)
    return [line for line in theirs if known.lacks(line)]


def is_kept(before: Iterable[bytes], after: Iterable[bytes]) -> bool:
    """Whether every line of a log is there still, in its old order."""
    rest = iter(after)
    return all(line in rest for line in before)


def union(first: bytes, *others: bytes) -> bytes:
    """A log with what the others have besides it, its own bytes kept as they are."""
    lines = lines_of(first)
    kept = len(lines)
    for other in others:
        lines += missing(lines, lines_of(other))
    begin = first if first.endswith(b"\n") or not first else first + b"\n"
    return begin + b"".join(line + b"\n" for line in lines[kept:])


def vouched_first(lines: Sequence[bytes]) -> Sequence[bytes]:
    """The lines of a log, where one id stands for two contents the one first that another line's `prev` names.

    Readers show the first of them, so all clones show the same: whoever adds another content under a
    known id cannot make the lines of others point to it.
    """
    places: dict[bytes, list[int]] = {}
    for at, line in enumerate(lines):
        if found := _ID.search(line):
            places.setdefault(found[1], []).append(at)
    doubled = [each for each in places.values() if len({lines[at] for at in each}) > 1]
    if not doubled:
        return lines
    named = {found[1].decode() for line in lines if (found := _PREV.search(line))}
    ordered = list(lines)
    for each in doubled:
        contents = sorted((lines[at] for at in each), key=lambda line: jsonl.line_hash(line) not in named)
        for at, line in zip(each, contents, strict=True):
            ordered[at] = line
    return ordered


# -- documents ---------------------------------------------------------------------------------------


def grant_of(claim: Mapping[str, object]) -> tuple[int, str]:
    """How many confirmed operations a claim knows of, and the mark of the last one."""
    found = _GRANT.fullmatch(text_of(claim.get("grant")))
    return (int(found[1]), found[2]) if found else (0, "")


def claim(
    task: str, ours: Mapping[str, object], theirs: Mapping[str, object], base: Mapping[str, object] | None
) -> str:
    """Which of two claims is the truth; `base` is what the remote had before."""
    if ours == theirs:
        return OURS
    mine, other = claim_from(ours, task), claim_from(theirs, task)
    if _is_ours(task, (mine, ours), (other, theirs), base):
        return OURS
    is_lost = mine.is_live and other.is_live and mine.agent_id != other.agent_id and ours != base
    return CONFLICT if is_lost else THEIRS


def _is_ours(
    task: str,
    ours: tuple[Claim, Mapping[str, object]],
    theirs: tuple[Claim, Mapping[str, object]],
    base: Mapping[str, object] | None,
) -> bool:
    (mine, raw), (other, other_raw) = ours, theirs
    known, told = grant_of(raw), grant_of(other_raw)
    if known != told:
        return known[0] > told[0]
    if mine.fence != other.fence:
        return mine.fence > other.fence
    if mine.agent_id != other.agent_id:
        first = claim_from(base, task) if base else None
        return first is not None and (first.agent_id, first.fence) == (mine.agent_id, mine.fence)
    if mine.is_live != other.is_live:
        return not mine.is_live
    return newer(raw, other_raw, base, claim_moment(mine), claim_moment(other)) == OURS


def assignment(ours: Mapping[str, object], theirs: Mapping[str, object], base: Mapping[str, object] | None) -> str:
    """Which of two assignments is the truth: of more confirmed operations, then the changed one, then the newer."""
    known, told = grant_of(ours), grant_of(theirs)
    if known != told:
        return OURS if known[0] > told[0] else THEIRS
    mine, other = clock.parse(text_of(ours.get("assigned_at"))), clock.parse(text_of(theirs.get("assigned_at")))
    return newer(ours, theirs, base, mine, other)


def newer(ours: object, theirs: object, base: object, mine: datetime | None, other: datetime | None) -> str:
    """Ours where theirs was left alone; else the later, and theirs when neither is."""
    if ours == theirs or theirs == base:
        return OURS
    if mine is not None and other is not None and mine != other:
        return OURS if mine > other else THEIRS
    return THEIRS


def claim_moment(claim: Claim) -> datetime | None:
    """When a claim last changed, by its own word."""
    stamps = (clock.parse(claim.claimed_at), clock.parse(claim.updated_at), clock.parse(claim.released_at))
    return max((stamp for stamp in stamps if stamp), default=None)
