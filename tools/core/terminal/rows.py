"""A row of the screen: its words in columns, and what can be done with it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tools.core.board.model import RequestRow
from tools.core.terminal.width import head, left, right, width
from tools.core.text import terminal

RED, AMBER, BOLD, DIM, PLAIN, BLUE = "red", "amber", "bold", "dim", "", "blue"

Spans = tuple[tuple[str, str], ...]


class Size(NamedTuple):
    """The screen in columns and rows, and whether it can show no more than ASCII."""

    columns: int
    rows: int
    plain: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether the lanes stand on the first view, and on one line each."""
        return self.columns >= 110 and self.rows >= 34


class Row(NamedTuple):
    """One row; `key` is "" for one that the cursor passes over."""

    spans: Spans
    key: str = ""
    command: str = ""
    thread: str = ""
    request: RequestRow | None = None
    follows: bool = False  # it belongs to the row above
    whole: str = ""  # what was cut to fit, for the filter

    @property
    def text(self) -> str:
        """All its words, those that are cut included."""
        return " ".join([*(text for text, _ in self.spans), self.whole])


class Cell(NamedTuple):
    """A text in so many columns."""

    text: str
    columns: int
    style: str = PLAIN
    is_right: bool = False


def line(*cells: Cell) -> Spans:
    """Cells side by side."""
    return tuple(((right if cell.is_right else left)(cell.text, cell.columns), cell.style) for cell in cells)


def clipped(spans: Spans, columns: int) -> Spans:
    """The beginning of a line that fits."""
    kept = []
    for text, style in spans:
        part = head(text, columns)
        columns -= width(part)
        kept.append((part, style))
    return tuple(kept)


def words(text: str, style: str = PLAIN) -> Row:
    """A row that only says something."""
    return Row(((text, style),))


BLANK = words("")


def ago(at: datetime | None, now: datetime) -> str:
    """An age in at most five columns: 46m, 7h57, 2d06."""
    if at is None:
        return "never"
    minutes = max(0, int((now - at).total_seconds())) // 60
    if minutes < 60:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02}"
    return f"{hours // 24}d{hours % 24:02}"


def filtered(rows: list[Row], text: str) -> list[Row]:
    """The rows that have every word of a text; headings stay away while something is looked for."""
    parts = text.casefold().split()
    if not parts:
        return rows
    kept, is_in = [], False
    for row in rows:
        if not row.follows:
            is_in = bool(row.key) and all(word in row.text.casefold() for word in parts)
        if is_in:
            kept.append(row)
    return kept


def wrapped(text: str, columns: int) -> list[str]:
    """A text in lines of at most so many columns, broken at blanks where there are any."""
    lines, current = [], ""
    for word in terminal.clean(text).split(" "):
        while width(word) > columns:
            piece = head(word, columns)
            lines += [current] if current else []
            lines.append(piece)
            current, word = "", word[len(piece) :]
        if current and width(current) + 1 + width(word) > columns:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [*lines, current]
