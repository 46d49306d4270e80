#!/usr/bin/env python3
"""Many clones of one origin: confirmed claims without pause, and what one new event costs at any length of the log.

python benchmarks/clones.py race [--clones 8] [--claims 10]
python benchmarks/clones.py growth [--events 1000,100000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.clones import make_clone, make_origin
from tools.core import clock, ids
from tools.core.bus import claims
from tools.core.bus.rules.claim_rules import Request
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.fs import jsonl
from tools.core.git import git
from tools.core.models.bus import EVENTS
from tools.core.seats.seat import Seat
from tools.core.store.api import Append
from tools.core.sync import confirm, exchange
from tools.core.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["race", "growth"])
    parser.add_argument("--clones", type=int, default=8)
    parser.add_argument("--claims", type=int, default=10)
    parser.add_argument("--events", default="1000,100000")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as top:
        _settle_git(Path(top))
        if options.what == "race":
            race(Path(top), options.clones, options.claims)
        else:
            for count in map(int, options.events.split(",")):
                (Path(top) / str(count)).mkdir()
                growth(Path(top) / str(count), count)


def _settle_git(top: Path) -> None:
    (top / "gitconfig").write_text("[user]\nname = b\nemail = b@b\n[gc]\nauto = 0\n")
    os.environ.update(GIT_CONFIG_GLOBAL=str(top / "gitconfig"), GIT_CONFIG_NOSYSTEM="1")


def context_of(clone: Path, agent: str) -> Context:
    """A context of a clone, now."""
    return Context(Workspace(str(clone), str(clone)), seat=Seat(agent, None), now=clock.now())


# -- without pause -----------------------------------------------------------------------------------


def race(top: Path, clones: int, count: int) -> None:
    """Each clone claims tasks that no other clone wants, one after the other."""
    origin = make_origin(top)
    folders = [make_clone(origin, top / f"clone-{number}", f"codex-{number}") for number in range(clones)]
    exchange.exchange(context_of(folders[0], "codex-0"), "codex-0", push=True)
    began = time.monotonic()
    running = [_fork(folder, number, count) for number, folder in enumerate(folders)]
    for process in running:
        os.waitpid(process, 0)
    took = time.monotonic() - began
    results = [json.loads((top / f"{folder.name}.json").read_text()) for folder in folders]
    done = sum(result["done"] for result in results)
    print(
        f"{clones} clones: {clones * count} claims, {clones * count - done} failed,"
        f" {sum(result['git'] for result in results) / max(done, 1):.1f} git processes each, {done / took:.1f} a second"
    )


def _fork(folder: Path, number: int, count: int) -> int:
    child = os.fork()
    if child:
        return child
    processes, done, real = [0], 0, git._open

    def counted(*arguments: Any) -> Any:
        processes[0] += 1
        return real(*arguments)

    git._open = counted  # type: ignore[assignment]
    agent = f"codex-{number}"
    for turn in range(count):
        context, task = context_of(folder, agent), f"T-{number}-{turn}"
        try:
            confirm.confirm(
                context, agent, lambda c=context, t=task: confirm.Acted(claims.take(c, Request(t, agent)), t)
            )
            done += 1
        except ToolkitError as problem:
            print(f"{agent}: {problem.message}", file=sys.stderr)
    (folder.parent / f"{folder.name}.json").write_text(json.dumps({"git": processes[0], "done": done}))
    os._exit(0)


# -- growth ------------------------------------------------------------------------------------------


def growth(top: Path, count: int) -> None:
    """One clone logs an event and pushes it, another takes it, where the log has so many."""
    origin = make_origin(top)
    writer = make_clone(origin, top / "one", "codex-0")
    _write_log(writer / "_bus/events/events.jsonl", count)
    exchange.exchange(context_of(writer, "codex-0"), "codex-0", push=True)
    reader = make_clone(origin, top / "other", "codex-1")
    _measured(lambda: exchange.exchange(context_of(reader, "codex-1"), "codex-1"), "join", reader)
    for folder, agent in ((writer, "codex-0"), (reader, "codex-1")):
        exchange.exchange(context_of(folder, agent), agent, push=True)
    record = {
        "id": ids.new_record_id(),
        "ts": clock.to_text(clock.now()),
        "agent_id": "codex-0",
        "event": "note",
        "summary": "new",
    }
    context_of(writer, "codex-0").store.commit([Append(EVENTS, record)])
    before = _size(origin)
    _measured(
        lambda: exchange.exchange(context_of(writer, "codex-0"), "codex-0", push=True), f"{count} events: push", writer
    )
    print(f"  on the remote {_size(origin) - before} bytes more")
    _measured(lambda: exchange.exchange(context_of(reader, "codex-1"), "codex-1"), f"{count} events: take", reader)


def _write_log(path: Path, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as log:
        prev = ""
        for number in range(count):
            record = {"id": ids.new_record_id(1_700_000_000_000 + number), "ts": "2026-01-31T12:00:00Z",
                      "agent_id": f"codex-{number % 40}", "event": "note", "summary": f"step {number}"}  # fmt: skip
            line = jsonl.spelled({**record, "prev": prev} if prev else record)
            prev = jsonl.line_hash(line)
            log.write(line + b"\n")


def _measured(work: Any, name: str, clone: Path) -> None:
    """Runs work in a process of its own: CPU of it and its children, its memory, and what it left in the clone."""
    before, began = _size(clone / ".git"), time.monotonic()
    child = os.fork()
    if not child:
        work()
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        cpu = sum(usage.ru_utime + usage.ru_stime for usage in used)
        print(f"{name}: {cpu:.2f} s CPU, {max(usage.ru_maxrss for usage in used) // 1024} MB", end="", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print(f", {time.monotonic() - began:.1f} s, {_size(clone / '.git') - before} bytes more in the clone", flush=True)


def _size(folder: Path) -> int:
    listing = subprocess.run(["du", "-sb", str(folder)], capture_output=True, text=True, check=True).stdout
    return int(listing.split()[0])


if __name__ == "__main__":
    main()
