"""What checking a long event log costs, as a multiple of `json.loads` of each of its lines.

Two logs: one as the toolkit writes it, and one in the old form, without ids and written by hand.

Both are run as processes of their own and measured in CPU seconds; exit 1 above the budget.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from tools.core import ids
from tools.core.fs import jsonl

EVENTS = 300_000
BUDGET = 5.0
_BARE = "import json, sys\nfor line in open(sys.argv[1], 'rb'):\n    json.loads(line)\n"


def write_log(path: Path, count: int) -> None:
    """A log as the toolkit writes it, every line chained to the one before."""
    path.parent.mkdir(parents=True)
    prev = ""
    with path.open("wb") as log:
        for number in range(count):
            record: dict[str, object] = {
                "agent_id": f"codex-{number % 7}",
                "event": "status",
                "id": ids.new_record_id(1_767_225_600_000 + number * 1000),
                "plan_id": f"2026-01-{number % 28 + 1:02}-some-plan",
                "summary": f"codex-{number % 7}: step {number} of the work is done, tests are green",
                "task_id": f"QUEUE-{number % 90:03}",
                "ts": f"2026-01-{number // 86400 + 1:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
            }
            if number % 3 == 0:
                record["receipts"] = [f"_report/agent/codex-1/run-{number}.json"]
            if prev:
                record["prev"] = prev
            raw = jsonl.encode(record)
            prev = jsonl.line_hash(raw)
            log.write(raw + b"\n")


def write_old_log(path: Path, count: int) -> None:
    """The same records as they were written before there were ids: unsorted, spaced, not chained."""
    write_log(path, count)
    new = path.with_suffix(".old")
    with path.open("rb") as log, new.open("w") as old:
        for line in log:
            record = json.loads(line)
            kept = {key: record[key] for key in reversed(record) if key not in ("id", "prev")}
            old.write(f"{json.dumps(kept)}\n")
    new.replace(path)


def cpu_of(*arguments: str) -> float:
    """CPU seconds of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{arguments[:3]} failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(write: Callable[[Path, int], None], count: int) -> float:
    """Prints and returns how many times the bare read a check takes."""
    with tempfile.TemporaryDirectory() as top:
        log = Path(top, "_bus", "events", "events.jsonl")
        write(log, count)
        bare = cpu_of("-c", _BARE, str(log))
        checked = cpu_of("-m", "tools.maintenance.bus_check", "--root", top)
    times = checked / bare
    print(
        f"{write.__name__}: bus_check of {count} events: {checked:.2f} s, json.loads: {bare:.2f} s, ratio {times:.2f}"
    )
    return times


def main() -> int:
    """Prints the ratios; the budget is for the log that the toolkit writes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    ratio(write_old_log, count)
    return int(ratio(write_log, count) > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
