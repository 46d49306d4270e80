"""Clones of one origin, each a process that does random operations, and what goes wrong between them.

A clone does its operations in its own process and writes each down before it begins and when it was
answered, so that what a killed process had begun is on record. Faults are put around the two ways
to the remote, fetch and push, and around the clock; a weakening is put into the toolkit itself.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.acting import context_of
from tests.clones import make_clone, make_origin
from tests.register.histories import NEVER, UNKNOWN, Operation
from tools.core.bus import assignments, claim_documents, claims
from tools.core.bus.assignment_rules import AssignmentRequest
from tools.core.bus.rules.claim_rules import Request
from tools.core.checks.run import check_bus
from tools.core.errors import ToolkitError
from tools.core.fs import folders
from tools.core.git import remotes
from tools.core.git.remotes import Push
from tools.core.models.manifest import Manifest
from tools.core.seats.seat import Seat
from tools.core.sync import confirm, exchange
from tools.core.workspace import Workspace

PATIENCE = timedelta(seconds=20)
VERBS = ("claim", "claim", "claim", "reopen", "release", "done", "relieve", "assign")
NEXT = {
    "claim": ("release", "release", "done", "relieve"),
    "reopen": ("release", "done", "relieve"),
    "release": ("claim", "claim", "assign"),
    "done": ("reopen", "claim", "assign"),
    "relieve": ("claim", "claim", "reopen"),
    "assign": ("claim", "release", "relieve"),
}
"""What a clone does next on a task that it goes on with, so that grants follow each other."""


class Plan(NamedTuple):
    """How many clones do how many operations on how many tasks, and what goes wrong."""

    clones: int = 3
    tasks: int = 8
    operations: int = 16
    faults: tuple[str, ...] = ()
    seed: int = 0
    weaken: Callable[[], None] | None = None
    loose: float = 0.0  # the share of operations that are not confirmed
    goes_on: float = 0.4  # the share of operations on the same task as the clone's last one


def play(folder: Path, plan: Plan) -> tuple[list[Operation], list[Path]]:
    """Runs the clones to their end; the answers, and where the clones lie."""
    origin = make_origin(folder)
    clones = [make_clone(origin, folder / f"clone-{number}", f"codex-{number}") for number in range(plan.clones)]
    running = [fork(lambda number=number: _live(clones[number], number, plan)) for number in range(plan.clones)]
    nemesis = fork(lambda: _roll_back(origin, plan)) if "roll back" in plan.faults else 0
    ends = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in running]
    if nemesis:
        os.kill(nemesis, signal.SIGKILL)
        os.waitpid(nemesis, 0)
    assert not any(ends), f"a clone died of itself: {ends}"
    return [operation for clone in clones for operation in answers_of(clone)], clones


def fork(work: Callable[[], None]) -> int:
    """Does work in a process of its own; its number."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(3)
    return child


def _live(clone: Path, number: int, plan: Plan) -> None:
    """One clone's life; where it is to be killed, each operation is another process of it."""
    chance = random.Random(plan.seed * 100 + number)
    if "clocks" in plan.faults:
        _set_clock(chance.choice((-6, 0, 6)) * 3600)
    _exchange(clone, f"codex-{number}", push=False)  # it has joined; only then can it judge whose clock is off
    if plan.weaken is not None:
        plan.weaken()
    ways = Ways(remotes.push, remotes.fetch_only)
    step = Step("", "")
    for turn in range(plan.operations):
        if "sleep" in plan.faults and chance.random() < 0.1:
            time.sleep(chance.uniform(0.5, 1.5))  # the others go on meanwhile
        _put_faults_around_the_remote(ways, chance, plan.faults)
        step = _next_step(step, chance, plan)
        seed = chance.random()
        if "kills" not in plan.faults or chance.random() < 0.7:
            _act(clone, number, turn, step, random.Random(seed), plan)
            continue
        victim = fork(
            lambda turn=turn, step=step, seed=seed: _act(clone, number, turn, step, random.Random(seed), plan)
        )
        _wait_until_begun(_place_of(clone, turn), victim)
        time.sleep(chance.uniform(0.0, 0.25))
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1]) in (0, -signal.SIGKILL)


def _wait_until_begun(place: Path, process: int) -> None:
    """Waits for what a process writes down first, or its end, so that no machine is too slow to kill it at its work."""
    while not place.exists() and os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.01)


class Step(NamedTuple):
    """What a clone does in a turn."""

    verb: str
    task: str


def _next_step(last: Step, chance: random.Random, plan: Plan) -> Step:
    if last.verb and chance.random() < plan.goes_on:
        return last._replace(verb=chance.choice(NEXT[last.verb]))
    return Step(chance.choice(VERBS), f"T-{chance.randrange(plan.tasks)}")


def _set_clock(offset: int) -> None:
    """Moves this machine's clock: of its processes, and of the files that they write."""
    real = time.time
    time.time = lambda: real() + offset
    folders.clock_skew = lambda place: 0.0


def _exchange(clone: Path, agent: str, *, push: bool) -> None:
    context = context_of(Workspace(str(clone), str(clone)), seat=Seat(agent, None))
    exchange.exchange(context, agent, push=push)
    context.close()


