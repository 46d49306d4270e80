#!/usr/bin/env python3
"""Show the ledger of decisions, filtered, as a table or as a receipt."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import json
from datetime import datetime

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.consensus import ledger
from tools.core.consensus.receipts import decision_folder
from tools.core.errors import UsageError
from tools.core.fs import files, locks
from tools.core.hint import Note
from tools.core.receipts import outputs
from tools.core.text import terminal
from tools.core.workspace import LEDGER

_WIDEST = 200
"""Characters of a cell in the table; the other forms hold them whole."""


@cli.command(doc=__doc__)
@cli.option("--ledger", "path", help=f"The table, relative to the root (default: {LEDGER}).")
@cli.option("--format", "form", type=cli.Choice(["table", "json", "jsonl"]), default="table", help="The output form.")
@cli.repeated("--decision", help="Only rows of this decision.")
@cli.repeated("--agent", help="Only rows of this agent.")
@cli.option("--since", type=cli.SINCE, help="Only rows since a stamp or a distance back: 24h, 7d.")
@cli.option("--limit", type=cli.COUNT, help="Only the last rows.")
@cli.option("--output", help="Also write the rows to a file (a bare name: _report/consensus/).")
def main(
    run: cli.Run,
    *,
    path: str | None,
    form: str,
    decision: tuple[str, ...],
    agent: tuple[str, ...],
    since: datetime | None,
    limit: int | None,
    output: str | None,
) -> None:
    place = run.workspace.in_root(run.workspace.relative(path) if path else LEDGER)
    if path and not files.exists(place):
        raise UsageError(f"there is no ledger {place.name}", code="ledger.none")
    table = ledger.read(place)
    rows = ledger.select(table, ledger.Filters(decision, agent, since))
    shown = rows if limit is None else rows[max(0, len(rows) - limit) :]
    run.skipped(table.problems)
    if not files.exists(place):
        closing = hint.tool("consensus.receipts", "--decision", hint.WORDS, "--close", "--outcome", hint.WORDS)
        run.note(Note(f"there is no {place.name} yet; closing a decision begins it", closing))
    if len(shown) < len(rows):
        run.note(f"{len(rows) - len(shown)} earlier rows are not shown; raise --limit")
    text = _text(table, shown, form)
    document = {"ledger": place.name, "columns": list(table.columns), "rows": [dict(row.cells) for row in shown]}
    if output:
        target = outputs.output_place(run.workspace, output, decision_folder(run.workspace))
        content = document if form == "table" else text.encode() + b"\n"
        with locks.hold(run.workspace.report):
            outputs.replace_output(target, content)
        run.note(f"wrote {target.name}")
    run.emit(document, text)


def _text(table: ledger.Ledger, rows: list[ledger.Row], form: str) -> str:
    if form == "table":
        cells = ([terminal.short(cell, _WIDEST) for cell in row.cells.values()] for row in rows)
        return terminal.table([terminal.clean(name) for name in table.columns], cells) if rows else "no rows"
    if form == "jsonl":
        return "\n".join(json.dumps(dict(row.cells), sort_keys=True) for row in rows)
    return json.dumps([dict(row.cells) for row in rows], indent=2, sort_keys=True)


if __name__ == "__main__":
    cli.main(main)
