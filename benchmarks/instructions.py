#!/usr/bin/env python3
"""The instructions of each command that runs all day, as a multiple of those of starting Python.

    python benchmarks/instructions.py [--check] [--all] [--server] [--python PYTHON]

What is counted is the whole process in user space, by callgrind, with addresses and hashes that do not
change: two runs differ by a thousandth, whatever else the machine does, so that the figures can be a bar.
The toolkit is installed as a wheel in an environment of its own in `build/`. --check measures the
commands that CI holds to their budgets, and exits 1 when one is more than 3 % above; --all measures all.
--server measures them on a PostgreSQL of its own, where each may cost ten bare starts.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import hot

ROOM = 1.03
"""A figure may be this much above its budget, for another build of the interpreter."""

ON_SERVER = 10.0
"""What a command may cost where it opens a connection."""


@contextlib.contextmanager
def served(programs: Path) -> Iterator[None]:
    """A PostgreSQL that the measured commands find, with the events of the repository."""
    sys.path.insert(0, str(hot.CHECKOUT))
    from tests import postgres

    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", str(programs / "python")]
    subprocess.run([*pip, "install", "psycopg2-binary"], check=True)
    server = postgres.begin(Path(tempfile.mkdtemp(prefix="pg")))
    address = server.new_bus()
    hot.PLACE.update(TEOF_STORE=f"{address.url}#{address.bus}", PGUSER="postgres")
    try:
        yield
    finally:
        postgres.end(server)


def instructions(root: Path, command: Sequence[str], stdin: str = "", code: int = 0) -> int:
    """The instructions of one process; RuntimeError when it does not end with the exit code."""
    counting = ["setarch", "-R", "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    line = [*counting, *command]
    done = subprocess.run(line, cwd=root, env=hot.settled(), input=stdin, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != code or counted is None:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr[-2000:]}")
    return int(counted[1])


def measure(rows: Sequence[hot.Row], programs: Path) -> list[float]:
    """The multiple of a bare start that each row costs."""
    with tempfile.TemporaryDirectory(prefix="instructions-") as folder:
        root = Path(folder) / "repository"
        hot.prepare(root, programs)
        bare = instructions(root, [str(programs / "python"), "-c", "pass"])
        print(f"python -c pass: {bare / 1e6:.1f} million instructions")
        return [_cost(root, programs, row) / bare for row in rows]


def _cost(root: Path, programs: Path, row: hot.Row) -> int:
    if row.before is not None:
        row.before(root, programs)
    line, stdin = hot.call_of(row.words, root, programs, "FREE-1")
    return instructions(root, line, stdin, row.code)


def main() -> int:
    """Prints the table; 1 with --check when a command is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--server", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    if not shutil.which("valgrind") or not shutil.which("setarch"):
        print("skipped: valgrind or setarch is not installed; on Debian: apt-get install valgrind", file=sys.stderr)
        return 0
    rows = [row for row in hot.ROWS if row.is_barred or options.all or not options.check]
    programs = hot.environment(options.python)
    with served(programs) if options.server else contextlib.nullcontext():
        costs = measure(rows, programs)
    if options.server:
        rows = [row._replace(instructions=ON_SERVER) for row in rows]
    over = 0
    print(f"{'command':64} {'cost':>6} {'budget':>7}")
    for row, cost in zip(rows, costs, strict=True):
        is_over = cost > row.instructions * ROOM
        over += is_over
        print(f"{row.title:64} {cost:6.2f} {row.instructions:7.2f}{'  OVER' if is_over else ''}")
    return int(over > 0 and options.check)


if __name__ == "__main__":
    sys.exit(main())
