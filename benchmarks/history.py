#!/usr/bin/env python3
"""What a long history costs: each command over a short and a long log, and the index after a rewrite.

    python benchmarks/history.py [--small 1000] [--large 1000000] [--repeat 5] [--keep FOLDER] [--check]

Both logs have the same seats, tasks and open requests; only their length differs. Figures are CPU
seconds and peak memory of child processes, so that a busy machine changes little. Limits: a later
call costs at most 1.5 times as much on the long log; the first call after a rewrite at most 4 times
what reading the log once costs (8 times for the full-text index).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

SEATS = [f"codex-{number}" for number in range(1, 13)]
TASKS = [f"QUEUE-{number:03d}" for number in range(1, 41)]
KINDS = {"status": 60, "note": 20, "handshake": 10, "claim": 20, "release": 20, "audit": 5, "retired": 1, "revived": 1}
"""Kinds of events, and how often each is among 137."""
WORDS = [
    "fix",
    "parser",
    "login",
    "retry",
    "cache",
    "tests",
    "docs",
    "build",
    "index",
    "queue",
    "review",
    "merge",
    "rebase",
    "flaky",
    "timeout",
    "schema",
]
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_END = 1_790_000_000  # the last stamp: 2026-09-21
_STEP = 30  # seconds between events
LIMIT, REBUILD_LIMIT, SEARCH_LIMIT = 1.5, 4.0, 8.0


class Cost(NamedTuple):
    """The cheapest of several runs."""

    seconds: float
    kibibytes: int


def record_id(number: int) -> str:
    """A ULID that is the same in every run."""
    value = (1_700_000_000_000 + number) << 80 | (number * 0x9E3779B97F4A7C15) & ((1 << 80) - 1)
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


class Log:
    """A stream that is being written, each record with the hash of the line before."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = path.open("wb", buffering=1 << 20)
        self._prev = ""

    def append(self, record: dict[str, object]) -> None:
        """One more line."""
        if self._prev:
            record["prev"] = self._prev
        line = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
        self._prev = hashlib.sha256(line).hexdigest()[:16]
        self._file.write(line + b"\n")

    def close(self) -> None:
        """The log is whole."""
        self._file.close()


