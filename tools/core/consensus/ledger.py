"""The ledger of decisions: a CSV with any header, written by people, bots and `consensus.receipts --close`.

Columns keep the order of the file; one without a name, or with the name of an earlier one, gets its
number. The columns for id, agent and time are recognised by name (formats, `_report/ledger.csv`); a
filter without a matching column is a usage error.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import clock, hint
from tools.core.errors import ConflictError, DataError, UsageError
from tools.core.fs import files, locks
from tools.core.problem import Problem
from tools.core.workspace import LEDGER, Place, Workspace

DECISION_COLUMNS = ("decision_id", "batch_ts", "id")
AGENT_COLUMNS = ("agent", "owner", "assignee")
TIME_COLUMNS = ("decision_ts", "batch_ts", "timestamp")
OUTCOME_COLUMNS = ("outcome", "result", "status")
RECEIPT_COLUMNS = ("receipt", "receipts", "evidence")
HEADER = ("decision_id", "agent", "decision_ts", "outcome", "receipt")
"""The header of a ledger that begins here."""

_FORMULA = ("=", "+", "-", "@")
"""What a cell begins with that a spreadsheet would run."""

MAX_LEDGER = 64 * 1024 * 1024
"""The largest ledger, in bytes."""

MAX_COLUMNS = 1000
"""A table that is wider costs a reader its width for each of its rows."""


class Row(NamedTuple):
    """One row: its line in the file, and its cells by column."""

    number: int
    cells: Mapping[str, str]


class Ledger(NamedTuple):
    """The content of a ledger; `problems` are lines that do not fit the header."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Row]
    problems: Sequence[Problem]


class Closing(NamedTuple):
    """The row that closes a decision."""

    decision: str
    agent: str
    stamp: str
    outcome: str
    receipt: str


class Filters(NamedTuple):
    """The rows to show; an empty filter passes every row."""

    decisions: Sequence[str] = ()
    agents: Sequence[str] = ()
    since: datetime | None = None


def read(place: Place) -> Ledger:
    """The ledger, empty without a file; DataError when it is not a CSV in UTF-8."""
    data = files.read_bytes(place, limit=MAX_LEDGER)
    if data is None:
        return Ledger(place.name, (), (), ())
    try:
        text = data.decode("utf-8-sig")
        csv.field_size_limit(MAX_LEDGER)
        return _parse(csv.reader(io.StringIO(text, newline=""), strict=True), place.name)
    except (UnicodeDecodeError, csv.Error) as error:
        reason = f"not a CSV table in UTF-8 ({error})"
        raise DataError(Problem(place.name, 1, reason, "ledger.csv")) from error


def _parse(reader: Any, name: str) -> Ledger:
    columns: list[str] = []
    rows: list[Row] = []
    problems: list[Problem] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = _column_names(cells, name, reader.line_num)
            continue
        if len(cells) != len(columns):
            reason = f"{len(cells)} cells where the header has {len(columns)}"
            problems.append(Problem(name, reader.line_num, reason, "ledger.row"))
        padded = [*cells, *[""] * len(columns)][: len(columns)]
        rows.append(Row(reader.line_num, dict(zip(columns, (cell.strip() for cell in padded), strict=True))))
    return Ledger(name, columns, rows, problems)


def _column_names(header: Sequence[str], name: str, line: int) -> list[str]:
    if len(header) > MAX_COLUMNS:
        reason = f"{len(header)} columns where at most {MAX_COLUMNS} are read"
        raise DataError(Problem(name, line, reason, "ledger.width"))
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(header, 1):
        column = cell.strip() or f"column {number}"
        while column in taken:
            column = f"{column} ({number})"
        names.append(column)
        taken.add(column)
    return names


def decision_of(row: Row) -> str:
    """The id of the decision of a row: its first id column that is not empty."""
    return next((row.cells[column] for column in DECISION_COLUMNS if row.cells.get(column)), "")


