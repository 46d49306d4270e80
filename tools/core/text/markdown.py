"""Text in Markdown: hostile text made visible, and escaped where it would be markup (design §2, promise 9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tools.core.text.terminal import clean

_MARKUP = r"[\\`*\[\]<>|~#&$]|(?<![^\W_])_|_(?![^\W_])"  # inside a word an underscore is not markup
_HOST = r"(?i:[a-z]{2}|com|net|org|edu|gov|info|biz|pro|web|name|shop|coop|museum|aero|asia|рф|xxx|xn--[a-z0-9]*+)"
_BREAK = "&#8203;"
"""A separator of no width, which forges' own filters see in the finished text too, where no escape is left."""

_ACTIVE = (
    (r"([@#!~](?=\w)|[$%](?=\d))", rf"\1{_BREAK}"),
    (r"(?i)\b(gh-|www\b|[a-z][a-z0-9+-]{1,15}:(?=//)|(?:mailto|xmpp|tel|javascript|data):)(?=\S)", rf"\1{_BREAK}"),
    (r"//(?=[\w\\])", f"/{_BREAK}/"),
    (r":(?=[+-]1:|[0-9_+-]{0,20}[A-Za-z][\w+-]{0,40}:)", rf":{_BREAK}"),
    (rf"(?<=\w)\.(?={_HOST}(?!\w))", r"\."),
)
"""What forges and their renderers make live although it is no markup: people, teams, issues, addresses, emoji."""

_BLOCK = r"\A(\s*)(?:([-+=])(?=[-+=]|\s+\S|\s*\Z)|(\d{1,9})([.)])(?=\s|\Z))"
"""What begins a list, a rule or a heading, at the beginning of a line."""


def escape_markdown(text: object) -> str:
    """Text as Markdown shows it literally, on one line: no markup, no HTML, no cell border, no link and no mention.

    An address, a name and an issue's number stay readable and lead nowhere.
    """
    line = clean(text).lstrip(" ")  # four of them would make code of it
    block = re.match(_BLOCK, line)
    shown = re.sub(_MARKUP, _literal, line)
    for pattern, replacement in _ACTIVE:
        shown = re.sub(pattern, replacement, shown)
    return _no_block(shown) if block else shown


def _no_block(line: str) -> str:
    return re.sub(_BLOCK, lambda begin: f"{begin[1]}{begin[3] or ''}\\{begin[2] or begin[4]}", line)


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
