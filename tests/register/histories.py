"""A task among clones as one register: what confirmed operations were told must have an order that explains it.

The model here is its own, without the toolkit's rules: who holds a task, in which state, with which
fence. An operation whose answer never came may have happened at any time after it was asked, or never.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

UNKNOWN = -1
"""The code of an operation whose answer never came: its process died, or the remote gave none."""

REFUSED = (3, 4)
NEVER = 1 << 62


class Done(NamedTuple):
    """One operation on one task: who asked what of which clone, between which moments, and what was told."""

    agent: str
    verb: str  # claim, reopen, take, release, done, pause, relieve, assign
    task: str
    invoked: int
    acknowledged: int
    code: int
    fence: int = 0
    engineer: str = ""
    confirmed: bool = True


class State(NamedTuple):
    """A task as the register has it."""

    status: str = "free"  # free, active, paused, relieved, released, done
    holder: str = ""
    fence: int = 0


def after(state: State, asked: Done) -> tuple[int, State]:
    """What one register would answer (0 or a refusal), and what it would hold then."""
    mine = state.holder == asked.agent and state.status in ("active", "paused", "relieved")
    granted = State("active", asked.agent, state.fence + 1)
    if asked.verb in ("claim", "reopen"):
        if mine:
            return 0, state._replace(status="active")
        open_to = ("free", "released", "relieved", *(("done", "paused") if asked.verb == "reopen" else ()))
        return (0, granted) if state.status in open_to else (4, state)
    if asked.verb in ("release", "done"):
        if state.holder != asked.agent:
            return 3, state
        if not mine:
            return 0, state
        return 0, state._replace(status="released" if asked.verb == "release" else "done")
    if asked.verb == "relieve":
        if state.status not in ("active", "paused", "relieved"):
            return (3 if state.status == "free" else 4), state
        if mine:
            return 0, state._replace(status="paused")
        return 0, state._replace(status="relieved")
    assert asked.verb == "assign"
    if state.status == "done":
        return 4, state
    if state.holder == asked.engineer and state.status in ("active", "paused"):
        return 0, state
    if state.holder == asked.engineer and state.status == "relieved":
        return 0, state._replace(status="active")
    return 0, State("active", asked.engineer, state.fence + 1)


def explains(history: Iterable[Done], most: int = 300_000) -> bool:
    """Whether some order of a task's operations, each between its call and its answer, tells all their answers."""
    operations = sorted(history, key=lambda one: one.invoked)
    waiting: list[tuple[int, State]] = [(0, State())]
    seen: set[tuple[int, State]] = set()
    while waiting:
        done, state = waiting.pop()
        if (done, state) in seen:
            continue
        seen.add((done, state))
        assert len(seen) < most, "the search was given up"
        left = [number for number in range(len(operations)) if not done >> number & 1]
        if all(operations[number].code == UNKNOWN for number in left):
            return True
        first = min(operations[number].acknowledged for number in left)
        for number in left:
            asked = operations[number]
            if asked.invoked > first:
                break
            waiting += _next(done | 1 << number, state, asked)
    return False


def _next(done: int, state: State, asked: Done) -> list[tuple[int, State]]:
    code, then = after(state, asked)
    if asked.code == UNKNOWN:
        return [(done, state), (done, then)] if code == 0 and then != state else [(done, state)]
    if code != 0:
        return [(done, state)] if asked.code in REFUSED else []
    is_told = asked.code == 0 and (not asked.fence or asked.fence == then.fence)
    return [(done, then)] if is_told else []


def broken(histories: Iterable[Done]) -> list[str]:
    """The tasks whose history no register explains, with what was told."""
    by_task: dict[str, list[Done]] = {}
    for one in histories:
        by_task.setdefault(one.task, []).append(one)
    return [
        f"{task}: " + "; ".join(_said(one) for one in sorted(told, key=lambda one: one.invoked))
        for task, told in sorted(by_task.items())
        if not explains(told)
    ]


def fences_that_do_not_grow(histories: Iterable[Done]) -> list[str]:
    """Grants of one task, one answered before the other was asked, whose fences do not grow."""
    grants: dict[str, list[Done]] = {}
    for one in histories:
        if one.code == 0 and one.verb in ("claim", "reopen") and one.fence:
            grants.setdefault(one.task, []).append(one)
    return [
        f"{task}: {_said(first)}; {_said(second)}"
        for task, told in grants.items()
        for first in told
        for second in told
        if first.acknowledged < second.invoked and second.agent != first.agent and second.fence <= first.fence
    ]


def _said(one: Done) -> str:
    what = f"{one.agent} {one.verb}{f' {one.engineer}' if one.engineer else ''}"
    answer = "?" if one.code == UNKNOWN else f"{one.code}" + (f" fence {one.fence}" if one.fence else "")
    return f"{what} -> {answer}"


def facts(told: dict[str, Any]) -> Done:
    """An operation as a clone wrote it down."""
    return Done(**told)
