"""Rows in, text out for a terminal: hostile text made visible, tables and bullets.

Text from another agent may carry anything (design §2, promise 9): control characters are shown as
escapes.
"""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Sequence

_HOSTILE = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What is not seen, or is obeyed: Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties), variation
selectors and tags among them, the categories Cc, Cf, Zl and Zp, and lone surrogates."""

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def clean(text: object) -> str:
    """One line that a terminal shows and does not obey: control characters become `\\x1b` and the like."""
    line = str(text)
    return line if is_plain(line) else _replaced(line, _visible)


def is_plain(text: str) -> bool:
    """Whether nothing in a text can be hostile, at a glance; what it does not pass is to be cleaned."""
    return text.isprintable() and (text.isascii() or all(map(_is_seen, text)))


def _is_seen(char: str) -> bool:
    """Whether what counts as printable is seen, too: letters of Europe, punctuation, arrows, East Asian script, pictures."""
    return (
        char < "\u034f"
        or "\u2010" <= char < "\u3164"
        or "\u3164" < char < "\ud800"
        or "\U0001f000" <= char < "\U000e0000"
    )


def _visible(match: re.Match[str]) -> str:
    char = match[0]
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def block(text: str) -> str:
    """Text of several lines, each of them clean."""
    return "\n".join(clean(line) for line in text.split("\n"))


def json_text(text: str) -> str:
    """JSON that a terminal shows and does not obey, still the same JSON."""
    return text if is_plain(text) else _replaced(text, _escaped)


def _replaced(text: str, shown: Callable[[re.Match[str]], str]) -> str:
    import re  # most texts have only what a terminal shows

    return re.sub(_HOSTILE, shown, text)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char == "\n":
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def short(text: str, limit: int) -> str:
    """The beginning of a text, with an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def number(count: int, noun: str, plural: str = "") -> str:
    """`1 plan`, `2 plans`; `plural` where an s does not make it."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def bullets(rows: Iterable[str], *, empty: str = "none") -> str:
    """One `- ` line a row."""
    return "\n".join(f"- {row}" for row in rows) or f"- {empty}"


def fields(pairs: Iterable[tuple[str, object]]) -> str:
    """`key=value` for those that have a value, in order."""
    return " ".join(f"{key}={clean(value)}" for key, value in pairs if value not in ("", None))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Aligned columns for a terminal; every cell is cleaned."""
    cells = [list(headings)] + [[clean(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
