"""What each piece waits for: only tasks that are here, a parent for its children, and never in a circle."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from tools.core.trackers.pieces import Piece, stamp

MAX_KNOT = 2_000
"""Dependencies in circles that are judged one by one; a larger knot keeps only those on older work."""


class _Wait(NamedTuple):
    """`key` waits for `target`; `age` orders waits, the youngest last."""

    key: str
    target: str
    age: tuple[str, int]


class Dependencies(NamedTuple):
    """The keys each piece waits for, in order, and what was left out of what the source says."""

    by_key: dict[str, list[str]]
    notes: list[str]


def of(pieces: Sequence[Piece], is_here: Container[str]) -> Dependencies:
    """The dependencies of all pieces; `is_here` are the keys of tasks that are here or come with them."""
    notes: list[str] = []
    by_key = {piece.key: piece for piece in pieces}
    waits: list[_Wait] = []
    for number, piece in enumerate(pieces):
        if piece.depends:
            waits += _of_one(piece, number, is_here, by_key, notes)
    waits += _on_children(pieces, by_key)
    waits = _once(waits)
    removed = [] if _is_all_backwards(waits, by_key) else _closing_circles(waits)
    for wait in removed:
        notes.append(f"{by_key[wait.key].where}: {wait.key} does not wait for {wait.target}: that would be a circle")
    gone = {(wait.key, wait.target) for wait in removed}
    result: dict[str, list[str]] = {piece.key: [] for piece in pieces}
    for wait in waits:
        if (wait.key, wait.target) not in gone:
            result[wait.key].append(wait.target)
    return Dependencies(result, notes)


def _once(waits: Iterable[_Wait]) -> list[_Wait]:
    first: dict[tuple[str, str], _Wait] = {}
    for wait in waits:
        first.setdefault((wait.key, wait.target), wait)
    return list(first.values())


def _of_one(
    piece: Piece, number: int, is_here: Container[str], by_key: Mapping[str, Piece], notes: list[str]
) -> Iterable[_Wait]:
    for edge in piece.depends:
        target = edge.key
        if target == piece.key:
            notes.append(f"{piece.where}: {piece.key} waits for itself")
        elif target not in is_here:
            why = "was dropped" if target in by_key else "is not here"
            notes.append(f"{piece.where}: {piece.key} waits for {target[:80]}, which {why}")
        elif target == piece.parent and target in by_key:
            notes.append(f"{piece.where}: {piece.key} does not wait for {target}, of which it is a part")
        else:
            yield _Wait(piece.key, target, (edge.since or piece.created, number))


def _on_children(pieces: Sequence[Piece], by_key: Mapping[str, Piece]) -> Iterable[_Wait]:
    """A parent is offered last: it waits for its children, by key, for a source may list them in any order."""
    children = [
        (piece.key, number)
        for number, piece in enumerate(pieces)
        if piece.parent in by_key and piece.parent != piece.key
    ]
    for key, number in sorted(children):
        yield _Wait(pieces[number].parent, key, (pieces[number].created, number))


def _is_all_backwards(waits: Iterable[_Wait], by_key: Iterable[str]) -> bool:
    """Whether every piece waits only for those that stand before it, as in most sources: then there is no circle."""
    places = {key: place for place, key in enumerate(by_key)}
    return all(places.get(wait.target, -1) < places[wait.key] for wait in waits)


def _closing_circles(waits: Sequence[_Wait]) -> list[_Wait]:
    """The waits to remove so that no circle is left; of each circle its youngest."""
    knot = sorted(
        (wait._replace(age=(stamp(wait.age[0]), wait.age[1])) for wait in _knot(waits)), key=lambda wait: wait.age
    )
    if len(knot) > MAX_KNOT:
        order = {wait.key: wait.age for wait in reversed(knot)}
        last = ("~", 0)
        return [wait for wait in knot if order.get(wait.target, last) >= order[wait.key]]
    kept: dict[str, list[str]] = {}
    removed = []
    for wait in knot:
        if _leads_to(kept, wait.target, wait.key):
            removed.append(wait)
        else:
            kept.setdefault(wait.key, []).append(wait.target)
    return removed


def _knot(waits: Sequence[_Wait]) -> list[_Wait]:
    """The waits that may lie on a circle: those left when ends are taken off, on both sides, until there are none."""
    for ahead in (True, False):
        pairs = [(wait.key, wait.target) if ahead else (wait.target, wait.key) for wait in waits]
        gone = _leading_to_ends(pairs)
        waits = [wait for wait, pair in zip(waits, pairs, strict=True) if gone.isdisjoint(pair)]
    return list(waits)


def _leading_to_ends(pairs: Sequence[tuple[str, str]]) -> set[str]:
    """All names from which every way ends."""
    ways: dict[str, int] = {}
    behind: dict[str, list[str]] = {}
    for name, following in pairs:
        ways[name] = ways.get(name, 0) + 1
        behind.setdefault(following, []).append(name)
    ends = [name for name in behind if name not in ways]
    gone = set(ends)
    while ends:
        for name in behind.get(ends.pop(), ()):
            ways[name] -= 1
            if not ways[name]:
                ends.append(name)
                gone.add(name)
    return gone


def _leads_to(kept: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        new = [target for target in kept.get(name, ()) if target not in seen]
        seen.update(new)
        waiting += new
    return False
