"""Where in a JSON text the thing lies that a pointer names, so that findings have lines and edits touch no more.

Pointers are those of RFC 6901: "" is the whole document, `/steps/0/id` a value inside.
"""

from __future__ import annotations

import math
import re
from json.decoder import scanstring  # type: ignore[attr-defined]

from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLANK = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'[^\s,\]}"{\[]+')


class Span(NamedTuple):
    """The first character of a value and the one behind its last."""

    start: int
    end: int


def join(*parts: str | int) -> str:
    """A pointer of its parts, their `~` and `/` escaped."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def spans(text: str) -> dict[str, Span]:
    """Every value of a text that is valid JSON, by its pointer."""
    return _Scan(text).spans


def line_of(text: str, spans: Mapping[str, Span], pointer: str) -> int:
    """The line, from 1, of what a pointer names, or of the nearest thing around it that is there."""
    while pointer not in spans:
        pointer = pointer.rpartition("/")[0]
    return text.count("\n", 0, spans[pointer].start) + 1


def first_violation(text: str) -> tuple[str, int] | None:
    """The pointer and line of the first key that stands twice or number that JSON does not have.

    None when the text has neither, or is too broken to be read up to there.
    """
    try:
        violation = _Scan(text).violation
    except (IndexError, AttributeError, ValueError, RecursionError):
        return None
    return (violation[0], text.count("\n", 0, violation[1]) + 1) if violation else None


class _Scan:
    """One pass over a text; values that are missing raise IndexError or AttributeError."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.spans: dict[str, Span] = {}
        self.violation: tuple[str, int] | None = None
        self._value(self._skip(0), "")

    def _value(self, start: int, pointer: str) -> int:
        """Notes the value that starts here and those inside it; returns where it ends."""
        opening = self._text[start]
        if opening == "{":
            end = self._members(start, pointer)
        elif opening == "[":
            end = self._items(start, pointer)
        elif opening == '"':
            end = scanstring(self._text, start + 1)[1]
        else:
            end = _PLAIN.match(self._text, start).end()  # type: ignore[union-attr]
            if not _is_number_or_word(self._text[start:end]):
                self._note_violation(pointer, start)
        if pointer in self.spans:
            self._note_violation(pointer, start)
        self.spans[pointer] = Span(start, end)
        return end

    def _members(self, start: int, pointer: str) -> int:
        at = self._skip(start + 1)
        while self._text[at] != "}":
            key, at = scanstring(self._text, at + 1)
            at = self._value(self._skip(self._skip(at) + 1), pointer + join(key))
            at = self._next(at)
        return at + 1

    def _items(self, start: int, pointer: str) -> int:
        at = self._skip(start + 1)
        count = 0
        while self._text[at] != "]":
            at = self._next(self._value(at, pointer + join(count)))
            count += 1
        return at + 1

    def _next(self, at: int) -> int:
        at = self._skip(at)
        return self._skip(at + 1) if self._text[at] == "," else at

    def _skip(self, at: int) -> int:
        return _BLANK.match(self._text, at).end()  # type: ignore[union-attr]

    def _note_violation(self, pointer: str, start: int) -> None:
        if self.violation is None:
            self.violation = (pointer, start)


def _is_number_or_word(token: str) -> bool:
    if token in ("true", "false", "null"):
        return True
    try:
        return math.isfinite(float(token))
    except ValueError:
        return False
