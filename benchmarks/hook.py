#!/usr/bin/env python3
"""The CPU time of each hook event as a multiple of starting Python, measured in the same run.

    python benchmarks/hook.py [--repeat 25] [--finished 1000] [--events 1000] [--tasks 100] [--check] [--python PYTHON]

Events and a bare `python -c pass` take turns, so that whatever else the machine does falls on both; both are of an
environment of its own in `build/`, into which the toolkit is installed as a wheel. The repository has a bus with
`--finished` claims that are over, a log of `--events` records and a backlog of `--tasks` tasks, most of them done. A
session's start is measured with the ready tasks remembered, and with the backlog read anew. --check exits 1 above a
budget.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import hot

BUDGET = 2.0
BUDGET_ANEW = 2.5
EDIT = {"tool_name": "Edit", "tool_input": {"file_path": "lib/held.py"}}
ANEW = "startup, backlog read anew"
ROWS = [
    ("SessionStart", {"source": "startup"}),
    ("SessionStart", {"source": ANEW}),
    ("UserPromptSubmit", {"prompt": "x"}),
    ("PreToolUse", EDIT),
    ("PreToolUse", {"tool_name": "Edit", "tool_input": {"file_path": "free.py"}}),
    ("PreToolUse", {"tool_name": "Bash", "tool_input": {"command": "echo x > lib/held.py"}}),
    ("PostToolBatch", {"tool_calls": [EDIT]}),
    ("SubagentStart", {"agent_id": "a"}),
    ("Stop", {"stop_hook_active": False}),
    ("SessionEnd", {"reason": "other"}),
]


def make_repository(root: Path, finished: int, events: int, tasks: int) -> None:
    """A seat, a held path, claims that are over, a log and a backlog."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "AGENT_MANIFEST.json").write_text('{"agent_id": "codex-1"}')
    claims = root / "_bus" / "claims"
    claims.mkdir(parents=True)
    claim = {"agent_id": "other", "fence": 1, "branch": "x", "claimed_at": "2026-01-01T00:00:00Z"}
    for number in range(finished):
        document = {**claim, "task_id": f"OLD-{number}", "status": "done", "paths": ["lib/**"]}
        (claims / f"OLD-{number}.json").write_text(json.dumps(document))
    (claims / "HELD.json").write_text(json.dumps({**claim, "task_id": "HELD", "status": "active", "paths": ["lib/**"]}))
    own = {**claim, "task_id": "OWN", "agent_id": "codex-1", "status": "paused", "paths": ["own/**"]}
    (claims / "OWN.json").write_text(json.dumps(own))
    log = root / "_bus" / "events" / "events.jsonl"
    log.parent.mkdir()
    with log.open("w") as lines:
        for number in range(events):
            event = {"agent_id": "other", "event": "status", "summary": f"step {number}", "ts": "2026-01-01T00:00:00Z"}
            lines.write(json.dumps(event) + "\n")
    make_backlog(root / "queue", tasks)
    os.utime(claims, (1, 1))


def make_backlog(queue: Path, tasks: int) -> None:
    """Tasks of which every tenth is open, changed long ago."""
    queue.mkdir()
    for number in range(tasks):
        path = queue / f"{number:04}-task.md"
        status = "done" if number % 10 else "open"
        path.write_text(
            f"# Task: Do {number}\nId: OLD-{number}x\nStatus: {status}\nPriority: high\nGoal: a sentence\n"
            f"Depends: OLD-{max(number - 1, 0)}x\nPaths: src/{number}/**\nAcceptance:\n- it works\n- it is told\n"
        )
        os.utime(path, (1, 1))
    os.utime(queue, (1, 1))


def cpu_of(command: list[str], data: bytes, folder: str) -> float:
    """Seconds of CPU that a process took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, input=data, cwd=folder, env=hot.settled(), capture_output=True, check=True)
    if b'"SessionStart"' in data and b"Ready to take" not in done.stdout:
        sys.exit("the start of a session does not name the ready tasks: nothing was measured")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(programs: Path, folder: str, repeat: int) -> list[tuple[list[float], list[float]]]:
    """The times of a bare start and of each event, taken in turns."""
    measured: list[tuple[list[float], list[float]]] = [([], []) for _ in ROWS]
    for turn in range(repeat + 1):  # the first turn warms caches and is not counted
        for (event, more), (bare, taken) in zip(ROWS, measured, strict=True):
            if more.get("source") == ANEW:
                shutil.rmtree(Path(folder) / "_bus" / ".cache" / "ready", ignore_errors=True)
            data = json.dumps({"hook_event_name": event, "cwd": folder, "session_id": "s", **more}).encode()
            start = cpu_of([str(programs / "python"), "-c", "pass"], b"", folder)
            cost = cpu_of([*hot.hook_program(programs), "claude", event], data, folder)
            if turn:
                bare.append(start)
                taken.append(cost)
    return measured


def main() -> None:
    """Prints a row for each event."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=25)
    parser.add_argument("--finished", type=int, default=1000)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    programs = hot.environment(options.python)
    with tempfile.TemporaryDirectory() as folder:
        make_repository(Path(folder), options.finished, options.events, options.tasks)
        measured = measure(programs, folder, options.repeat)
    counts = f"{options.finished} finished claims, {options.events} events, {options.tasks} tasks"
    print(f"{counts}; minimum and median over python -c pass")
    failed = False
    for (event, more), (bare, taken) in zip(ROWS, measured, strict=True):
        least, median = min(taken) / min(bare), statistics.median(taken) / statistics.median(bare)
        budget = BUDGET_ANEW if more.get("source") == ANEW else BUDGET
        shown = more.get("tool_name", more.get("source", ""))
        print(f"{least:5.2f} {median:5.2f}  {event} {shown}{'  OVER' if least > budget else ''}")
        failed = failed or least > budget
    sys.exit(1 if failed and options.check else 0)


if __name__ == "__main__":
    main()
