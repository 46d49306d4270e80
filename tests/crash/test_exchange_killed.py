"""An exchange and a confirmed claim killed at their system calls: the next exchanges make all clones equal."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.clones import events_of, make_clone, make_origin
from tests.conftest import git
from tests.crash.trace import Point
from tests.crash.traced import Traced
from tests.crash.writers import Command, command

SEED = 20261126
DRAWN = 12
"""Points drawn for each command where not all are tried."""

COMMANDS = {
    "bus_sync": command("agent.bus_sync", "--agent codex-1 --push"),
    "confirmed claim": command("agent.bus_claim", "claim --agent codex-1 --task T-9 --confirm"),
    "confirmed release": command("agent.bus_claim", "release --agent codex-1 --task T-1 --confirm"),
}


class Pair(NamedTuple):
    """Two clones of one origin below one folder; both have records that the other lacks."""

    top: Path

    @property
    def first(self) -> Path:
        """The clone whose command is killed."""
        return self.top / "first"

    @property
    def second(self) -> Path:
        """The clone that goes on."""
        return self.top / "second"


@pytest.fixture(scope="module")
def ready(ground: Path, traced: Traced) -> Pair:
    """The pair as every attack begins with it."""
    pair = Pair(ground / "pair")
    pair.top.mkdir()
    origin = make_origin(pair.top)
    for folder, agent in ((pair.first, "codex-1"), (pair.second, "codex-2")):
        make_clone(origin, folder, agent)
        run(traced, folder, command("agent.bus_claim", f"claim --agent {agent} --task T-1"))
        run(traced, folder, command("agent.bus_claim", f"claim --agent {agent} --task T-{agent[-1]}0 --confirm"))
        run(traced, folder, command("agent.bus_event", f"log --agent {agent} --event note --summary only-here"))
        if folder == pair.first:
            run(traced, folder, command("agent.bus_sync", f"--agent {agent} --push"))
            run(traced, folder, command("agent.bus_event", f"log --agent {agent} --event note --summary later"))
    return pair


def run(traced: Traced, folder: Path, words: Command, *codes: int) -> int:
    """Runs a command that must end with one of some codes."""
    ended = traced.run(folder, words)
    assert ended.exit in (codes or (0,)), f"{words}: {ended}"
    return ended.exit or 0


def copied(ready: Pair, folder: Path) -> Pair:
    """A copy of the pair whose paths are its own."""
    pair = Pair(folder / "attacked")
    shutil.copytree(ready.top, pair.top, symlinks=True)
    for clone in (pair.first, pair.second):
        git(clone, "remote", "set-url", "origin", str(pair.top / "origin.git"))
        (clone / "_bus/.git").write_text(f"gitdir: {clone}/.git/worktrees/_bus\n")
        (clone / ".git/worktrees/_bus/gitdir").write_text(f"{clone}/_bus/.git\n")
    return pair


def attack(traced: Traced, ready: Pair, folder: Path, words: Command, point: Point) -> bool:
    """Kills a command at a point and looks at what the next exchanges make of it; whether the point was reached."""
    pair = copied(ready, folder)
    try:
        ended = traced.inject(pair.first, words, point.call.name, point.what, point.call.nth)
        run(traced, pair.second, command("agent.bus_sync", "--agent codex-2 --push"), 0, 4)
        if words[0] != "agent.bus_sync":
            run(traced, pair.first, words)
        for _ in range(2):
            for clone, agent in ((pair.first, "codex-1"), (pair.second, "codex-2")):
                run(traced, clone, command("agent.bus_sync", f"--agent {agent} --push"), 0, 4)
        check(pair)
    except AssertionError as problem:
        raise AssertionError(f"{words[0]}: {point}\n{problem}") from None
    finally:
        shutil.rmtree(pair.top)
    return ended.signal == 9


def check(pair: Pair) -> None:
    """Both clones have the same records, each once, and the same claims; git finds no damage."""
    logs = [sorted(events_of(clone)) for clone in (pair.first, pair.second)]
    assert logs[0] == logs[1] and len(set(logs[0])) == len(logs[0])
    assert sum('"only-here"' in line for line in logs[0]) == 2 and sum('"later"' in line for line in logs[0]) == 1
    claims = [
        {path.name: json.loads(path.read_text()) for path in sorted((clone / "_bus/claims").glob("*.json"))}
        for clone in (pair.first, pair.second)
    ]
    assert claims[0] == claims[1] and claims[0]["T-1.json"]["agent_id"] == "codex-1"
    assert git(pair.top / "origin.git", "fsck", "--no-dangling") == ""


def points_of(traced: Traced, ready: Pair, folder: Path, words: Command) -> list[Point]:
    """Where a command can be killed."""
    pair = copied(ready, folder)
    outcome, trace = traced.watch(pair.first, words)
    shutil.rmtree(pair.top)
    assert outcome.exit == 0, outcome
    return trace.kills()


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_an_exchange_killed_anywhere_is_completed_by_the_next(
    words: Command, traced: Traced, ready: Pair, ground: Path, figure: Callable[[str], None]
) -> None:
    points = points_of(traced, ready, ground, words)
    some = random.Random(f"{SEED} {words}").sample(points, min(DRAWN, len(points)))
    hit = sum(attack(traced, ready, ground, words, point) for point in some)
    figure(f"crash: {' '.join(words[:2])}: killed at {hit} of {len(points)} system calls (seed {SEED})")
    assert hit


@pytest.mark.soak
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_an_exchange_killed_at_every_system_call(words: Command, traced: Traced, ready: Pair, ground: Path) -> None:
    for point in points_of(traced, ready, ground, words):
        attack(traced, ready, ground, words, point)
