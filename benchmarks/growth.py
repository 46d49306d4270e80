#!/usr/bin/env python3
"""What a long history costs commands that run all day, in instructions: the same calls over a short bus and a long one.

    python benchmarks/growth.py [--small 1000] [--large 1000000] [--keep FOLDER] [--check]

The short bus has 40 finished claims beside its log, the long one 10,000; seats, tasks, live claims, open requests and the
backlog are the same. What is counted is the whole process by callgrind, so that a busy machine
changes nothing. Each command runs once before, which brings the index up to date. --check exits 1 above a limit.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

import history
import hot
import instructions

FINISHED = {"small": 40, "large": 10_000}
WRITER, READER = 1.15, 1.25


class Row(NamedTuple):
    """A command as `hot` writes it, and how much more it may cost on the long bus."""

    limit: float
    words: Sequence[str]


ROWS = [
    Row(WRITER, hot.EVENT),
    Row(WRITER, ["bus_claim", "claim", "--task", hot.FRESH]),
    Row(WRITER, hot.MESSAGE),
    Row(WRITER, hot.PING),
    Row(WRITER, hot.WATCH),
    Row(WRITER, [hot.HOOK, "claude", "PreToolUse"]),
    Row(READER, ["bus_inbox"]),
    Row(READER, ["bus_status"]),
    Row(READER, ["bus_claim", "list"]),
    Row(READER, ["idle_pickup", "list"]),
    Row(READER, ["idle_pickup", "next", "--allow-busy"]),
]


def make_bus(root: Path, events: int, finished: int) -> None:
    """A repository with a log, finished claims and a backlog."""
    history.generate(root, events)
    for number in range(finished):
        claim = {"task_id": f"OLD-{number}", "agent_id": "codex-2", "branch": "x", "fence": 1, "status": "done"}
        claim |= {"claimed_at": "2026-01-01T00:00:00Z", "released_at": "2026-01-02T00:00:00Z"}
        (root / f"_bus/claims/OLD-{number}.json").write_text(json.dumps(claim))
    queue = root / "queue"
    queue.mkdir()
    for number in range(1, 51):
        (queue / f"{number:03}-task.md").write_text(f"# Task: Do {number}\nId: NEW-{number}\nStatus: open\n")


def cost(root: Path, programs: Path, row: Row) -> int:
    """The instructions of a command's second call; the first is not counted, because a hook that is ends at its alarm."""
    line, payload = hot.call_of(row.words, root, programs, f"FRESH-{time.time_ns()}")
    subprocess.run(line, cwd=root, env=hot.settled(), input=payload, capture_output=True, text=True)
    line, payload = hot.call_of(row.words, root, programs, f"FRESH-{time.time_ns()}")
    return instructions.instructions(root, line, payload)


def main() -> int:
    """Prints the table; 1 with --check when a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--keep", help="a folder for the buses, used again by the next run")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if not shutil.which("valgrind") or not shutil.which("setarch"):
        print("skipped: valgrind or setarch is not installed; on Debian: apt-get install valgrind", file=sys.stderr)
        return 0
    folder = Path(options.keep or tempfile.mkdtemp(prefix="growth-"))
    programs = hot.environment(sys.executable)
    try:
        roots = [_bus(folder, name, getattr(options, name), programs) for name in FINISHED]
        return int(_report(roots, programs) > 0 and options.check)
    finally:
        if not options.keep:
            shutil.rmtree(folder)


def _bus(folder: Path, name: str, events: int, programs: Path) -> Path:
    """The short or the long bus, with an index that is up to date."""
    root = folder / f"{name}-{events}"
    if not root.exists():
        make_bus(root, events, FINISHED[name])
    for task in ("FRESH-*", "NEW-*"):  # what an earlier run took: more live claims would cost both buses more
        for claim in root.glob(f"_bus/claims/{task}.json"):
            claim.unlink()
    subprocess.run([str(programs / "teof"), "bus_status"], cwd=root, env=hot.settled(), stdout=-3, check=True)
    return root


def _report(roots: Sequence[Path], programs: Path) -> int:
    """Prints a line for each command; how many are over their limit."""
    over = 0
    print(f"{'command':64} {'short':>7} {'long':>7} {'ratio':>6} {'limit':>6}   (millions of instructions)")
    for row in ROWS:
        short, long = (cost(root, programs, row) for root in roots)
        is_over = long > row.limit * short
        over += is_over
        figures = f"{short / 1e6:7.1f} {long / 1e6:7.1f} {long / short:6.2f} {row.limit:6.2f}"
        print(f"{' '.join(row.words):64} {figures}{'  OVER' if is_over else ''}", flush=True)
    return over


if __name__ == "__main__":
    sys.exit(main())
