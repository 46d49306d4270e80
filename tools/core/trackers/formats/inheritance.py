"""What a piece waits for because of the piece it is a part of, where the tracker hands that down.

In beads an issue is not ready while the epic above it waits for another, so each part gets those waits as its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tools.core.trackers.pieces import Edge, Piece

_YOUNGEST = "9999-12-31T00:00:00Z"
"""The age of what was handed down: in a circle it goes before all that the source says itself."""


def handed_down(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, each waiting for what those above it wait for, unless that is a part of the same."""
    by_key = {piece.key: piece for piece in pieces}
    return [_with_waits_above(piece, by_key) if piece.parent in by_key else piece for piece in pieces]


def _with_waits_above(piece: Piece, by_key: Mapping[str, Piece]) -> Piece:
    own = {edge.key for edge in piece.depends}
    depends = [*piece.depends]
    for above in _above(piece, by_key):
        for edge in above.depends:
            target = by_key.get(edge.key)
            if target is not None and target.key not in own and not _is_in(target, above.key, by_key):
                own.add(target.key)
                depends.append(Edge(target.key, _YOUNGEST))
    return piece._replace(depends=depends)


def _above(piece: Piece, by_key: Mapping[str, Piece]) -> Iterator[Piece]:
    """The pieces that a piece is a part of, the nearest first; each once, also in a circle."""
    seen = {piece.key}
    while piece.parent in by_key and piece.parent not in seen:
        piece = by_key[piece.parent]
        seen.add(piece.key)
        yield piece


def _is_in(piece: Piece, key: str, by_key: Mapping[str, Piece]) -> bool:
    return piece.key == key or any(above.key == key for above in _above(piece, by_key))
