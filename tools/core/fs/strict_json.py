"""JSON without what JSON does not have: repeated keys, NaN, infinities.

What is well made is read by the interpreter's own scanner. Only what is not loads the package `json`, which can
say what is wrong where.
"""

from __future__ import annotations

from _json import make_scanner

from tools.core.plain import NamedTuple


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


class _Strict:
    """What the scanner asks its decoder for."""

    strict = True
    object_hook = None
    parse_int = int
    object_pairs_hook = staticmethod(no_duplicates)
    parse_constant = staticmethod(no_constant)
    parse_float = staticmethod(finite)


_scan = make_scanner(_Strict())  # type: ignore[arg-type]  # any object with these attributes does
_SPACES = " \t\n\r"


def read(text: str) -> object:
    """The value in a JSON document; ValueError with the reason, RecursionError when it is nested too deeply."""
    start = len(text) - len(text.lstrip(_SPACES))
    try:
        value, end = _scan(text, start)
    except (ValueError, StopIteration, SystemError):  # the last where `json.decoder` was never imported
        return _explained(text)
    return _explained(text) if text[end:].strip(_SPACES) else value


def read_object(text: str) -> dict[str, object] | None:
    """The object that is the whole text, at two thirds of the cost; None: ask `read`."""
    try:
        value, end = _scan(text, 0)
    except (ValueError, StopIteration, SystemError, RecursionError):
        return None
    return value if end == len(text) and isinstance(value, dict) else None


class Place(NamedTuple):
    """Where a text is not JSON, and why; both count from 1."""

    reason: str
    line: int
    column: int


def place_of(problem: ValueError) -> Place | None:
    """What `read` found to be no JSON; None for what is JSON and refused all the same."""
    lineno, colno = getattr(problem, "lineno", None), getattr(problem, "colno", 0)
    return None if lineno is None else Place(getattr(problem, "msg", ""), lineno, colno)


def _explained(text: str) -> object:
    import json  # it says what is wrong where

    return json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant, parse_float=finite)
