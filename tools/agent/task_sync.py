#!/usr/bin/env python3
"""Bring the status lines of the backlog in line with the claims."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.backlog import status_sync
from tools.core.cli import app as cli
from tools.core.text import terminal


@cli.command(doc=__doc__, writes=True)
@cli.option("--dry-run", is_flag=True, help="Only say what would change.")
def main(run: cli.Run, *, dry_run: bool) -> None:
    agent = "" if dry_run else run.seat.agent_id
    result = status_sync.sync(run, agent, dry_run=dry_run)
    run.warn(run.losses())
    run.skipped(result.problems)
    verb = "would change" if dry_run else "changed"
    lines = [f"{verb} {terminal.number(len(result.edits), 'status line')}"]
    if result.receipt is not None:
        lines[0] += f"; receipt {result.receipt.name}"
    lines += [f"- {edit.path}: {edit.task_id} {edit.before} -> {edit.after}" for edit in result.edits]
    document = {
        "changes": [edit._asdict() for edit in result.edits],
        "receipt": result.receipt.name if result.receipt else None,
        "dry_run": dry_run,
    }
    run.emit(document, "\n".join(lines))


if __name__ == "__main__":
    cli.main(main)
