#!/usr/bin/env python3
"""Take over the work of another tracker: its tasks become files of the backlog."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import gc
import sys
from collections.abc import Sequence

from tools.core import hint
from tools.core.backlog import items
from tools.core.cli import app as cli
from tools.core.errors import DataError
from tools.core.trackers.formats import registry
from tools.core.trackers.formats.source_files import MAX_BYTES, Source
from tools.core.trackers.imports import importing
from tools.core.trackers.imports.changes import Options

MAX_SHOWN = 50
"""Lines about single tasks that are shown; --json has all."""

_kept: list[importing.Result] = []
"""What would be taken apart piece by piece at the end, which costs 3 % of an import: the process ends at once instead."""


@cli.command(doc=__doc__, writes=True)
@cli.argument("source", type=cli.Choice(list(registry.IMPORTERS)))
@cli.argument("path", required=False)
@cli.option("--dry-run", is_flag=True, help="Only say what would change.")
@cli.option("--update", is_flag=True, help="Bring what changed there; what changed here stays.")
@cli.option("--force", is_flag=True, help="As --update, and where both changed theirs counts.")
@cli.option("--assign/--no-assign", default=False, help="Assign tasks whose assignee is a seat here (manager seats).")
@cli.repeated("--only", type=cli.Choice(items.STATUSES), help="Only tasks that would have this status here.")
@cli.option("--comments/--no-comments", default=True, help="Comments become notes in the tasks' threads.")
@cli.option("--prefix", type=cli.LABEL, help="What the ids begin with.")
def main(
    run: cli.Run,
    *,
    source: str,
    path: str | None,
    dry_run: bool,
    update: bool,
    force: bool,
    assign: bool,
    only: tuple[str, ...],
    comments: bool,
    prefix: str | None,
) -> None:
    if not dry_run:
        run.seat  # noqa: B018 - a writer without a seat is refused before anything is read
    importer = registry.importer(source)
    place = _piped() if path == "-" else registry.locate(importer, run.workspace.root, path)
    options = importing.ImportOptions(Options(update, force, only, prefix or ""), comments, assign, dry_run)
    gc.disable()  # thousands of pieces and none in a circle: looking through them for garbage finds nothing
    try:
        result = importing.run(run, importer, place, options)
        _kept[:] = [result]
        _report(run, result)
    finally:
        gc.freeze()  # and back, to the oldest: what is young would all be looked through at once
        gc.unfreeze()
        gc.enable()


def _report(run: cli.Run, result: importing.Result) -> None:
    run.warn(map(str, result.problems))
    following = run.spell(hint.tool("agent.idle_pickup", "list"))
    document = result.as_document() if run.as_json else {}
    run.emit(document, "\n".join([*_lines(result), f"next: {following}"]))
    if not result.is_clean:
        run.finish(1)


def _piped() -> Source:
    """What comes through a pipe."""
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DataError(f"more than {MAX_BYTES >> 20} MiB came through the pipe", code="import.size")
    return Source("-", "stdin", data.decode("utf-8-sig", "replace"))


def _lines(result: importing.Result) -> list[str]:
    """One line of figures, and what is worth a look."""
    changes = result.changes
    counts: dict[str, Sequence[object]] = {
        "created": changes.created,
        "updated": changes.updated,
        "unchanged": changes.unchanged,
        "changed there (--update brings it)": changes.changed_there,
        "in conflict": changes.conflicts,
        "left out": changes.left_out,
        "no longer there": changes.vanished,
        "comments": result.notes,
        "assigned": result.assigned,
    }
    figures = ", ".join(f"{len(rows)} {name}" for name, rows in counts.items() if rows) or "nothing there"
    shown = [*changes.conflicts, *changes.updated, *changes.changed_there, *result.assigned]
    rows = [f"- {row.task_id} ({row.where}): {row.what}" for row in shown]
    rows += [f"- left out, {row.where}: {row.reason}" for row in changes.left_out]
    rows += [f"- {note}" for note in changes.notes]
    if len(rows) > MAX_SHOWN:
        rows = [*rows[:MAX_SHOWN], f"- and {len(rows) - MAX_SHOWN} more; --json lists all"]
    verb = "would be" if result.dry_run else "done"
    return [f"{result.source}, {verb}: {figures}", *rows]


if __name__ == "__main__":
    cli.main(main)
