#!/usr/bin/env python3
"""Measure how fast plans, notes and reflections turn into evidence, and name the outliers."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import json
from datetime import timedelta

from tools.core import clock
from tools.core.cli import app as cli
from tools.core.fs import locks
from tools.core.git import repository
from tools.core.receipts import outputs
from tools.core.reports import latency
from tools.core.text import terminal
from tools.core.workspace import REPORT


@cli.command(doc=__doc__)
@cli.option("--output", type=cli.LINE, help="Write the figures here, as JSON lines (a bare name: _report/usage/).")
@cli.option("--max-latency", type=cli.DURATION, help="Above this a latency is an outlier (default: Tukey's fence).")
@cli.option("--fail-on-outlier", is_flag=True, help="Exit 1 when there is an outlier.")
def main(run: cli.Run, *, output: str | None, max_latency: timedelta | None, fail_on_outlier: bool) -> None:
    folder = run.workspace.in_root(f"{REPORT}/usage")
    place = None if output is None else outputs.output_place(run.workspace, output, folder)
    limit = max_latency.total_seconds() if max_latency is not None else None
    metrics = latency.measure(run, limit=limit)
    run.skipped(metrics.problems)
    if repository.is_shallow(run.workspace.root):
        run.warn(["this clone is shallow, so first commits may be missing; git fetch --unshallow fetches them"])
    lines = [json.dumps(record, sort_keys=True, separators=(",", ":")) for record in (metrics.summary, *metrics.plans)]
    if place is None:
        for line in lines:
            run.emit_raw(line)
    else:
        with locks.hold(run.workspace.report):
            outputs.replace_output(place, "".join(f"{line}\n" for line in lines).encode())
        run.emit({"summary": metrics.summary, "written": place.name}, f"{_table(metrics)}\n-> {place.name}")
    run.finish(1 if fail_on_outlier and metrics.outliers else 0)


def _table(metrics: latency.Metrics) -> str:
    columns = ("min", "median", "p90", "max")
    rows = [
        (name.replace("_", " "), numbers["count"], *(_span(numbers[column]) for column in columns))
        for name, numbers in metrics.summary["latencies"].items()
    ]
    lines = [terminal.table(("latency", "count", *columns), rows)]
    counts = [terminal.number(metrics.summary[f"{noun}s"], noun) for noun in ("plan", "reflection")]
    lines.append(", ".join(counts))
    lines += [
        f"outlier: {outlier.plan_id} {outlier.latency.replace('_', ' ')} {_span(outlier.seconds)},"
        f" above {_span(outlier.limit)}"
        for outlier in metrics.outliers
    ]
    return "\n".join(lines)


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"-{clock.span(-seconds)}" if seconds < 0 else clock.span(seconds)


if __name__ == "__main__":
    cli.main(main)
