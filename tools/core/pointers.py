"""Where in a JSON text the thing lies that a pointer names, so that findings have lines and edits touch no more.

Pointers are those of RFC 6901: "" is the whole document, `/steps/0/id` a value inside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NamedTuple

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
    found: dict[str, Span] = {}
    _value(text, _BLANK.match(text, 0).end(), "", found)  # type: ignore[union-attr]
    return found


def line_of(text: str, found: Mapping[str, Span], pointer: str) -> int:
    """The line, from 1, of what a pointer names, or of the nearest thing around it that is there."""
    while pointer not in found:
        pointer = pointer.rpartition("/")[0]
    return text.count("\n", 0, found[pointer].start) + 1


def _value(text: str, start: int, pointer: str, found: dict[str, Span]) -> int:
    """Notes the value that starts here and those inside it; returns where it ends."""
    opening = text[start]
    if opening == "{":
        end = _members(text, start, pointer, found)
    elif opening == "[":
        end = _items(text, start, pointer, found)
    elif opening == '"':
        end = scanstring(text, start + 1)[1]
    else:
        end = _PLAIN.match(text, start).end()  # type: ignore[union-attr]
    found[pointer] = Span(start, end)
    return end


def _members(text: str, start: int, pointer: str, found: dict[str, Span]) -> int:
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, at = scanstring(text, at + 1)
        at = _value(text, _skip(text, _skip(text, at) + 1), pointer + join(key), found)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return at + 1


def _items(text: str, start: int, pointer: str, found: dict[str, Span]) -> int:
    at = _skip(text, start + 1)
    count = 0
    while text[at] != "]":
        at = _skip(text, _value(text, at, pointer + join(count), found))
        count += 1
        if text[at] == ",":
            at = _skip(text, at + 1)
    return at + 1


def _skip(text: str, at: int) -> int:
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]
