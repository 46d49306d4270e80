#!/usr/bin/env python3
"""What the decisions in docs/decisions rest on: the cost of packages at start, and of ways to wait for a lock.

    python benchmarks/choices.py [--repeat 15] [--writers 8] [--seconds 2]

A package costs what a process that imports it takes beyond `python -c pass` that took its turn beside
it, in CPU time and as a multiple of that. Writers are processes that append a line under one lock
until the time is up; what counts is how many lines there are.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
RECORD = "class Record:\n    id: str\n    ts: str\n    agent_id: str\n    summary: str\n"
STARTS = {
    "click": "import click",
    "filelock": "import filelock",
    "sqlite3, a file opened": "import sqlite3; sqlite3.connect(':memory:').execute('PRAGMA user_version')",
    "one frozen dataclass": f"from dataclasses import dataclass\n@dataclass(frozen=True)\n{RECORD}",
    "the records and their predicates": "import tools.core.models.validate_fast",
    "pydantic, one record's validator": (
        f"from dataclasses import dataclass\n@dataclass(frozen=True)\n{RECORD}"
        "from pydantic import TypeAdapter\nTypeAdapter(Record)"
    ),
    "jsonschema": "import jsonschema",
    "rich.console": "import rich.console",
}
KERNEL = """
import fcntl, os, sys, time
folder, until = sys.argv[1], float(sys.argv[2])
log = os.open(os.path.join(folder, "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
while time.time() < until:
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.write(log, b"x\\n")
    os.close(lock)
"""
POLLING = """
import os, sys, time
import filelock
folder, until = sys.argv[1], float(sys.argv[2])
log = os.open(os.path.join(folder, "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
lock = filelock.FileLock(os.path.join(folder, "lock"))
while time.time() < until:
    with lock:
        os.write(log, b"x\\n")
"""
WAITS = {"flock on the folder, waiting in the kernel": KERNEL, "filelock on a neighbour, asking again": POLLING}


class Start(NamedTuple):
    """What one package adds to starting Python: CPU milliseconds, and as a multiple."""

    package: str
    milliseconds: float
    multiple: float


def cpu_of(code: str) -> float:
    """CPU seconds of one child process; RuntimeError when it fails."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"exit {child.returncode}: {code}")
    return usage.ru_utime + usage.ru_stime


def starts(repeat: int) -> list[Start]:
    """Each package's cost, the median of pairs with a bare start."""
    rows = []
    for package, code in STARTS.items():
        pairs = [(cpu_of("pass"), cpu_of(code)) for _ in range(repeat)]
        bare = statistics.median(first for first, _ in pairs)
        added = statistics.median(second - first for first, second in pairs)
        rows.append(Start(package, added * 1000, added / bare))
    return rows


def lines_written(code: str, writers: int, seconds: float) -> int:
    """How many lines some processes append under one lock."""
    with tempfile.TemporaryDirectory(prefix="teof-bench-") as folder:
        until = str(time.time() + seconds + 0.5)  # the half second is for their start
        children = [subprocess.Popen([sys.executable, "-c", code, folder, until]) for _ in range(writers)]
        for child in children:
            child.wait(timeout=seconds + 60)
        return Path(folder, "log").stat().st_size // 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints; no limits, because these are facts about other people's code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    packages = starts(chosen.repeat)
    locks = {name: lines_written(code, chosen.writers, chosen.seconds) for name, code in WAITS.items()}
    if chosen.json:
        print(json.dumps({"starts": [row._asdict() for row in packages], "locks": locks}, indent=2))
        return
    for row in packages:
        print(f"{row.package:<34} {row.milliseconds:6.1f} ms  {row.multiple:5.2f} x a bare start")
    for name, count in locks.items():
        print(f"{name:<44} {count:8} lines by {chosen.writers} writers in {chosen.seconds:g} s")


if __name__ == "__main__":
    main()
