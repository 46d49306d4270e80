"""Hooks of a JSON decoder that refuses what JSON does not have: repeated keys, NaN, infinities."""

from __future__ import annotations


def no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A decoder's hook: ValueError when an object names a key twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object names a key twice")
    return members


def no_constant(text: str) -> object:
    """A decoder's hook: NaN and Infinity are not JSON."""
    raise ValueError(f"{text} is not JSON")


def finite(text: str) -> float:
    """A decoder's hook: a number beyond a double is refused instead of becoming infinite."""
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:20]} is too large")
    return number
