#!/usr/bin/env python3
"""Give the backlog to another tracker: one file in its form."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.backlog import items
from tools.core.cli import app as cli
from tools.core.text import terminal
from tools.core.trackers import export_file, exporting
from tools.core.trackers.formats import registry


@cli.command(doc=__doc__)
@cli.argument("target", type=cli.Choice(list(registry.EXPORTERS)))
@cli.argument("path", default="-")
@cli.repeated("--only", type=cli.Choice(items.STATUSES), help="Only tasks with this status.")
def main(run: cli.Run, *, target: str, path: str, only: tuple[str, ...]) -> None:
    export = exporting.read(run, "checklist" if target == "markdown" else target)
    tasks = [task for task in export.tasks if not only or task.status in only]
    run.skipped(export.problems)
    text = "".join(registry.exporter(target).write_items(tasks))
    if path != "-":
        place = export_file.put(run, target, path, text, tasks)
        run.emit({"path": place.name, "tasks": len(tasks)}, f"{terminal.number(len(tasks), 'task')} -> {place.name}")
    elif run.as_json:
        run.emit({"path": None, "tasks": len(tasks), "text": text}, "")
    else:
        run.emit_raw(text)


if __name__ == "__main__":
    cli.main(main)
