"""A table for spreadsheets: one task a row, comma-separated, written only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.core.trackers.outgoing import Outgoing

NAME = "csv"
COLUMNS = (
    "id",
    "title",
    "status",
    "priority",
    "depends",
    "assignee",
    "labels",
    "parent",
    "milestone",
    "created",
    "source",
    "path",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell."""


def write_items(outgoing: Iterable[Outgoing]) -> Iterator[str]:
    """A heading and a row for each task; a cell that a spreadsheet would run begins with an apostrophe."""
    yield _row(COLUMNS)
    for item in outgoing:
        source = f"{item.source} {item.key}" if item.source else ""
        yield _row(
            (
                item.task_id,
                item.title,
                item.status,
                item.priority,
                ", ".join(item.depends),
                item.assignee,
                ", ".join(item.labels),
                item.parent,
                item.milestone,
                item.created,
                source,
                item.path,
            )
        )


def _row(cells: Iterable[str]) -> str:
    import csv  # a module that no other command needs
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    )
    return line.getvalue()
