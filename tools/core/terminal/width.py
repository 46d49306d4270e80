"""How many columns a text takes on a terminal, and cutting it to some: wide characters take two, combining ones none."""

from __future__ import annotations

import unicodedata

from tools.core.text import terminal


def width(text: str) -> int:
    """The columns of a text."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def head(text: str, columns: int) -> str:
    """The longest beginning of a text that fits."""
    used = 0
    for number, char in enumerate(text):
        used += _columns(char)
        if used > columns:
            return text[:number]
    return text


def cut(text: str, columns: int) -> str:
    """The beginning of a text, clean, that fits; an ellipsis stands where it was cut."""
    line = terminal.clean(text)
    if width(line) <= columns:
        return line
    return head(line, columns - 1).rstrip() + "…" if columns > 0 else ""


def left(text: str, columns: int) -> str:
    """A text cut or filled to exactly so many columns."""
    line = cut(text, columns)
    return line + " " * (columns - width(line))


def right(text: str, columns: int) -> str:
    """The same, at the right end."""
    line = cut(text, columns)
    return " " * (columns - width(line)) + line
