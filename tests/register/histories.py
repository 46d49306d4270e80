"""A task among clones as one register: some order must explain the answers of confirmed operations.

The model here is its own, without the toolkit's rules: who holds a task, in which state, with which
fence. An operation whose answer never came may have happened at any time after its call, or never;
its own clone has it all the same, "changed here but not confirmed", and may refuse on the ground of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

UNKNOWN = -1
"""The code of an operation whose answer never came: its process died, or the remote gave none."""

REFUSED = (3, 4)
NEVER = 1 << 62


class Operation(NamedTuple):
    """One operation on one task: who called what on which clone, between which moments, and the answer."""

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


def after(state: State, operation: Operation) -> tuple[int, State]:
    """What one register would answer (0 or a refusal), and what it would hold then."""
    is_own = state.holder == operation.agent and state.status in ("active", "paused", "relieved")
    granted = State("active", operation.agent, state.fence + 1)
    if operation.verb in ("claim", "reopen"):
        if is_own:
            return 0, state._replace(status="active")
        open_to = ("free", "released", "relieved", *(("done", "paused") if operation.verb == "reopen" else ()))
        return (0, granted) if state.status in open_to else (4, state)
    if operation.verb in ("release", "done"):
        if state.holder != operation.agent:
            return 3, state
        if not is_own:
            return 0, state
        return 0, state._replace(status="released" if operation.verb == "release" else "done")
    if operation.verb == "relieve":
        if state.status not in ("active", "paused", "relieved"):
            return (3 if state.status == "free" else 4), state
        if is_own:
            return 0, state._replace(status="paused")
        return 0, state._replace(status="relieved")
    assert operation.verb == "assign"
    if state.status == "done":
        return 4, state
    if state.holder == operation.engineer and state.status in ("active", "paused"):
        return 0, state
    if state.holder == operation.engineer and state.status == "relieved":
        return 0, state._replace(status="active")
    return 0, State("active", operation.engineer, state.fence + 1)


def explains(history: Iterable[Operation], most: int = 300_000) -> bool:
    """Whether some order of a task's operations, each between its call and its answer, explains all their answers."""
    operations = sorted(history, key=lambda operation: operation.invoked)
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
            operation = operations[number]
            if operation.invoked > first:
                break
            waiting += _next(done | 1 << number, state, operation, operations)
    return False


def _next(done: int, state: State, operation: Operation, operations: Iterable[Operation]) -> list[tuple[int, State]]:
    code, then = after(state, operation)
    if operation.code == UNKNOWN:
        return [(done, state), (done, then)] if code == 0 and then != state else [(done, state)]
    if code != 0:
        return [(done, state)] if operation.code in REFUSED else []
    if operation.code in REFUSED:
        return [(done, state)] if _is_refused_here(state, operation, operations) else []
    is_same = operation.code == 0 and (not operation.fence or operation.fence == then.fence)
    return [(done, then)] if is_same else []


def _is_refused_here(state: State, operation: Operation, operations: Iterable[Operation]) -> bool:
    """Whether what the same clone had begun before, without an answer, makes it refuse."""
    states = {state}
    for earlier in operations:
        if earlier.agent == operation.agent and earlier.code == UNKNOWN and earlier.invoked < operation.invoked:
            states |= {after(each, earlier)[1] for each in states}
    return any(after(each, operation)[0] != 0 for each in states)


def broken(histories: Iterable[Operation]) -> list[str]:
    """The tasks whose history no register explains, with their answers."""
    by_task: dict[str, list[Operation]] = {}
    for operation in histories:
        by_task.setdefault(operation.task, []).append(operation)
    return [
        f"{task}: "
        + "; ".join(_shown(operation) for operation in sorted(operations, key=lambda operation: operation.invoked))
        for task, operations in sorted(by_task.items())
        if not explains(operations)
    ]


def fences_that_do_not_grow(histories: Iterable[Operation]) -> list[str]:
    """Grants of one task, the first answered before the second was called, whose fences do not grow."""
    grants: dict[str, list[Operation]] = {}
    for operation in histories:
        if operation.code == 0 and operation.verb in ("claim", "reopen") and operation.fence:
            grants.setdefault(operation.task, []).append(operation)
    return [
        f"{task}: {_shown(first)}; {_shown(second)}"
        for task, operations in grants.items()
        for first in operations
        for second in operations
        if first.acknowledged < second.invoked and second.agent != first.agent and second.fence <= first.fence
    ]


def grants_that_are_gone(histories: Iterable[Operation], log: Iterable[str]) -> list[str]:
    """Grants that were answered and whose event no clone has in the end."""
    kept = set()
    for line in log:
        record = json.loads(line)
        claim = record.get("claim") or {}
        kept.add((claim.get("agent_id"), record.get("task_id"), claim.get("fence")))
    return [
        _shown(operation)
        for operation in histories
        if operation.code == 0
        and operation.verb in ("claim", "reopen")
        and (operation.agent, operation.task, operation.fence) not in kept
    ]


def _shown(operation: Operation) -> str:
    what = f"{operation.agent} {operation.verb}{f' {operation.engineer}' if operation.engineer else ''}"
    answer = (
        "?"
        if operation.code == UNKNOWN
        else f"{operation.code}" + (f" fence {operation.fence}" if operation.fence else "")
    )
    return f"{what} -> {answer}"
