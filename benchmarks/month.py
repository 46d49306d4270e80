#!/usr/bin/env python3
"""A month of a fleet, simulated at full speed: agents in clones of one origin, who claim, log, release and exchange.

    python benchmarks/month.py [--events 100000] [--claims 1000] [--agents 40] [--clones 8] [--exchanges 120]
        [--keep FOLDER] [--part 1.0]

It ends with the size of the branch, the time that a clone needs which begins with nothing, and an error
where two clones differ. A month that was stopped in FOLDER goes on there; one that is over is only looked at.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from tests.clones import make_clone, make_origin
from tools.core import clock, ids
from tools.core.bus import claims
from tools.core.bus.rules.claim_rules import Request
from tools.core.context import Context
from tools.core.fs import jsonl
from tools.core.models.bus import EVENTS
from tools.core.seats.seat import Seat
from tools.core.store.api import Append
from tools.core.sync import exchange
from tools.core.workspace import Workspace

MONTH = timedelta(days=30)
BATCH = 500
"""Events of one commit: what is simulated is the month, not each agent's wait for the disk."""


class Fleet(NamedTuple):
    """How much happens in the month."""

    events: int
    claims: int
    agents: int
    clones: int
    exchanges: int  # of each clone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in Fleet(100_000, 1_000, 40, 8, 120)._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--keep", type=Path, help="a folder for the clones, used again by the next run")
    parser.add_argument("--part", type=float, default=1.0, help="the share of the month to live")
    options = vars(parser.parse_args())
    keep, part, fleet = options.pop("keep"), options.pop("part"), Fleet(**options)
    with nullcontext(keep) if keep else tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.mkdir(exist_ok=True)
        settle_git(top)
        folders = [top / f"clone-{number}" for number in range(fleet.clones)]
        if not (top / "origin.git").exists():
            origin = make_origin(top)
            for number, folder in enumerate(folders):
                make_clone(origin, folder, f"codex-{number}")
        began = time.monotonic()
        live(fleet, folders, top / "turn", part)
        print(f"{part:.0%} of {fleet}: {time.monotonic() - began:.0f} s, {cpu_seconds():.0f} s of CPU", flush=True)
        require_equal(folders)
        report(top, top / "origin.git", folders[0])


def settle_git(top: Path) -> None:
    """Lets git read no settings but the simulation's."""
    (top / "gitconfig").write_text("[user]\nname = b\nemail = b@b\n[gc]\nauto = 0\n")
    os.environ.update(GIT_CONFIG_GLOBAL=str(top / "gitconfig"), GIT_CONFIG_NOSYSTEM="1")


