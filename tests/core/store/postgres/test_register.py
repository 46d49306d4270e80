"""The operations of agents that race on a server, and of a server that fails, are those of one register for each task."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.register.histories import Operation, broken, fences_that_do_not_grow
from tests.register.on_server import Plan, Scene, play
from tools.core.models.bus import EVENTS
from tools.core.store.postgres import commit
from tools.core.store.postgres.store import PostgresStore
from tools.core.store.signpost import Address
from tools.core.workspace import Workspace

SEED = int(os.environ.get("TEOF_RACE_SEED") or random.SystemRandom().randrange(10**6))
TROUBLED = Plan(operations=20, pause=0.1)
ENDS = 2
"""How often the server ends at most while the agents are at work."""

ROUNDS = [pytest.param(1, id="short"), pytest.param(100, id="long", marks=pytest.mark.soak)]


def require_register(scene: Scene, history: list[Operation], seed: int) -> None:
    """One order explains all answers; the log is one chain, and each claim is what its last event says."""
    unexplained = [*broken(history), *fences_that_do_not_grow(history)]
    assert not unexplained, "\n".join([f"seed {seed}", *unexplained])
    store = PostgresStore(scene.workspace, scene.address)
    records = store.read(EVENTS).records
    assert [each.record.get("prev") for each in records] == [None, *[each.line.hash for each in records[:-1]]]
    last = {each.record["task_id"]: each.record["claim"] for each in records if each.record.get("claim")}
    assert {name: document.content for name, document in store.documents("claims").items()} == {
        f"claims/{task}": claim for task, claim in last.items()
    }
    store.close()


@pytest.fixture
def new_scene(workspace: Workspace, tmp_path: Path) -> Callable[[Address], Scene]:
    """The scene of another round, on a bus."""
    numbers = itertools.count()

    def make(address: Address) -> Scene:
        answers = tmp_path / f"answers-{next(numbers)}"
        answers.mkdir()
        return Scene(workspace, address, answers)

    return make


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize(
    "plan", [Plan(), Plan(are_killed=True, clocks_are_off=True)], ids=["calm", "agents are killed"]
)
def test_operations_of_many_agents_are_those_of_one_register(
    server: Any, new_scene: Callable[[Address], Scene], plan: Plan, rounds: int
) -> None:
    for seed in range(SEED, SEED + rounds):
        scene = new_scene(server.new_bus())
        require_register(scene, play(scene, plan._replace(seed=seed)), seed)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_where_connections_are_cut_they_are_too(
    server: Any, proxy: Any, new_scene: Callable[[Address], Scene], rounds: int
) -> None:
    cutting = proxy(0.3)
    for seed in range(SEED, SEED + rounds):
        scene = new_scene(server.new_bus()._replace(url=cutting.url))
        history = play(scene, Plan(seed=seed))
        require_register(scene._replace(address=scene.address._replace(url=server.url)), history, seed)
    assert sum(cutting.done.values()) > 0


def test_behind_a_pooler_in_transaction_mode_they_are_too(
    pooled: Address, new_scene: Callable[[Address], Scene]
) -> None:
    scene = new_scene(pooled)
    require_register(scene, play(scene, Plan(seed=SEED)), SEED)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "stopped"])
@pytest.mark.parametrize("rounds", [pytest.param(1, id="short"), pytest.param(20, id="long", marks=pytest.mark.soak)])
def test_where_the_server_is_killed_or_stopped_they_are_too(
    own_server: Any, new_scene: Callable[[Address], Scene], how: str, rounds: int
) -> None:
    def trouble() -> None:
        if next(ends, None) is None:
            return time.sleep(0.05)
        time.sleep(random.uniform(0.1, 0.3))
        own_server.kill() if how == "killed" else own_server.stop()
        return own_server.start()

    for seed in range(SEED, SEED + rounds):
        scene, ends = new_scene(own_server.new_bus()), iter(range(ENDS))
        own_server.connection.close()
        require_register(scene, play(scene, TROUBLED._replace(seed=seed), trouble), seed)


@pytest.mark.soak
def test_a_commit_that_compares_no_versions_is_noticed(server: Any, new_scene: Callable[[Address], Scene]) -> None:
    laid_out = commit.parcel_of

    def weaken() -> None:
        commit.parcel_of = lambda changes: laid_out(changes)._replace(expects=[])

    for seed in range(20):
        history = play(new_scene(server.new_bus()), Plan(agents=8, tasks=1, operations=10, seed=seed, weaken=weaken))
        if broken(history) or fences_that_do_not_grow(history):
            return
    pytest.fail("no history shows it")
