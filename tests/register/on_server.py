"""Agents of one server, each a process that does random operations, and what goes wrong meanwhile."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.register.fleet import VERBS, answers_of, forget, fork, perform, write_down
from tests.register.histories import NEVER, UNKNOWN, Operation
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.models.manifest import Manifest
from tools.core.seats.seat import Seat
from tools.core.store.postgres.store import PostgresStore
from tools.core.store.signpost import Address
from tools.core.workspace import Workspace


class Scene(NamedTuple):
    """The checkout that all agents share, the bus, and the folder for their answers."""

    workspace: Workspace
    address: Address
    answers: Path


class Plan(NamedTuple):
    """How many agents do how many operations on how many tasks, and what happens to them."""

    agents: int = 4
    tasks: int = 5
    operations: int = 24
    are_killed: bool = False
    clocks_are_off: bool = False
    pause: float = 0.0  # seconds at most between two operations of an agent
    seed: int = 0
    weaken: Callable[[], None] | None = None


def play(scene: Scene, plan: Plan, trouble: Callable[[], None] = lambda: time.sleep(0.02)) -> list[Operation]:
    """Runs the agents to their end, with `trouble` again and again meanwhile; the answers."""
    running = {fork(lambda number=number: _live(scene, number, plan)) for number in range(plan.agents)}
    while running:
        trouble()
        for process in list(running):
            if (ended := os.waitpid(process, os.WNOHANG))[0]:
                assert ended[1] == 0, "an agent ended with an error"
                running.remove(process)
    homes = [scene.answers / f"codex-{number}" for number in range(plan.agents)]
    return [operation for home in homes for operation in answers_of(home)]


def _live(scene: Scene, number: int, plan: Plan) -> None:
    """One agent's life: each operation has a connection of its own, as each command has."""
    chance = random.Random(plan.seed * 100 + number)
    if plan.weaken is not None:
        plan.weaken()
    if plan.clocks_are_off:
        _set_clock_wrong(chance.choice((-6, 0, 6)))
    for turn in range(plan.operations):
        operation = _drawn(chance, number, plan)
        time.sleep(chance.uniform(0.0, plan.pause))
        if not plan.are_killed or chance.random() < 0.8:
            _act(scene, turn, operation)
            continue
        victim = fork(lambda turn=turn, operation=operation: _act(scene, turn, operation))
        time.sleep(chance.uniform(0.0, 0.03))
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)


def _set_clock_wrong(hours: int) -> None:
    """Puts the clock of this process, and of those it begins, ahead of the server's."""
    right = time.time
    time.time = lambda: right() + hours * 3600


def _drawn(chance: random.Random, number: int, plan: Plan) -> Operation:
    verb = chance.choice(VERBS)
    engineer = f"codex-{chance.randrange(plan.agents)}" if verb == "assign" else ""
    return Operation(f"codex-{number}", verb, f"T-{chance.randrange(plan.tasks)}", 0, NEVER, UNKNOWN, 0, engineer)


def _act(scene: Scene, turn: int, operation: Operation) -> None:
    """Does an operation, again and again while the server is away and nothing was tried."""
    while not _was_tried(scene, turn, operation._replace(invoked=time.monotonic_ns())):
        time.sleep(0.02)


def _was_tried(scene: Scene, turn: int, operation: Operation) -> bool:
    answers = scene.answers / operation.agent
    write_down(answers, turn, operation)
    seat = Seat(operation.agent, Manifest(agent_id=operation.agent, desired_roles=("manager",)))
    store = PostgresStore(scene.workspace, scene.address)
    context = Context(scene.workspace, seat=seat, store=store)
    try:
        claim = perform(context, operation)
        code, fence = 0, claim.fence if claim is not None else 0
    except ToolkitError as refusal:
        if refusal.code == "claim.lost":  # a notice of an earlier loss
            forget(answers, turn)
            return True
        if refusal.code == "store.unreachable" and "not known" not in refusal.message:
            return False
        code, fence = refusal.exit_code if refusal.exit_code in (3, 4) else UNKNOWN, 0
    finally:
        context.close()
    moment = NEVER if code == UNKNOWN else time.monotonic_ns()
    write_down(answers, turn, operation._replace(acknowledged=moment, code=code, fence=fence))
    return True