def _act(clone: Path, number: int, turn: int, step: Step, chance: random.Random, plan: Plan) -> None:
    agent = f"codex-{number}"
    verb, task = step
    engineer = f"codex-{chance.randrange(plan.clones)}" if verb == "assign" else ""
    is_confirmed = chance.random() >= plan.loose
    operation = Operation(agent, verb, task, time.monotonic_ns(), NEVER, UNKNOWN, 0, engineer, is_confirmed)
    write_down(clone, turn, operation)
    seat = Seat(agent, Manifest(agent_id=agent, desired_roles=("manager",)))
    context = context_of(Workspace(str(clone), str(clone)), seat=seat)

    def act() -> confirm.Acted:
        return confirm.Acted(perform(context, operation), task)

    try:
        result = (confirm.confirm(context, agent, act, patience=PATIENCE) if is_confirmed else act()).result
        code, fence = 0, result.fence if result is not None else 0
        if not is_confirmed and chance.random() < 0.5:
            exchange.exchange(context, agent, push=True, patience=PATIENCE)
    except ToolkitError as refusal:
        if refusal.code == "claim.lost":  # a notice of an earlier loss; nothing was tried
            forget(clone, turn)
            return
        code, fence = refusal.exit_code if refusal.exit_code in (3, 4) else UNKNOWN, 0
    finally:
        context.close()
    moment = NEVER if code == UNKNOWN else time.monotonic_ns()
    write_down(clone, turn, operation._replace(acknowledged=moment, code=code, fence=fence))


def perform(context: Any, operation: Operation) -> Any:
    """Performs an operation on the live bus; the claim that came of it."""
    if operation.verb in ("claim", "reopen"):
        reason = "again" if operation.verb == "reopen" else ""
        request = Request(
            operation.task, operation.agent, reopen=operation.verb == "reopen", reason=reason, allow_unassigned=True
        )
        return claims.take(context, request).claim
    if operation.verb in ("release", "done"):
        status = "released" if operation.verb == "release" else "done"
        return claims.release(context, operation.task, status=status, notes=None).claim
    if operation.verb == "relieve":
        return claims.pause(
            context, operation.task, notes="gone", stale_after=timedelta(hours=4), force=True, reason="a test"
        ).claim
    request = AssignmentRequest(operation.task, operation.engineer, operation.agent, reassign=True, reason="moved")
    result = assignments.assign(context, request)
    return result.claim if result.claim else claim_documents.of_task(context.store, operation.task).claim


# -- the answers --------------------------------------------------------------------------------------


def write_down(clone: Path, turn: int, operation: Operation) -> None:
    """Keeps an operation, or its answer, in a folder beside the clone."""
    place = _place_of(clone, turn)
    place.parent.mkdir(exist_ok=True)
    beside = place.with_name(f".{turn:04}")
    beside.write_text(json.dumps(operation._asdict()))
    beside.rename(place)


def _place_of(clone: Path, turn: int) -> Path:
    """The file of a turn's operation."""
    return clone.parent / f"{clone.name}-history" / f"{turn:04}.json"


def forget(clone: Path, turn: int) -> None:
    """Drops an operation that was not tried."""
    _place_of(clone, turn).unlink()


def answers_of(clone: Path) -> Iterator[Operation]:
    """The operations of a clone as they were written down last, oldest first."""
    for path in sorted((clone.parent / f"{clone.name}-history").glob("*.json")):
        yield Operation(**json.loads(path.read_text()))


# -- what goes wrong ---------------------------------------------------------------------------------


class Ways(NamedTuple):
    """The two ways to the remote as they are without faults."""

    push: Callable[..., Push]
    fetch: Callable[..., str]


def _put_faults_around_the_remote(ways: Ways, chance: random.Random, faults: tuple[str, ...]) -> None:
    """Something goes wrong at one of the next times that the remote is called, not at all of them."""
    left = [chance.choice(faults)] if faults and chance.random() < 0.5 else []

    def meets(*kinds: str) -> str:
        return left.pop() if left and left[0] in kinds else ""

    def fetch(*arguments: Any, **more: Any) -> str:
        if meets("slow"):
            time.sleep(chance.uniform(0.0, 0.3))
        if meets("gone"):
            return ways.fetch(arguments[0], "nowhere", *arguments[2:], **more)
        return ways.fetch(*arguments, **more)

    def push(*arguments: Any, **more: Any) -> Push:
        wrong = meets("cut before", "cut after", "twice")
        if wrong == "cut before":
            return Push(reason="the connection was cut")
        answer = ways.push(*arguments, **more)
        if wrong == "twice":
            ways.push(*arguments, **more)
        return Push(reason="the connection was cut") if wrong == "cut after" else answer

    remotes.fetch_only = fetch  # type: ignore[assignment]
    remotes.push = push  # type: ignore[assignment]


def _roll_back(origin: Path, plan: Plan) -> None:
    """Moves the shared branch back to an older commit, again and again."""
    chance = random.Random(plan.seed)
    while True:
        time.sleep(chance.uniform(0.2, 0.8))
        listed = subprocess.run(["git", "rev-list", "bus"], cwd=origin, capture_output=True, text=True).stdout.split()
        if len(listed) > 2:
            subprocess.run(["git", "update-ref", "refs/heads/bus", chance.choice(listed)], cwd=origin)


def findings_of(clone: Path) -> list[str]:
    """What the check of a clone's bus says, against the branch that all of them have."""
    context = context_of(Workspace(str(clone), str(clone)))
    checked = check_bus(context, base="origin/bus")
    context.close()
    return [f"{clone.name}: {finding}" for finding in checked.findings]


def settle(clones: list[Path]) -> None:
    """Each clone pushes what it has, then takes in what the others pushed; faults are over."""
    for number, clone in [*enumerate(clones), *enumerate(clones), *enumerate(clones)]:
        _exchange(clone, f"codex-{number}", push=True)