def stamp(number: int, count: int) -> str:
    """The moment of an event, so that the last ones of both logs are equally recent."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(_END - (count - number) * _STEP, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def generate(root: Path, count: int) -> None:
    """A repository with `count` events and a tenth as many messages, a fifth of them answered requests."""
    chance, kinds = random.Random(count), (list(KINDS), list(KINDS.values()))
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    seat = {"agent_id": SEATS[0], "desired_roles": ["manager"]}
    (root / "AGENT_MANIFEST.json").write_text(json.dumps(seat))
    events = Log(root / "_bus/events/events.jsonl")
    threads = {task: Log(root / f"_bus/messages/{task}.jsonl") for task in [*TASKS, "manager-report", "agent-codex-1"]}
    for number in range(count):
        moment = stamp(number, count)
        agent, task = chance.choice(SEATS), chance.choice(TASKS)
        kind = chance.choices(*kinds)[0]
        text = f"{agent} {' '.join(chance.choices(WORDS, k=12))}"
        event: dict[str, object] = {"id": record_id(2 * number), "ts": moment, "agent_id": agent, "event": kind}
        event |= {"summary": text, "task_id": task}
        if kind in ("retired", "revived"):
            event["meta"] = {"agent": chance.choice(SEATS[6:])}
        if number % 50 == 0:
            event["severity"] = "high"
        events.append(event)
        if number % 10 == 0:
            thread = chance.choice([task, "manager-report", "agent-codex-1"])
            _say(threads[thread], number, moment, agent, task, text, thread == "agent-codex-1")
    events.close()
    for log in threads.values():
        log.close()
    _claims(root, count)


def _say(log: Log, number: int, moment: str, agent: str, task: str, text: str, is_inbox: bool) -> None:
    """A message; every fifth is a request that the next message in its thread answers."""
    said: dict[str, object] = {"ts": moment, "from": agent, "task_id": task, "summary": text}
    if is_inbox:
        said["to"] = "codex-1"
    if number % 50 == 0:
        asked = record_id(2 * number + 1)
        log.append({**said, "id": asked, "type": "request"})
        log.append({**said, "id": record_id(2 * number + 3), "type": "note", "reply_to": asked})
    else:
        log.append({**said, "id": record_id(2 * number + 1), "type": "note"})


def _claims(root: Path, count: int) -> None:
    folder = root / "_bus/claims"
    folder.mkdir()
    for number, task in enumerate(TASKS):
        agent = SEATS[number % len(SEATS)]
        claim = {"task_id": task, "agent_id": agent, "branch": f"agent/{agent}/{task.lower()}", "fence": 1}
        claim |= {"status": "active" if number < 10 else "done", "claimed_at": stamp(count - 1, count)}
        (folder / f"{task}.json").write_text(json.dumps(claim))


# -- measuring -----------------------------------------------------------------------------------


def run(root: Path, arguments: Sequence[str]) -> Cost:
    """One child process in a repository: its CPU time and peak memory; RuntimeError when it fails."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TEOF_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPATH"] = str(CHECKOUT)
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, *arguments], cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):
            said.seek(0)
            raise RuntimeError(f"{' '.join(arguments)}: exit {child.returncode}: {said.read(2000).decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def best(root: Path, arguments: Sequence[str], repeat: int) -> Cost:
    """The cheapest of several runs."""
    costs = [run(root, arguments) for _ in range(repeat)]
    return Cost(min(cost.seconds for cost in costs), min(cost.kibibytes for cost in costs))


def command(module: str, *arguments: str) -> tuple[str, list[str]]:
    """A command as a row of the table, and how it is started."""
    return f"{module.rpartition('.')[2]} {' '.join(arguments)}".strip(), ["-m", f"tools.{module}", *arguments]


def commands() -> list[tuple[str, list[str]]]:
    """What is measured; a command that is not there (yet) is left out."""
    found = [
        command("agent.bus_status"),
        command("agent.bus_status", "--preset", "manager"),
        command("agent.bus_status", "--agent", "codex-2"),
        command("agent.bus_watch", "--limit", "20"),
        command("agent.bus_watch", "--task", "QUEUE-007"),
        command("agent.bus_watch", "--task", "manager-report"),
        command("agent.bus_watch", "--agent", "codex-2", "--agent", "codex-3"),
        command("agent.bus_watch", "--event", "handshake"),
        command("agent.bus_watch", "--agent", "nobody-here"),
        command("agent.bus_watch", "--severity", "high"),
        command("agent.bus_watch", "--since", stamp(0, 300), "--limit", "50"),
        command("agent.bus_inbox"),
        command("agent.bus_heartbeat", "--dry-run"),
        command("agent.coord_dashboard", "report", "--output", "-"),
        command("agent.coord_dashboard", "report", "--format", "html", "--output", "-"),
        command("agent.session_boot", "--no-sync", "--focus", "manager"),
        command("agent.bus_claim", "claim", "--task", "QUEUE-900"),
        command("agent.bus_claim", "pause", "--task", "QUEUE-001", "--notes", "bench"),
        command("agent.bus_claim", "show", "--task", "QUEUE-001"),
        command("agent.bus_claim", "list"),
        command("agent.bus_event", "log", "--event", "note", "--summary", "bench"),
        command("agent.bus_message", "--task", "manager-report", "--type", "note", "--summary", "bench"),
        command("agent.bus_ping", "--summary", "bench"),
        command("agent.bus_search", "flaky", "timeout", "--limit", "20"),
    ]
    return [row for row in found if (CHECKOUT / (row[1][1].replace(".", "/") + ".py")).exists()]


_SCAN = (
    "import sys; from tools.core.fs import jsonl; from tools.core.workspace import Place; import os\n"
    "for top in ('_bus/events', '_bus/messages'):\n"
    "  for name in os.listdir(top):\n"
    "    for found in jsonl.scan(Place('.', f'{top}/{name}')): pass\n"
)


def rewrite(root: Path) -> None:
    """Puts a copy of the event log in its place, as a merge or a restore does."""
    log = root / "_bus/events/events.jsonl"
    shutil.copyfile(log, log.with_suffix(".new"))
    os.replace(log.with_suffix(".new"), log)


def main() -> int:
    """Prints the table; 1 with --check when a limit is passed."""
    options = _options()
    folder = Path(options.keep or tempfile.mkdtemp(prefix="history-"))
    small, large = folder / f"log-{options.small}", folder / f"log-{options.large}"
    try:
        for root, count in ((small, options.small), (large, options.large)):
            if not root.exists():
                print(f"writing {count} events", flush=True)
                generate(root, count)
        over = first_calls(large) + later_calls(small, large, options.repeat)
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    print(f"{over} over their limit")
    return 1 if over and options.check else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", help="a folder for the logs, used again by the next run")
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


def first_calls(root: Path) -> int:
    """The index built anew, against reading the log once."""
    scan = best(root, ["-c", _SCAN], 2)
    print(f"reading the log once: {scan.seconds:.2f} s CPU, {scan.kibibytes // 1024} MiB")
    shutil.rmtree(root / "_bus/.cache", ignore_errors=True)
    over = _first("first call without an index", root, ["-m", "tools.agent.bus_status"], scan, REBUILD_LIMIT)
    rewrite(root)
    over += _first("first call after a rewrite", root, ["-m", "tools.agent.bus_status"], scan, REBUILD_LIMIT)
    if (CHECKOUT / "tools/agent/bus_search.py").exists():
        over += _first("first bus_search", root, ["-m", "tools.agent.bus_search", "flaky"], scan, SEARCH_LIMIT)
        rewrite(root)
        over += _first("bus_search after a rewrite", root, ["-m", "tools.agent.bus_search", "x"], scan, SEARCH_LIMIT)
    return over


def _first(title: str, root: Path, arguments: list[str], scan: Cost, limit: float) -> int:
    cost = run(root, arguments)
    ratio = cost.seconds / scan.seconds
    print(
        f"{title:48} {cost.seconds:8.2f} s {cost.kibibytes // 1024:6} MiB  x{ratio:.2f} of a read"
        f" (limit {limit:.1f}){_mark(ratio > limit)}",
        flush=True,
    )
    return int(ratio > limit)


def later_calls(small: Path, large: Path, repeat: int) -> int:
    """Every command's second call over both logs."""
    over = 0
    print(f"{'command':48} {'short':>8} {'long':>8}  {'CPU':>5} {'memory':>6}")
    for title, arguments in commands():
        for root in (small, large):
            run(root, arguments)
        short, long = best(small, arguments, repeat), best(large, arguments, repeat)
        time, memory = long.seconds / short.seconds, long.kibibytes / short.kibibytes
        bad = max(time, memory) > LIMIT
        over += bad
        print(
            f"{title:48} {short.seconds * 1000:6.0f}ms {long.seconds * 1000:6.0f}ms  x{time:.2f}  x{memory:.2f}"
            f"{_mark(bad)}",
            flush=True,
        )
    return over


def _mark(bad: bool) -> str:
    return "  OVER" if bad else ""


if __name__ == "__main__":
    sys.exit(main())
