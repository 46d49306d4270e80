"""Text in Markdown: hostile text made visible, and escaped where it would be markup (design §2, promise 9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tools.core.text.terminal import clean

_MARKUP = r"[\\`*\[\]<>|~#&]|(?<![^\W_])_|_(?![^\W_])"  # inside a word an underscore is not markup


def escape_markdown(text: object) -> str:
    """Text as Markdown shows it literally, on one line: no markup, no HTML, no cell border in it."""
    return re.sub(_MARKUP, _literal, clean(text))


def _literal(match: re.Match[str]) -> str:
    char = match[0]
    if char in "<>&":
        return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}[char]
    return f"\\{char}"


def code_span(text: object) -> str:
    """Text as a Markdown code span, whatever backticks are in it; `|` too, so that it stands in a table."""
    line = clean(text).replace("|", "\\|")
    runs = [len(run) for run in re.findall("`+", line)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, its columns aligned so that it reads well raw; cells are made literal."""
    cells = [list(headings)] + [[escape_markdown(cell) for cell in row] for row in rows]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(headings))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)
