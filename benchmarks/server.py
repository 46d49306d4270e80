#!/usr/bin/env python3
"""Play many agents on a bus on a server: each writes a record every few seconds, all through one pooler.

`python benchmarks/server.py --agents 1000 --seconds 300` begins a PostgreSQL and a pgbouncer of its own, on sockets
in a temporary folder. It prints the records a second, how long an answer took, and what went wrong.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from multiprocessing.queues import Queue
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import postgres
from tools.core import clock, ids
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append
from tools.core.store.postgres.store import PostgresStore
from tools.core.store.signpost import Address
from tools.core.workspace import Workspace

PROCESSES = 4


def live(store: PostgresStore, agent: str, every: float, end: float, times: list[float], errors: list[str]) -> None:
    """One agent: a record now and then, until the end."""
    chance = random.Random(agent)
    time.sleep(chance.uniform(0.0, every))
    while time.monotonic() < end:
        event = {"id": ids.new_record_id(), "ts": clock.to_text(clock.now()), "agent_id": agent, "event": "status",
                 "summary": "still at work on it", "task_id": f"T-{chance.randrange(200)}"}  # fmt: skip
        began = time.monotonic()
        try:
            store.commit([Append(EVENTS, event)])
        except Exception as problem:
            errors.append(f"{type(problem).__name__}: {problem}")
        times.append(time.monotonic() - began)
        time.sleep(max(0.0, every - (time.monotonic() - began)) * chance.uniform(0.8, 1.2))
    store.close()


def share(address: Address, numbers: range, every: float, seconds: float, answers: Queue[object]) -> None:
    """Some of the agents, each a thread with a connection of its own."""
    times: list[float] = []
    errors: list[str] = []
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(
            target=live,
            args=(PostgresStore(Workspace("/", "/nowhere"), address), f"codex-{number}", every, end, times, errors),
        )  # fmt: skip
        for number in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put((times, errors))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two records of an agent")
    parser.add_argument("--seconds", type=float, default=300.0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="px"))
    os.chmod(folder, 0o755)
    server = postgres.begin(Path(tempfile.mkdtemp(prefix="pg")), durable=True)
    pooler = postgres.begin_pooler(folder, server)
    try:
        address = server.new_bus()._replace(url=f"postgresql:///bus?host={folder}")
        answers: Queue[object] = multiprocessing.Queue()
        parts = [range(options.agents)[number::PROCESSES] for number in range(PROCESSES)]
        began = time.monotonic()
        for part in parts:
            multiprocessing.Process(
                target=share, args=(address, part, options.every, options.seconds, answers), daemon=True
            ).start()
        outcomes = [answers.get() for _ in parts]
        report(outcomes, time.monotonic() - began)
    finally:
        pooler.terminate()
        postgres.end(server)
        shutil.rmtree(folder, ignore_errors=True)


def report(outcomes: list[object], seconds: float) -> None:
    """Prints the figures."""
    times = sorted(value for each in outcomes for value in each[0])  # type: ignore[index]
    errors = [value for each in outcomes for value in each[1]]  # type: ignore[index]
    late = times[int(len(times) * 0.99)]
    print(f"{len(times)} records in {seconds:.0f} s: {len(times) / seconds:.0f} a second")
    print(f"answer: median {statistics.median(times) * 1000:.0f} ms, 99 of 100 within {late * 1000:.0f} ms")
    print(f"errors: {len(errors)}", *sorted(set(errors))[:5], sep="\n  " if errors else " ")


if __name__ == "__main__":
    main()
