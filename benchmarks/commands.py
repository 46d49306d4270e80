#!/usr/bin/env python3
"""The CPU time of each command as a multiple of starting Python, measured in the same run.

    python benchmarks/commands.py [--repeat 25] [--check] [--python PYTHON]

The toolkit is installed as a wheel in an environment of its own in `build/`. In each round every command runs once,
right behind a bare `python -c pass` of that environment, so that whatever else the machine does falls on both; the
minima of these two over all rounds are compared. --check exits 1 when a command is above its budget.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import hot

BESIDE = [
    hot.Row(2.5, ["python", "-m", "tools.agent.bus_event", *hot.EVENT[1:]]),
    hot.Row(2.5, ["bus_watch", "--task", "FREE-1"]),
    hot.Row(2.5, ["idle_pickup", "list"]),
    hot.Row(8.5, ["bus_status", "--preset", "manager"]),
    hot.Row(9.0, ["coord_dashboard", "report", "--output", "-"]),
    hot.Row(11.5, ["session_boot", "--no-sync", "--focus", "bench"]),
]
"""What does not run all day, and the same event without the program `teof`."""


class Times(NamedTuple):
    """CPU seconds of the calls of a row, and of the bare starts right before them."""

    bare: list[float]
    cost: list[float]

    def ratio(self, of: Callable[[Iterable[float]], float]) -> float:
        """How many times a bare start the row costs."""
        return of(self.cost) / of(self.bare)


def measure(root: Path, programs: Path, rows: Sequence[hot.Row], repeat: int) -> list[Times]:
    """The times of each row."""
    measured = [Times([], []) for _ in rows]
    for turn in range(repeat + 1):  # the first turn warms caches and is not counted
        for row, times in zip(rows, measured, strict=True):
            if row.before is not None:
                row.before(root, programs)
            line, stdin = hot.call_of(row.words, root, programs, f"FREE-{turn}")
            start = hot.cpu_of(root, [str(programs / "python"), "-c", "pass"])
            cost = hot.cpu_of(root, line, stdin, row.code)
            if turn:
                times.bare.append(start)
                times.cost.append(cost)
    return measured


def main() -> int:
    """Prints the table; 1 with --check when a command is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=25)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    rows = [*hot.ROWS, *BESIDE]
    programs = hot.environment(options.python)
    with tempfile.TemporaryDirectory(prefix="commands-") as folder:
        root = Path(folder) / "repository"
        hot.prepare(root, programs)
        measured = measure(root, programs, rows, options.repeat)
    return int(report(rows, measured) > 0 and options.check)


def report(rows: Sequence[hot.Row], measured: Sequence[Times]) -> int:
    """Prints the table and returns how many rows are over their budget."""
    over = 0
    bare = [start for times in measured for start in times.bare]
    print(f"python -c pass: {min(bare) * 1000:.1f} ms CPU at best, {statistics.median(bare) * 1000:.1f} ms median")
    print(f"{'command':64} {'best':>8} {'median':>8} {'budget':>7}")
    for row, times in zip(rows, measured, strict=True):
        best, median = times.ratio(min), times.ratio(statistics.median)
        over += best > row.cpu
        print(f"{row.title:64} {best:8.2f} {median:8.2f} {row.cpu:7.1f}{'  OVER' if best > row.cpu else ''}")
    return over


if __name__ == "__main__":
    sys.exit(main())
