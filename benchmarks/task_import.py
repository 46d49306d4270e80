#!/usr/bin/env python3
"""The CPU time of importing 10,000 issues of beads, as a multiple of starting Python, measured in the same run.

    python benchmarks/task_import.py [--issues 10000] [--repeat 15] [--folder DIR] [--check]

Imports into fresh repositories and as many bare `python -c pass` take turns, so that whatever else the machine does falls on
both; minima are compared. What the file system charges for making as many files is in it, so a folder in memory is used where there is one
(`--folder` names another). --check exits 1 above the budget.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BUDGET = 60.0
_MEMORY = "/dev/shm"
_TEXT = (
    "## Task\n\nThe reader says only that a file is bad.\n\n- name the line\n- name the reason\n\n"
    "Status: done is a line that must not count.\n\nSee docs/parser.md and https://example.org/issues/12 for what was tried.\n"
)


def issue(number: int) -> dict[str, object]:
    """One issue as beads exports it, with what real ones have: text, stamps with fractions and offsets, relations."""
    name, created = f"demo-{number:05x}", f"2026-01-{number % 28 + 1:02}T16:{number % 60:02}:05.103037-08:00"
    made: dict[str, object] = {
        "id": name,
        "title": f"Make part {number} of the parser tell its place",
        "description": _TEXT,
        "status": ["open", "closed", "in_progress", "open", "closed"][number % 5],
        "priority": number % 5,
        "issue_type": ["task", "bug", "feature", "epic"][number % 4],
        "owner": "dev@example.org",
        "created_at": created,
        "created_by": "Dev",
        "updated_at": created,
    }
    if number % 3 == 0:
        made["acceptance_criteria"] = "- every message has path:line\n- tests pass"
    if number % 2:
        before = f"demo-{number - 1:05x}"
        made["dependencies"] = [{"issue_id": name, "depends_on_id": before, "type": "blocks", "created_at": created}]
    return made


def prepare(root: Path, count: int) -> None:
    """A repository with a seat and a file of issues."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "AGENT_MANIFEST.json").write_text('{"agent_id": "bench-1"}')
    lines = (json.dumps(issue(number), separators=(",", ":")) + "\n" for number in range(count))
    (root / "issues.jsonl").write_text("".join(lines))


def cpu(arguments: Sequence[str]) -> float:
    """CPU seconds of a Python process, user and system."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(root: Path, repeat: int) -> tuple[float, float, float]:
    """The minima of bare Python, of a first import, and of a second one that has nothing to do."""
    command = ["-m", "tools.agent.task_import", "beads", "issues.jsonl", "--root", str(root)]
    bare, first, again = [], [], []
    for _ in range(repeat):
        shutil.rmtree(root / "queue", ignore_errors=True)
        bare.append(cpu(["-c", "pass"]))
        first.append(cpu(command))
        again.append(cpu(command))
    return min(bare), min(first), min(again)


def main() -> int:
    """Prints the figures; 1 when --check finds the first import above its budget."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--folder", default=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    compileall.compile_dir(CHECKOUT / "tools", quiet=1)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        root = Path(folder)
        prepare(root, options.issues)
        bare, first, again = measure(root, options.repeat)
    print(f"bare Python {bare * 1000:.1f} ms; {options.issues} issues in {folder}:")
    print(f"first import {first / bare:5.1f} (budget {BUDGET:.0f}), {first * 1000:.0f} ms")
    print(f"once more    {again / bare:5.1f}, {again * 1000:.0f} ms")
    return int(options.check and first / bare > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
