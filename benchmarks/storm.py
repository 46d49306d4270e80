#!/usr/bin/env python3
"""The CPU time of a record while many processes write at once, against a floor that has the same promises and nothing else.

    python benchmarks/storm.py [--writers 16] [--records 50] [--repeat 3] [--check] [--python PYTHON]

Each record is written by a process of its own: `--writers` shells start `--records` of them one after the other, all at
the same time. The floor is a bare Python that locks the log, appends a line and flushes it to the disk. The toolkit is
installed as a wheel in an environment of its own in `build/`, and the floor runs there, too. Both take turns; minima are
compared. --check exits 1 when a record is lost, or costs more than its limit.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import hot

LIMIT = 2.2
FLOOR = """
import fcntl, os, sys
log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
fcntl.flock(log, fcntl.LOCK_EX)
os.write(log, b'{"summary":"x"}\\n')
os.fsync(log)
"""


def storm(line: Sequence[str], root: Path, writers: int, records: int) -> float:
    """CPU seconds of a record; RuntimeError when a process fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    shell = ["sh", "-c", f'n=0; while [ $n -lt {records} ]; do "$@" >/dev/null || exit 1; n=$((n+1)); done', "sh"]
    running = [subprocess.Popen([*shell, *line], cwd=root, env=hot.settled()) for _ in range(writers)]
    codes = [process.wait() for process in running]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if any(codes):
        raise RuntimeError(f"{' '.join(line)}: exit {codes}")
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent / (writers * records)


def main() -> int:
    """Prints the figures; 1 with --check when records were lost or cost too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--records", type=int, default=50)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    programs = hot.environment(options.python)
    event = [str(programs / "teof"), *hot.EVENT]
    floor = [str(programs / "python"), "-c", FLOOR, "floor.log"]
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        root = Path(folder)
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        (root / "AGENT_MANIFEST.json").write_text(json.dumps({"agent_id": "codex-1"}))
        floors, costs = [], []
        for _ in range(options.repeat):
            floors.append(storm(floor, root, options.writers, options.records))
            costs.append(storm(event, root, options.writers, options.records))
        lines = (root / "_bus/events/events.jsonl").read_text().splitlines()
    expected = options.repeat * options.writers * options.records
    lost = expected - len({json.loads(line)["id"] for line in lines})
    ratio = min(costs) / min(floors)
    print(f"{options.writers} writers x {options.records} records, each a process: {lost} of {expected} lost")
    print(
        f"floor {min(floors) * 1000:.1f} ms CPU a record; ours {min(costs) * 1000:.1f} ms: {ratio:.2f} (limit {LIMIT})"
    )
    return int(options.check and (lost > 0 or ratio > LIMIT))


if __name__ == "__main__":
    sys.exit(main())
