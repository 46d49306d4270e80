#!/usr/bin/env python3
"""The CPU time of each command as a multiple of starting Python, measured in the same run.

    python benchmarks/commands.py [--repeat 15] [--check]

Commands and a bare `python -c pass` take turns in a small repository, so that whatever else the
machine does falls on both. Bytecode is compiled first, as it is for everybody after the first call.
Budgets are multiples; --check exits 1 when a minimum is above its budget.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
WRITE, READ, BOARD, BOOT = 3.0, 4.0, 9.0, 12.0


class Row(NamedTuple):
    """A command to measure and what it may cost."""

    budget: float
    module: str
    arguments: Sequence[str]

    @property
    def title(self) -> str:
        """The command as it is typed, without its package."""
        return " ".join([self.module.rpartition(".")[2], *self.arguments])


ROWS = [
    Row(WRITE, "agent.bus_event", ["log", "--event", "note", "--summary", "x"]),
    Row(WRITE, "agent.bus_message", ["--task", "manager-report", "--type", "note", "--summary", "x"]),
    Row(WRITE, "agent.bus_ping", ["--summary", "x"]),
    Row(WRITE, "agent.bus_claim", ["claim", "--task", "QUEUE-001"]),
    Row(READ, "agent.bus_watch", ["--limit", "20"]),
    Row(READ, "agent.bus_watch", ["--task", "QUEUE-001"]),
    Row(READ, "agent.bus_status", []),
    Row(BOARD, "agent.bus_status", ["--preset", "manager"]),
    Row(READ, "agent.bus_inbox", []),
    Row(READ, "agent.bus_claim", ["list"]),
    Row(READ, "agent.idle_pickup", ["list"]),
    Row(BOARD, "agent.coord_dashboard", ["report", "--output", "-"]),
    Row(BOOT, "agent.session_boot", ["--no-sync", "--focus", "bench"]),
]


def present() -> list[Row]:
    """The rows whose command is there."""
    return [row for row in ROWS if (CHECKOUT / "tools" / f"{row.module.replace('.', '/')}.py").exists()]


def make_repository(root: Path) -> None:
    """A repository with a seat, some claims and a few hundred events."""
    git = ["git", "-C", str(root)]
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    subprocess.run([*git, *identity, "commit", "-q", "--allow-empty", "-m", "begin"], check=True)
    (root / "AGENT_MANIFEST.json").write_text(json.dumps({"agent_id": "codex-1", "desired_roles": ["manager"]}))
    events = [
        {"agent_id": f"codex-{n % 5}", "event": "status", "summary": f"step {n}", "ts": "2026-01-01T00:00:00Z"}
        for n in range(300)
    ]
    (root / "_bus/events").mkdir(parents=True)
    (root / "_bus/events/events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    for number in range(1, 11):
        cpu_of(root, ["-m", "tools.agent.bus_claim", "claim", "--task", f"QUEUE-{number:03d}"])


def cpu_of(root: Path, arguments: Sequence[str]) -> float:
    """CPU seconds of one child process; RuntimeError when it fails."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TEOF_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPATH"] = str(CHECKOUT)
    child = subprocess.Popen(
        [sys.executable, *arguments], cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(arguments)}: exit {child.returncode}")
    return usage.ru_utime + usage.ru_stime


def measure(root: Path, rows: Sequence[Row], repeat: int) -> tuple[list[float], list[list[float]]]:
    """The times of a bare start and of each row, taken in turns."""
    bare: list[float] = []
    costs: list[list[float]] = [[] for _ in rows]
    for turn in range(repeat + 1):  # the first turn warms caches and is not counted
        for row, found in zip(rows, costs, strict=True):
            start = cpu_of(root, ["-c", "pass"])
            cost = cpu_of(root, ["-m", f"tools.{row.module}", *row.arguments])
            if turn:
                bare.append(start)
                found.append(cost)
    return bare, costs


def main() -> int:
    """Prints the table; 1 with --check when a command is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    compileall.compile_dir(str(CHECKOUT / "tools"), quiet=2)
    rows = present()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        make_repository(Path(folder))
        bare, costs = measure(Path(folder), rows, options.repeat)
    return int(report(rows, bare, costs) > 0 and options.check)


def report(rows: Sequence[Row], bare: Sequence[float], costs: Sequence[Sequence[float]]) -> int:
    """Prints the table and returns how many rows are over their budget."""
    over = 0
    print(f"python -c pass: {min(bare) * 1000:.1f} ms CPU at best, {statistics.median(bare) * 1000:.1f} ms median")
    print(f"{'command':64} {'best':>8} {'median':>8} {'budget':>7}")
    for row, found in zip(rows, costs, strict=True):
        best = min(found) / min(bare)
        median = statistics.median(found) / statistics.median(bare)
        over += best > row.budget
        print(f"{row.title:64} {best:8.2f} {median:8.2f} {row.budget:7.1f}{'  OVER' if best > row.budget else ''}")
    return over


if __name__ == "__main__":
    sys.exit(main())