def moment_of(row: Row) -> datetime | None:
    """When a row was decided; None without a timestamp in a time column."""
    moments = (clock.parse(row.cells.get(column)) for column in TIME_COLUMNS)
    return next((at for at in moments if at), None)


def select(ledger: Ledger, filters: Filters) -> list[Row]:
    """The rows that pass all filters, in file order; UsageError for a filter without a matching column."""
    accepted: list[tuple[Sequence[str], Sequence[str]]] = []
    for values, columns, flag in (
        (filters.decisions, DECISION_COLUMNS, "--decision"),
        (filters.agents, AGENT_COLUMNS, "--agent"),
        ((filters.since,) if filters.since else (), TIME_COLUMNS, "--since"),
    ):
        if values and ledger.columns and not set(columns) & set(ledger.columns):
            raise UsageError(
                f"{flag}: the ledger has none of the columns {', '.join(columns)}; it has {', '.join(ledger.columns)}",
                code="ledger.filter",
            )
        if values and flag != "--since":
            accepted.append(([str(value) for value in values], columns))
    return [row for row in ledger.rows if _passes(row, accepted, filters.since)]


def _passes(row: Row, accepted: Sequence[tuple[Sequence[str], Sequence[str]]], since: datetime | None) -> bool:
    for values, columns in accepted:
        if not any(row.cells.get(column) in values for column in columns):
            return False
    if since is None:
        return True
    at = moment_of(row)
    return at is not None and at >= since


# -- closing a decision --------------------------------------------------------------------------


def require_open(workspace: Workspace, decision: str) -> Ledger:
    """The ledger, which has no row of a decision yet and a column for its id; refused otherwise."""
    table = read(workspace.in_root(LEDGER))
    if table.columns and not set(DECISION_COLUMNS) & set(table.columns):
        text = f"{LEDGER} has none of the columns {', '.join(DECISION_COLUMNS)}; it has {', '.join(table.columns)}"
        raise UsageError(text, code="ledger.no_column")
    closed = [row.number for row in table.rows if decision_of(row) == decision]
    if closed:
        raise ConflictError(
            f"{decision} is closed already, by line {closed[0]} of {LEDGER}",
            code="ledger.closed",
            hint=hint.tool("consensus.ledger", "--decision", decision),
        )
    return table


def close(workspace: Workspace, closing: Closing) -> list[str]:
    """Puts the row of a decision behind the ledger as it is, and says which of its cells have no column there."""
    place = workspace.in_root(LEDGER)
    with locks.hold(workspace.report):
        table = require_open(workspace, closing.decision)
        data = files.read_bytes(place, limit=MAX_LEDGER) or b""
        cells, homeless = _cells(table.columns or HEADER, closing)
        rows = [list(cells.values())] if table.columns else [list(HEADER), list(cells.values())]
        files.replace(place, data + _behind(data, rows))
    return homeless


def _cells(columns: Sequence[str], closing: Closing) -> tuple[dict[str, str], list[str]]:
    """A cell for each column of a ledger, and the names of what has no column."""
    cells = dict.fromkeys(columns, "")
    homeless = []
    fields = (
        ("id", DECISION_COLUMNS, closing.decision),
        ("agent", AGENT_COLUMNS, closing.agent),
        ("time", TIME_COLUMNS, closing.stamp),
        ("outcome", OUTCOME_COLUMNS, closing.outcome),
        ("receipt", RECEIPT_COLUMNS, closing.receipt),
    )
    for name, names, value in fields:
        column = next((each for each in names if each in cells and not cells[each]), None)
        if column is None:
            homeless.append(name)
        else:
            cells[column] = f"'{value}" if value.startswith(_FORMULA) else value
    return cells, homeless


def _behind(data: bytes, rows: Sequence[Sequence[str]]) -> bytes:
    """Rows with the line ends of the table that they stand behind."""
    ending = "\r\n" if b"\r\n" in data else "\n"
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=ending).writerows(rows)
    gap = "" if not data.strip() or data.endswith(b"\n") else ending
    return (gap + text.getvalue()).encode("utf-8", "backslashreplace")
