"""Rows in, text out: hostile text made visible, tables and bullets for a terminal, Markdown that holds.

Text from another agent may carry anything (design §2, promise 9). On a terminal control characters
are shown as escapes; in Markdown what would be markup is escaped as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_HOSTILE = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_MARKUP = r"[\\`*\[\]<>|~#&]|(?<![^\W_])_|_(?![^\W_])"  # inside a word an underscore is no markup
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def clean(text: object) -> str:
    """One line that a terminal shows and does not obey: control characters become `\\x1b` and the like."""
    line = str(text)
    return line if line.isprintable() else re.sub(_HOSTILE, _visible, line)


def _visible(found: re.Match[str]) -> str:
    char = found[0]
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
    return text if text.isprintable() else re.sub(_HOSTILE, _escaped, text)


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if char == "\n":
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def short(text: str, limit: int) -> str:
    """The beginning of a text, with an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


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


def markdown(text: object) -> str:
    """Text as Markdown shows it literally, on one line: no markup, no HTML, no cell border in it."""
    return re.sub(_MARKUP, _literal, clean(text))


def _literal(found: re.Match[str]) -> str:
    char = found[0]
    if char in "<>&":
        return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}[char]
    return f"\\{char}"


def code(text: object) -> str:
    """Text as a Markdown code span, whatever backticks are in it; `|` too, so that it stands in a table."""
    line = clean(text).replace("|", "\\|")
    runs = [len(run) for run in re.findall("`+", line)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, its columns aligned so that it reads well raw; cells are made literal."""
    cells = [list(headings)] + [[markdown(cell) for cell in row] for row in rows]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(headings))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)
