#!/usr/bin/env python3
"""Show every decision with its records, overdue ones first."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import json
from datetime import datetime, timedelta
from typing import Any

from tools.core import clock
from tools.core.cli import app as cli
from tools.core.consensus import decisions
from tools.core.consensus.decisions import Decision
from tools.core.text import terminal
from tools.core.text.markdown import markdown_table

HEADINGS = (
    "decision", "manager", "proposer", "state", "last update", "age", "plan", "receipts", "events", "messages", "overdue",
)  # fmt: skip


@cli.command(doc=__doc__)
@cli.repeated("--task", type=cli.TASK, help="Only decisions about this task; a task without one gets a row.")
@cli.option("--since", type=cli.SINCE, help="Only decisions updated since a stamp or a distance back: 24h, 7d.")
@cli.option(
    "--format", "form", type=cli.Choice(["table", "markdown", "json"]), default="table", help="The output form."
)
@cli.option(
    "--max-age", type=cli.DURATION, default="24h", help="An open decision without a record for longer is overdue."
)
@cli.option("--fail-on-overdue", is_flag=True, help="Exit 1 when a decision is overdue.")
def main(
    run: cli.Run, *, task: tuple[str, ...], since: datetime | None, form: str, max_age: timedelta, fail_on_overdue: bool
) -> None:
    rows = decisions.decisions(run, tasks=task, max_age=max_age)
    run.skipped(run.history.problems())
    shown = [row for row in rows if since is None or (row.at is not None and row.at >= since)]
    overdue = [row for row in rows if row.overdue]
    if hidden := [row.id for row in overdue if row not in shown]:
        run.note(f"{len(hidden)} overdue before --since: {terminal.short(', '.join(hidden), 200)}")
    for row in rows:
        if row.id in task and row.at is None and not row.receipts:
            run.note(f"{row.id} carries no decision")
    document = {"decisions": [_document(row, run.now) for row in shown], "overdue": [row.id for row in overdue]}
    run.emit(document, _text(shown, form, document, run.now))
    if fail_on_overdue and overdue:
        run.finish(1)


def _document(row: Decision, now: datetime) -> dict[str, Any]:
    return {
        "decision_id": row.id,
        "manager": row.manager or None,
        "proposer": row.proposer or None,
        "state": row.state,
        "last_update": clock.to_text(row.at) if row.at else None,
        "age_seconds": int((now - row.at).total_seconds()) if row.at else None,
        "plan_id": row.plan or None,
        "receipts": list(row.receipts),
        "events": row.events,
        "messages": row.messages,
        "overdue": bool(row.overdue),
        "reason": row.overdue or None,
    }


def _text(rows: list[Decision], form: str, document: dict[str, Any], now: datetime) -> str:
    if form == "json":
        return json.dumps(document, indent=2, sort_keys=True)
    if not rows:
        return "no decisions"
    cells = [_cells(row, now) for row in rows]
    return markdown_table(HEADINGS, cells) if form == "markdown" else terminal.table(HEADINGS, cells)


def _cells(row: Decision, now: datetime) -> list[object]:
    at = clock.to_text(row.at) if row.at else "-"
    age = clock.age(row.at, now) if row.at else "-"
    late = f"OVERDUE: {row.overdue}" if row.overdue else ""
    counts = [len(row.receipts), row.events, row.messages]
    return [row.id, row.manager or "-", row.proposer or "-", row.state, at, age, row.plan or "-", *counts, late]


if __name__ == "__main__":
    cli.main(main)
