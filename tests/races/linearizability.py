"""Could what the clients were told have happened one operation at a time, each between its call and its answer?

The search is that of Wing and Gong (1993) with the memory of configurations that Lowe (2017) added:
take any operation that was called before all others left were answered, see whether its answer is
what the sequential model would have said, go on, and step back where nothing fits. An operation that
fits and changes nothing is taken at once, since waiting with it can only lose.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

MAX_CONFIGURATIONS = 200_000
"""Configurations after which the search gives up; histories of a few clients need about one each operation."""

IMPOSSIBLE: Any = object()
"""What a model answers when an operation cannot have ended as it did in a state."""


class Operation(NamedTuple):
    """What one client asked and was told; the moments are of one clock that all clients share."""

    client: str
    invoked: int
    acknowledged: int
    call: Any
    answer: Any


Model = Callable[[Any, Operation], Any]
"""The state after an operation, or IMPOSSIBLE; the state itself where nothing changes."""


class Verdict(NamedTuple):
    """An order in which it could have happened; without one, how far it went and what did not fit then."""

    holds: bool
    order: tuple[Operation, ...]
    state: Any
    stuck: tuple[Operation, ...] = ()

    def __str__(self) -> str:
        last = "\n".join(f"  {_said(operation)}" for operation in self.order[-5:])
        stuck = "\n".join(f"  {_said(operation)}" for operation in self.stuck)
        return f"after {len(self.order)} operations, the last of them\n{last}\nin {self.state}\nnone of these fits:\n{stuck}"


def _said(operation: Operation) -> str:
    return f"{operation.client} {operation.call} -> {operation.answer}"


class Undecided(Exception):
    """The search was given up."""


class _Configuration(NamedTuple):
    done: int  # a bit for each operation
    state: Hashable
    path: Any  # (number of the last operation, path before it) or None
    length: int


def check(history: Iterable[Operation], initial: Hashable, model: Model) -> Verdict:
    """Whether a history is linearizable; Undecided past MAX_CONFIGURATIONS."""
    operations = sorted(history, key=lambda operation: operation.invoked)
    furthest = _Configuration(0, initial, None, 0)
    waiting, seen = [furthest], set()
    while waiting:
        here = waiting.pop()
        if (here.done, here.state) in seen:
            continue
        seen.add((here.done, here.state))
        if len(seen) > MAX_CONFIGURATIONS:
            raise Undecided(f"{len(operations)} operations")
        if here.length > furthest.length:
            furthest = here
        if here.length == len(operations):
            break
        waiting += _successors(operations, here, model)
    order = tuple(operations[number] for number in _numbers(furthest.path))
    stuck = tuple(operations[number] for number in _candidates(operations, furthest.done))
    return Verdict(not stuck, order, furthest.state, stuck)


def _successors(operations: Sequence[Operation], here: _Configuration, model: Model) -> list[_Configuration]:
    found = []
    for number in _candidates(operations, here.done):
        state = model(here.state, operations[number])
        if state is IMPOSSIBLE:
            continue
        after = _Configuration(here.done | 1 << number, state, (number, here.path), here.length + 1)
        if state == here.state:
            return [after]
        found.append(after)
    return found


def _candidates(operations: Sequence[Operation], done: int) -> Iterator[int]:
    """The operations that may come next: called before any other that is left was answered."""
    first_answer = float("inf")
    first_left = (~done & (done + 1)).bit_length() - 1
    for number in range(first_left, len(operations)):
        if done >> number & 1:
            continue
        if operations[number].invoked > first_answer:
            return
        first_answer = min(first_answer, operations[number].acknowledged)
        yield number


def _numbers(path: Any) -> list[int]:
    found = []
    while path is not None:
        found.append(path[0])
        path = path[1]
    return found[::-1]


def out_of_order(lines: Iterable[tuple[int, int]]) -> int | None:
    """The number of the first line of a log that was answered for before an earlier line was asked for.

    `lines` are the moments (invoked, acknowledged) of the log's records as they stand in it.
    """
    latest_call = 0
    for number, (invoked, acknowledged) in enumerate(lines):
        if acknowledged < latest_call:
            return number
        latest_call = max(latest_call, invoked)
    return None
