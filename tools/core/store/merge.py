"""Pure rules: what a log or a document of the bus becomes when two clones have changed it.

Lines are never altered and never leave: a log keeps its own order and gets what it lacks behind it.
Of two claims the higher fence is the truth; at an equal fence the holder whom the remote had first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from tools.core import clock
from tools.core.models.bus import Claim
from tools.core.models.lenient import claim_from, text_of

OURS = "ours"
THEIRS = "theirs"
CONFLICT = "conflict"
"""Theirs is the truth, and a live claim that this clone made is lost by it."""

_IDENTIFIED = re.compile(rb'"id": ?"[0-7][0-9A-HJKMNP-TV-Z]{25}"')


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a log without their ends; blank ones are left out."""
    return [line for line in (raw.removesuffix(b"\r") for raw in data.split(b"\n")) if line.strip()]


def missing(ours: Iterable[bytes], theirs: Iterable[bytes]) -> list[bytes]:
    """The lines of `theirs` that `ours` lacks, in their order; a record with an id counts once."""
    known = Counter(ours)
    found = []
    for line in theirs:
        identified = _IDENTIFIED.search(line) is not None
        if known[line] > 0:
            known[line] -= not identified
            continue
        found.append(line)
        known[line] += identified
    return found


def union(first: bytes, *others: bytes) -> bytes:
    """A log with what the others have besides it, its own bytes kept as they are."""
    lines = lines_of(first)
    kept = len(lines)
    for other in others:
        lines += missing(lines, lines_of(other))
    begin = first if first.endswith(b"\n") or not first else first + b"\n"
    return begin + b"".join(line + b"\n" for line in lines[kept:])


def claim(
    task: str, ours: Mapping[str, object], theirs: Mapping[str, object], base: Mapping[str, object] | None
) -> str:
    """Which of two claims is the truth; `base` is what both clones began from."""
    mine, other = claim_from(ours, task), claim_from(theirs, task)
    if mine.agent_id == other.agent_id and mine.fence == other.fence:
        return newer(ours, theirs, base, _claim_moment(mine), _claim_moment(other))
    if mine.fence > other.fence:
        return OURS
    is_lost = mine.is_live and mine.agent_id != other.agent_id and ours != base
    return CONFLICT if is_lost else THEIRS


def assignment(ours: Mapping[str, object], theirs: Mapping[str, object], base: Mapping[str, object] | None) -> str:
    """Which of two assignments is the truth: the one that was changed, else the newer."""
    mine, other = clock.parse(text_of(ours.get("assigned_at"))), clock.parse(text_of(theirs.get("assigned_at")))
    return newer(ours, theirs, base, mine, other)


def newer(ours: object, theirs: object, base: object, mine: datetime | None, other: datetime | None) -> str:
    """The side that changed; where both did the newer one, and theirs when neither is."""
    if ours == theirs or theirs == base:
        return OURS
    if ours == base or mine is None or (other is not None and other >= mine):
        return THEIRS
    return OURS


def _claim_moment(claim: Claim) -> datetime | None:
    stamps = (clock.parse(claim.claimed_at), clock.parse(claim.updated_at), clock.parse(claim.released_at))
    return max((stamp for stamp in stamps if stamp), default=None)
