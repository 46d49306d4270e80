"""Confirmed operations of clones that race and fail are those of one register for each task."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from tests.register.fleet import Plan, findings_of, play, settle
from tests.register.histories import (
    NEVER,
    UNKNOWN,
    Operation,
    broken,
    explains,
    fences_that_do_not_grow,
    grants_that_are_gone,
)
from tests.register.weakenings import ALL

SEED = int(os.environ.get("TEOF_RACE_SEED") or random.SystemRandom().randrange(10**6))
CUTS = ("slow", "gone", "cut before", "cut after", "twice")
PLANS = {
    "nothing goes wrong": Plan(),
    "the remote is slow, gone, cut off": Plan(faults=CUTS),
    "clones are killed, sleep, and have clocks that are off": Plan(faults=("kills", "slow", "clocks", "sleep")),
    "the branch is rolled back": Plan(faults=("roll back", "slow")),
    "few tasks, many faults": Plan(tasks=3, faults=("kills", *CUTS)),
}
CLONES = range(3, 9)
ROUNDS = [pytest.param(1, id="short"), pytest.param(24, id="long", marks=pytest.mark.soak)]
"""Fleets of each plan and size; each plays one history for each task: 210 in all in a short run, 5,040 in a long one."""

OPERATIONS = 48
"""Operations of all clones of a fleet."""


@pytest.mark.slow
@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("clones", CLONES)
@pytest.mark.parametrize("plan", [pytest.param(plan, id=name) for name, plan in PLANS.items()])
def test_confirmed_operations_are_those_of_one_register(tmp_path: Path, plan: Plan, clones: int, rounds: int) -> None:
    plan = plan._replace(clones=clones, operations=OPERATIONS // clones)
    for number in range(rounds):
        seed = SEED + number
        folder = tmp_path / str(number)
        folder.mkdir()
        history, fleet = play(folder, plan._replace(seed=seed))
        assert len(history) >= OPERATIONS * 0.4, seed
        assert not broken(history), seed
        assert not fences_that_do_not_grow(history), seed
        assert not grants_that_are_gone(history, _require_equal(fleet)), seed
        assert not [finding for clone in fleet for finding in findings_of(clone)], seed
        shutil.rmtree(folder)


def _require_equal(clones: list[Path]) -> list[str]:
    """In the end every clone has every record, and says the same of every task; the records."""
    settle(clones)
    logs = [sorted((clone / "_bus/events/events.jsonl").read_text().splitlines()) for clone in clones]
    assert all(log == logs[0] for log in logs)
    claims = [
        {path.name: json.loads(path.read_text()) for path in sorted((clone / "_bus/claims").glob("*.json"))}
        for clone in clones
    ]
    assert all(content == claims[0] for content in claims)
    return logs[0]


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [pytest.param(3, id="short"), pytest.param(40, id="long", marks=pytest.mark.soak)])
def test_an_operation_that_is_not_confirmed_takes_nothing_from_one_that_is(tmp_path: Path, rounds: int) -> None:
    for number in range(rounds):
        folder = tmp_path / str(number)
        folder.mkdir()
        history, clones = play(folder, Plan(tasks=3, loose=0.5, seed=SEED + number))
        confirmed = [
            operation for operation in history if operation.confirmed and operation.verb in ("claim", "reopen")
        ]
        assert not fences_that_do_not_grow(confirmed), SEED + number
        _require_equal(clones)


@pytest.mark.soak
@pytest.mark.parametrize("weaken", ALL, ids=lambda weaken: weaken.__name__)
def test_each_weakening_of_the_protocol_is_noticed(tmp_path: Path, weaken) -> None:
    faults = ("cut before", "cut after", "slow") if "answer" in weaken.__name__ else ("slow",)
    for number in range(30):
        folder = tmp_path / str(number)
        folder.mkdir()
        plan = Plan(clones=4, tasks=2, operations=8, faults=faults, seed=number, weaken=weaken)
        history, _ = play(folder, plan)
        if broken(history) or fences_that_do_not_grow(history):
            return
    pytest.fail("no history shows it")


# -- the checker itself ------------------------------------------------------------------------------


def operation(agent: str, verb: str, invoked: int, acknowledged: int, code: int = 0, fence: int = 0) -> Operation:
    return Operation(agent, verb, "T", invoked, acknowledged, code, fence)


def test_one_after_the_other_is_explained() -> None:
    assert explains(
        [operation("a", "claim", 1, 2, fence=1), operation("b", "claim", 3, 4, 4), operation("a", "release", 5, 6)]
    )


def test_two_winners_are_not_explained_though_they_called_at_once() -> None:
    assert not explains([operation("a", "claim", 1, 9, fence=1), operation("b", "claim", 1, 9, fence=1)])


def test_a_refusal_on_old_news_is_not_explained() -> None:
    assert not explains(
        [operation("a", "claim", 1, 2), operation("a", "release", 3, 4), operation("b", "claim", 5, 6, 4)]
    )


def test_what_had_no_answer_may_have_happened_or_not() -> None:
    lost = operation("a", "claim", 1, NEVER, UNKNOWN)
    assert explains([lost, operation("b", "claim", 3, 4, fence=1)])
    assert explains([lost, operation("b", "claim", 3, 4, 4)])
    assert not explains([lost, operation("b", "claim", 3, 4, 4), operation("b", "claim", 5, 6, fence=1)])


def test_who_ended_a_task_without_an_answer_may_refuse_what_others_may_not():
    held = [operation("a", "claim", 1, 2, fence=1), operation("a", "done", 3, NEVER, UNKNOWN)]
    others = [operation("b", "reopen", 9, 10, 4)]
    assert explains([*held, operation("a", "claim", 5, 6, 4), *others])
    assert not explains([held[0], operation("a", "claim", 5, 6, 4), *others])
    assert not explains([*held, operation("c", "claim", 5, 6, 4), operation("c", "relieve", 7, 8, 4), *others])


def test_a_grant_whose_event_is_gone_is_named():
    grants = [operation("a", "claim", 1, 2, fence=1), operation("b", "claim", 3, 4, fence=2)]
    log = ['{"agent_id": "a", "event": "claim", "task_id": "T", "claim": {"agent_id": "a", "fence": 1}}']
    assert grants_that_are_gone(grants, log) == ["b claim -> 0 fence 2"]