def cpu_seconds() -> float:
    """What this process and those it ran have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def context_of(clone: Path, agent: str, now: datetime) -> closing[Context]:
    """An agent in its clone at a moment of the month; left as a command leaves it, with its index closed."""
    return closing(Context(Workspace(str(clone), str(clone)), seat=Seat(agent, None), now=now))


def exchange_of(clone: Path, number: int, now: datetime) -> None:
    """The clone sends what it has and takes in what is new."""
    with context_of(clone, f"codex-{number}", now) as context:
        exchange.exchange(context, f"codex-{number}", push=True)


# -- the month ---------------------------------------------------------------------------------------


def live(fleet: Fleet, folders: list[Path], mark: Path, part: float) -> None:
    """Each clone in turn works for its share of the month and exchanges, then all exchange what is left.

    The mark says which turns were begun; one in which the month was stopped is not begun again.
    """
    begun = int(mark.read_text()) if mark.exists() else 0
    turns = fleet.exchanges * fleet.clones
    begin = clock.now() - MONTH
    works = zip(shares(fleet.events, turns), shares(fleet.claims, turns), strict=True)
    for turn, (events, tasks) in enumerate(works):
        if not begun <= turn < turns * part:
            continue
        mark.write_text(str(turn + 1))
        number = turn % fleet.clones
        now = begin + MONTH * turn / turns
        work(folders[number], fleet, turn, events, tasks, now)
        exchange_of(folders[number], number, now)
        if turn % max(1, turns // 20) == 0:
            print(f"{turn * 100 // turns} % of the month", file=sys.stderr, flush=True)
    for number, folder in [*enumerate(folders), *enumerate(folders)]:
        exchange_of(folder, number, clock.now())


def shares(whole: int, turns: int) -> Iterator[int]:
    """The whole in so many almost equal parts."""
    return (whole * (turn + 1) // turns - whole * turn // turns for turn in range(turns))


def work(clone: Path, fleet: Fleet, turn: int, events: int, tasks: int, now: datetime) -> None:
    """The agents of a clone claim, release and finish tasks, and log what they do."""
    own = [number for number in range(fleet.agents) if number % fleet.clones == turn % fleet.clones]
    for task in range(tasks):
        name = f"T-{turn}-{task}"
        with context_of(clone, f"codex-{own[task % len(own)]}", now) as context:
            claims.take(context, Request(name, context.seat.agent_id, paths=(f"src/{name}/**",)))
            claims.release(context, name, status="done", notes=None)
    noted = max(0, events - 2 * tasks)
    for first in range(0, noted, BATCH):
        with context_of(clone, f"codex-{own[first // BATCH % len(own)]}", now) as context:
            context.store.commit(
                [Append(EVENTS, event(context, turn, step)) for step in range(first, min(first + BATCH, noted))]
            )


def event(context: Context, turn: int, step: int) -> dict[str, object]:
    """A note as an agent logs one; no two are alike, so that they do not pack better than true ones."""
    words = hashlib.sha256(f"{turn} {step}".encode()).hexdigest()
    return {
        "id": ids.new_record_id(),
        "ts": clock.to_text(context.now),
        "agent_id": context.seat.agent_id,
        "event": "note",
        "task_id": f"T-{turn}-{step % 10}",
        "summary": f"looked at src/{words[:8]}/{words[8:14]}.py and changed what {words[14:24]} says of it",
    }


# -- how it ended ------------------------------------------------------------------------------------


def require_equal(folders: list[Path]) -> None:
    """Ends with an error where a clone has other records than the first."""
    for kind, state in (("events", events_of), ("claims", claims_of)):
        states = {state(folder) for folder in folders}
        if len(states) != 1:
            sys.exit(f"the clones differ in their {kind}")
    print(f"{len(folders)} clones are equal: {events_of(folders[0])[0]} events, {claims_of(folders[0])[0]} claims")


def events_of(folder: Path) -> tuple[int, str]:
    """How many lines the log has, and what they say whatever their order."""
    lines = sorted((folder / "_bus/events/events.jsonl").read_bytes().splitlines())
    return len(lines), hashlib.sha256(b"\n".join(lines)).hexdigest()


def claims_of(folder: Path) -> tuple[int, str]:
    """How many claims there are, and what they say."""
    paths = sorted((folder / "_bus/claims").glob("*.json"))
    contents = (jsonl.spelled(jsonl.parse(path.read_bytes())) for path in paths)
    return len(paths), hashlib.sha256(b"\n".join(contents)).hexdigest()


def report(top: Path, origin: Path, clone: Path) -> None:
    """The sizes, and the time of a clone that begins with nothing."""
    print(f"origin as it was left: {size(origin / 'objects')} MB; a clone's objects: {size(clone / '.git/objects')} MB")
    began = time.monotonic()
    git(origin, "maintenance", "run", "--task=gc", "--quiet")
    print(
        f"origin after git's maintenance, which took {time.monotonic() - began:.0f} s: {size(origin / 'objects')} MB",
        flush=True,
    )
    kept, late = top / "branch.git", top / "late"
    for folder in (kept, late):
        shutil.rmtree(folder, ignore_errors=True)
    git(top, "clone", "--quiet", "--bare", "--single-branch", "--branch", "bus", f"file://{origin}", str(kept))
    git(kept, "maintenance", "run", "--task=gc", "--quiet")
    files = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "bus"], cwd=kept, capture_output=True, text=True, check=True
    ).stdout.split()
    moved = [name for name in files if name.startswith("claims/finished/")]
    print(
        f"branch bus: {size(kept / 'objects')} MB after git's maintenance, {len(files)} files, {len(moved)} of finished claims",
        flush=True,
    )
    began = time.monotonic()
    git(top, "clone", "--quiet", f"file://{origin}", str(late))
    cloned = time.monotonic() - began
    init = [sys.executable, str(HOME / "teof.py"), "init", "--agent", "codex-late"]
    subprocess.run(init, cwd=late, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"a clone that begins with nothing: {time.monotonic() - began:.1f} s, of them {cloned:.1f} s by git clone")
    if events_of(late)[0] < events_of(clone)[0] or claims_of(late) != claims_of(clone):
        sys.exit("the late clone differs")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def size(folder: Path) -> int:
    """Megabytes of a folder."""
    listing = subprocess.run(["du", "-sb", str(folder)], capture_output=True, text=True, check=True).stdout
    return int(listing.split()[0]) // 1_000_000


if __name__ == "__main__":
    main()
