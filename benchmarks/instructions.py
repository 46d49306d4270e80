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
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
ROOM = 1.03
"""A figure may be this much above its budget, for another build of the interpreter."""


def hold_a_task(root: Path, programs: Path) -> None:
    """Lets another agent claim HELD-1."""
    (root / "codex-2.json").write_text(json.dumps({"agent_id": "codex-2"}))
    line = [str(programs / "teof"), "bus_claim", "claim", "--task", "HELD-1"]
    subprocess.run(line, cwd=root, env={**settled(), "TEOF_MANIFEST": "codex-2.json"}, check=True, stdout=-3)


def make_backlog(root: Path, programs: Path) -> None:
    """Some tasks that anybody may take."""
    (root / "queue").mkdir()
    for number in range(1, 6):
        (root / f"queue/{number:03}-task.md").write_text(f"# Task: Do {number}\nId: NEW-{number}\nStatus: open\n")


class Row(NamedTuple):
    """A command, what it may cost, and whether CI holds it to that."""

    budget: float
    words: Sequence[str]
    is_barred: bool = False
    codes: Sequence[int] = (0, 1)
    """How it may end."""
    before: Callable[[Path, Path], None] | None = None
    """What the repository needs first; with the folder of the programs."""

    @property
    def title(self) -> str:
        """The command as it is typed."""
        return " ".join(self.words)


ROWS = [
    Row(1.71, ["bus_event", "log", "--event", "note", "--summary", "x"], is_barred=True),
    Row(1.73, ["bus_message", "--task", "manager-report", "--type", "note", "--summary", "x"], is_barred=True),
    Row(1.78, ["bus_ping", "--summary", "x", "--message-task", "manager-report"]),
    Row(1.9, ["bus_claim", "claim", "--task", "FREE-1"], is_barred=True),
    Row(1.9, ["bus_claim", "release", "--task", "FREE-1"]),
    Row(1.77, ["bus_watch", "--limit", "20"], is_barred=True),
    Row(2.13, ["bus_inbox"]),
    Row(2.3, ["bus_status"], is_barred=True),  # 2.23 where a command before it has read the index
    Row(1.71, ["bus_claim", "list"]),
    Row(2.26, ["bus_claim", "claim", "--task", "HELD-1"], codes=(4,), before=hold_a_task),
    Row(2.23, ["idle_pickup", "next"], codes=(0,), before=make_backlog),
]


def environment(python: str) -> Path:
    """The folder of programs of an environment with the toolkit as it is now, installed from a wheel."""
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], **_TEXT
    ).stdout.strip()
    folder = CHECKOUT / "build" / f"instructions-{version}"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    if not (folder / "bin/python").exists():
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
    with tempfile.TemporaryDirectory() as wheels:
        subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, str(CHECKOUT)], check=True)
        wheel = str(next(Path(wheels).glob("*.whl")))
        into = [*pip, "--python", str(folder / "bin/python"), "install"]
        subprocess.run([*into, wheel], check=True)
        subprocess.run([*into, "--force-reinstall", "--no-deps", wheel], check=True)
    return folder / "bin"


_TEXT = {"capture_output": True, "text": True, "check": True}


def make_repository(root: Path) -> None:
    """A repository with a seat, a few claims and a few hundred events."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    (root / "AGENT_MANIFEST.json").write_text(json.dumps({"agent_id": "codex-1", "desired_roles": ["manager"]}))
    log = root / "_bus/events/events.jsonl"
    log.parent.mkdir(parents=True)
    event = {"agent_id": "codex-2", "event": "status", "ts": "2026-01-01T00:00:00Z"}
    log.write_text("".join(json.dumps({**event, "summary": f"step {number}"}) + "\n" for number in range(300)))


ON_SERVER = 10.0
"""What a command may cost where it opens a connection."""

_PLACE: dict[str, str] = {}
"""What says where the bus is; empty for files."""


def settled() -> dict[str, str]:
    """An environment in which two runs of a process do the same."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TEOF_", "PYTHON"))}
    return {**kept, "PYTHONHASHSEED": "0", **_PLACE}


@contextlib.contextmanager
def served(programs: Path) -> Iterator[None]:
    """A PostgreSQL that the measured commands find, with the events of the repository."""
    sys.path.insert(0, str(CHECKOUT))
    from tests import postgres

    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", str(programs / "python")]
    subprocess.run([*pip, "install", "psycopg2-binary"], check=True)
    server = postgres.begin(Path(tempfile.mkdtemp(prefix="pg")))
    address = server.new_bus()
    _PLACE.update(TEOF_STORE=f"{address.url}#{address.bus}", PGUSER="postgres")
    try:
        yield
    finally:
        postgres.end(server)


def instructions(root: Path, command: Sequence[str], stdin: str = "", codes: Sequence[int] = (0, 1)) -> int:
    """The instructions of one process; RuntimeError when it does not end with one of the exit codes."""
    counting = ["setarch", "-R", "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    line = [*counting, *command]
    done = subprocess.run(line, cwd=root, env=settled(), input=stdin, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode not in codes or counted is None:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr[-2000:]}")
    return int(counted[1])


def measure(rows: Sequence[Row], programs: Path) -> list[float]:
    """The multiple of a bare start that each row costs, on its second call."""
    with tempfile.TemporaryDirectory(prefix="instructions-") as folder:
        root = Path(folder) / "repository"
        make_repository(root)
        bare = instructions(root, [str(programs / "python"), "-c", "pass"])
        print(f"python -c pass: {bare / 1e6:.1f} million instructions")
        for words in (["bus_status"], ["bus_event", "log", "--event", "note", "--summary", "first"]):
            subprocess.run([str(programs / "teof"), *words], cwd=root, env=settled(), stdout=-3, stderr=-3, check=True)
        return [_cost(root, programs, row) / bare for row in rows]


def _cost(root: Path, programs: Path, row: Row) -> int:
    if row.before is not None:
        row.before(root, programs)
    return instructions(root, [str(programs / "teof"), *row.words], codes=row.codes)


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
    rows = [row for row in ROWS if row.is_barred or options.all or not options.check]
    programs = environment(options.python)
    with served(programs) if options.server else contextlib.nullcontext():
        costs = measure(rows, programs)
    if options.server:
        rows = [row._replace(budget=ON_SERVER) for row in rows]
    over = 0
    print(f"{'command':64} {'cost':>6} {'budget':>7}")
    for row, cost in zip(rows, costs, strict=True):
        is_over = cost > row.budget * ROOM
        over += is_over
        print(f"{row.title:64} {cost:6.2f} {row.budget:7.2f}{'  OVER' if is_over else ''}")
    return int(over > 0 and options.check)


if __name__ == "__main__":
    sys.exit(main())
