#!/usr/bin/env python3
"""Index every receipt: what plans and messages cite, what lies under _report/, and what is missing."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from collections.abc import Mapping

from tools.core.cli import app as cli
from tools.core.fs import locks
from tools.core.receipts import outputs
from tools.core.reports import receipts_index
from tools.core.text import terminal
from tools.core.workspace import REPORT


@cli.command(doc=__doc__)
@cli.option("--output", type=cli.LINE, help="Write the index here, as JSON lines (a bare name: _report/usage/).")
@cli.option("--missing", is_flag=True, help="Print a table of cited receipts that are missing or untracked.")
def main(run: cli.Run, *, output: str | None, missing: bool) -> None:
    folder = run.workspace.in_root(f"{REPORT}/usage")
    place = None if output is None else outputs.output_place(run.workspace, output, folder)
    index = receipts_index.make(run, place)
    run.warn(run.losses())
    with index.body:
        run.skipped(index.problems)
        if place is not None:
            with locks.hold(run.workspace.report):
                outputs.replace_output(place, index.lines())
        elif not missing:
            for line in index.lines():
                run.emit_raw(line.decode())
            return
    rows = [(absent.cited_by, absent.path, absent.reason) for absent in index.absent]
    lines = (
        [terminal.table(("cited by", "receipt", "state"), rows) if rows else "nothing is missing"] if missing else []
    )
    if place is not None:
        lines.append(f"{_counts(index.summary)} -> {place.name}")
    document = {"summary": index.summary, "missing": [absent._asdict() for absent in index.absent]}
    run.emit({**document, "written": place.name if place else None}, "\n".join(lines))


def _counts(summary: Mapping[str, int]) -> str:
    nouns = [terminal.number(summary[f"{noun}s"], noun) for noun in ("plan", "receipt", "message")]
    states = [f"{summary[key]} {key}" for key in ("missing", "untracked", "verified", "broken")]
    return ", ".join([*nouns, *states])


if __name__ == "__main__":
    cli.main(main)
