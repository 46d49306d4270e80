"""Many clones at once, and death at any moment of a sync."""

from __future__ import annotations

import json
import os
import pkgutil
import random
import signal
import time
from pathlib import Path

import pytest

from tests.clones import events_of, ids_of, make_clone, make_origin, start
from tests.conftest import git

pytestmark = pytest.mark.slow

SIZES = [
    pytest.param((3, 6), id="short"),
    pytest.param((8, 50), id="long", marks=pytest.mark.soak),
]
"""Clones, and events of each."""


def make_clones(tmp_path: Path, count: int) -> list[Path]:
    origin = make_origin(tmp_path)
    return [make_clone(origin, tmp_path / f"clone-{number}", f"codex-{number}") for number in range(count)]


def settle(clones: list[Path]) -> None:
    """Each clone pushes what it has, then takes in what the others pushed."""
    for folder in [*clones, *clones]:
        done = start(folder, "agent.bus_sync", "--push")
        _, said = done.communicate(timeout=120)
        assert done.returncode in (0, 4), said


@pytest.mark.parametrize("rounds", [pytest.param(3, id="short"), pytest.param(10, id="long", marks=pytest.mark.soak)])
def test_each_round_of_confirmed_claims_has_one_winner(tmp_path, rounds):
    clones = make_clones(tmp_path, 8)
    winners = [_claim_at_once(clones, f"TASK-{turn}") for turn in range(rounds)]
    settle(clones)
    for turn, winner in enumerate(winners):
        held = {(folder / f"_bus/claims/TASK-{turn}.json").read_text() for folder in clones}
        assert len(held) == 1
        assert json.loads(held.pop())["agent_id"] == winner


def _claim_at_once(clones: list[Path], task: str) -> str:
    """The one agent whose claim was confirmed."""
    claims = [start(folder, "agent.bus_claim", "claim", "--task", task, "--confirm") for folder in clones]
    said = [(one.communicate(timeout=300), one.returncode) for one in claims]
    codes = [code for _, code in said]
    assert codes.count(0) == 1 and set(codes) <= {0, 4, 5}, said
    return f"codex-{codes.index(0)}"


@pytest.mark.parametrize("size", SIZES)
def test_clones_that_append_and_sync_at_random_end_with_the_same_records(tmp_path, size):
    count, events = size
    clones = make_clones(tmp_path, count)
    running = [start(folder, "agent.bus_event", "log", "--event", "note", "--summary", "warm") for folder in clones]
    assert all(one.wait(120) == 0 for one in running)
    chance = random.Random(20)
    for turn in range(events - 1):
        batch = [
            start(folder, "agent.bus_event", "log", "--event", "note", "--summary", f"{turn}") for folder in clones
        ]
        batch += [start(folder, "agent.bus_sync", "--push") for folder in clones if chance.random() < 0.3]
        said = [(one.communicate(timeout=300), one.returncode) for one in batch]
        assert all(code in (0, 5) for _, code in said), said
    settle(clones)
    expected = ids_of(clones[0])
    assert len(expected) == len(set(expected)) == count * events
    assert all(ids_of(folder) == expected for folder in clones)
    assert all(sorted(events_of(folder)) == sorted(events_of(clones[0])) for folder in clones)


@pytest.mark.parametrize("kills", [pytest.param(6, id="short"), pytest.param(80, id="long", marks=pytest.mark.soak)])
def test_a_sync_killed_at_any_moment_is_completed_by_the_next(tmp_path, kills):
    one, other = make_clones(tmp_path, 2)
    chance = random.Random(5)
    for turn in range(kills):
        for folder in (one, other):
            log = start(folder, "agent.bus_event", "log", "--event", "note", "--summary", f"{turn}")
            assert log.wait(120) == 0
        started = start(other, "agent.bus_sync", "--push")
        assert started.wait(120) == 0
        victim = start(one, "agent.bus_sync", "--push")
        time.sleep(chance.uniform(0.05, 0.6))
        victim.send_signal(signal.SIGKILL)
        victim.communicate(timeout=120)
    settle([one, other])
    assert ids_of(one) == ids_of(other)
    assert len(set(ids_of(one))) == len(ids_of(one)) == 2 * kills
    assert git(one / "_bus", "fsck", "--no-dangling") == ""


STOPS = {
    "fetch": "tools.core.git.remotes.fetch_only",
    "bring in": "tools.core.sync.incoming.Receiver.take",
    "append": "tools.core.store.files.store.FileStore.adopt",
    "commit": "tools.core.store.files.store.FileStore.commit",
    "build": "tools.core.sync.turn.Turn.build",
    "write": "tools.core.git.packs.Objects.write",
    "push": "tools.core.git.remotes.push",
    "move": "tools.core.sync.bus_commits.move",
    "list": "tools.core.git.index.install",
    "remember": "tools.core.sync.memory.save",
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_sync_that_dies_around_each_of_its_steps_is_completed_by_the_next(tmp_path, run, stop, when):
    one, other = make_clones(tmp_path, 2)
    for folder in (one, other):
        run("agent.bus_event", "log", "--root", str(folder), "--event", "note", "--summary", "x")
        run("agent.bus_claim", "claim", "--root", str(folder), "--task", "T-1")
    run("agent.bus_sync", "--root", str(other), "--push")
    child = os.fork()
    if child == 0:
        _die_at(stop, when, one)
    assert os.waitpid(child, 0)[1] in (signal.SIGKILL, 0)
    run("agent.bus_sync", "--root", str(one), "--push", code=None)
    run("agent.bus_sync", "--root", str(one), "--push")
    run("agent.bus_sync", "--root", str(other))
    assert ids_of(one) == ids_of(other)
    assert json.loads((one / "_bus/claims/T-1.json").read_text())["agent_id"] == "codex-1"
    kinds = [json.loads(line)["event"] for line in events_of(one)]
    assert kinds.count("conflict") == 1 and kinds.count("note") == 2


def _die_at(stop: str, when: str, folder: Path) -> None:
    """In a child: a sync that is killed just before or just after one of its steps."""
    try:
        from tools.agent import bus_sync
        from tools.core.cli import app as cli

        home, _, step = stop.rpartition(".")
        place = pkgutil.resolve_name(home)
        real = getattr(place, step)

        def dying(*arguments, **more):
            if when == "after":
                real(*arguments, **more)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(place, step, dying)
        cli.call(bus_sync.main, ["--root", str(folder), "--push", "--quiet"])
    finally:
        os._exit(3)
