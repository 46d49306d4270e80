"""What each client will ask, drawn from a seed before anything starts: all writers, mixed, about few tasks.

The clients go through the same short phases, so that those who are about as fast get in each other's way: in
one they work on tasks, in the next on their worktree's plan, and so on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

TASKS = tuple(f"QUEUE-{number:03}" for number in range(1, 6))
PLAN = "2026-01-31-race"
SHARED = "label-"
"""How the labels of saved sessions begin that the clients of a worktree fight for."""
PHASE = 4
"""Calls a client makes in a phase."""
PHASES = ("tasks", "tasks", "plans", "bus", "sessions")


class Call(NamedTuple):
    """One operation: what it means to the models, and the command that does it."""

    kind: str
    about: str  # the task, plan or label
    values: dict[str, Any]
    module: str
    arguments: list[str]


class Client(NamedTuple):
    """Who a client is, whom else it knows, and the task of the phase."""

    agent: str
    others: Sequence[str]
    draw: random.Random
    task: str = TASKS[0]


Maker = Callable[[Client, int], Call]


def calls(seed: int, agent: str, agents: Sequence[str], count: int) -> list[Call]:
    """A client's operations; a phase of tasks begins with a task that nobody had and all ask for or give away."""
    others = [other for other in agents if other != agent] or ["bystander"]
    client = Client(agent, others, random.Random(f"{seed} {agent}"))
    drawn = []
    for number, (phase, task) in enumerate(_turns(seed, count)):
        opens = phase == "tasks" and number % PHASE == 0
        make = client.draw.choice((_ask, _reserve) if opens else _MAKERS[phase]) if number else _ask
        drawn.append(make(client._replace(task=f"NEW-{number:03}" if opens else task), number))
    return drawn


def _turns(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """The phase that each call belongs to and the phase's task, for all clients alike; tasks come first."""
    draw = random.Random(seed)
    phases = [("tasks", TASKS[0])]
    while len(phases) * PHASE < count:
        phases += [(phase, draw.choice(TASKS)) for phase in draw.sample(PHASES, len(PHASES))]
    return (phases[number // PHASE] for number in range(count))


def _call(kind: str, about: str, values: dict[str, Any], module: str, *words: str) -> Call:
    """A command about a task, its values as options: True is a flag, what is false or empty is left out."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in values.items() if value and value is not True]
    flags = [f"--{name.replace('_', '-')}" for name, value in values.items() if value is True]
    return Call(kind, about, values, module, [*words, "--task", about, *options, *flags])


def _task(client: Client) -> str:
    return client.task if _sometimes(client, 0.6) else client.draw.choice(TASKS)


def _sometimes(client: Client, chance: float = 0.3) -> bool:
    return client.draw.random() < chance


def _reason(client: Client, chance: float = 0.3) -> str:
    return "because" if _sometimes(client, chance) else ""


def _claim(client: Client, number: int) -> Call:
    values = {
        "status": "paused" if _sometimes(client, 0.1) else "active",
        "notes": f"{client.agent} {number}" if _sometimes(client) else "",
        "allow_unassigned": _sometimes(client, 0.5),
    }
    if _sometimes(client):
        values |= {"reason": "because", "reopen": _sometimes(client, 0.7)}
    return _call("claim", _task(client), values, "agent.bus_claim", "claim")


def _ask(client: Client, _: int) -> Call:
    return _call("claim", client.task, {"status": "active"}, "agent.bus_claim", "claim")


def _reserve(client: Client, _: int) -> Call:
    engineer = client.draw.choice(client.others)
    values = {"engineer": engineer, "no_auto_claim": True}
    return _call("assign", client.task, values, "agent.task_assign")


def _release(client: Client, _: int) -> Call:
    status = client.draw.choice(["released", "released", "released", "paused", "done"])
    return _call("release", _task(client), {"status": status}, "agent.bus_claim", "release")


def _pause(client: Client, number: int) -> Call:
    forced = {"force": True, "reason": "because"} if _sometimes(client, 0.4) else {}
    values = {"notes": f"{client.agent} {number}", **forced}
    return _call("pause", _task(client), values, "agent.bus_claim", "pause")


def _assign(client: Client, _: int) -> Call:
    values = {"engineer": client.draw.choice(client.others), "no_auto_claim": _sometimes(client)}
    moved = {"reassign": True, "reason": "because"} if _sometimes(client, 0.5) else {}
    return _call("assign", _task(client), values | moved, "agent.task_assign")


def _seed(client: Client, _: int) -> Call:
    values = {"agent": client.agent, "status": client.draw.choice(["paused", "active"])}
    return _call("seed", _task(client), values, "agent.claim_seed")


def _pick_up(client: Client, _: int) -> Call:
    return _call("pickup", _task(client), {"allow_busy": _sometimes(client, 0.7)}, "agent.idle_pickup", "claim")


def _next(client: Client, _: int) -> Call:
    busy = _sometimes(client, 0.7)
    return Call("next", "", {"allow_busy": busy}, "agent.idle_pickup", ["next", *(["--allow-busy"] if busy else [])])


def _show(client: Client, _: int) -> Call:
    return _call("show", _task(client), {}, "agent.bus_claim", "show")


def _guarded(client: Client, number: int) -> Call:
    values = {"event": client.draw.choice(["complete", "status"]), "summary": f"{client.agent} {number}"}
    return _call("guarded", _task(client), values, "agent.bus_event", "log")


def _event(client: Client, number: int) -> Call:
    values = {"event": "note", "summary": f"{client.agent} {number} {'x' * client.draw.choice([0, 20, 1500])}"}
    return _call("event", _task(client), values, "agent.bus_event", "log")


def _message(client: Client, number: int) -> Call:
    values = {"type": "note", "summary": f"{client.agent} {number}", "note": "y" * client.draw.choice([0, 90, 20_000])}
    if _sometimes(client):
        values["target"] = client.draw.choice(client.others)
    return _call("message", _task(client), values, "agent.bus_message")


def _ping(client: Client, number: int) -> Call:
    values = {"event": "note", "message_task": "manager-report", "summary": f"{number}"}
    return _call("ping", _task(client), values, "agent.bus_ping")


def _step(client: Client, number: int) -> Call:
    said = f"{client.agent} {number}"
    return Call("step", PLAN, {"said": said}, "planner.cli", ["step", "add", PLAN, "--desc", said])


def _link(client: Client, number: int) -> Call:
    said = f"{client.agent}-{number}"
    return Call("link", PLAN, {"said": said}, "planner.cli", ["link", PLAN, f"task:{said}"])


def _save(client: Client, number: int) -> Call:
    label = f"{SHARED}{number}" if _sometimes(client, 0.7) else f"{client.agent}-{number}"
    return Call("save", label, {}, "agent.manifest_helper", ["session-save", label])


def _restore(client: Client, number: int) -> Call:
    label = f"{SHARED}{max(1, number - client.draw.randrange(4))}"
    only = ["--manifest-only"] if _sometimes(client, 0.5) else []
    return Call("restore", label, {}, "agent.manifest_helper", ["session-restore", label, *only])


def _repeated(weights: dict[Maker, int]) -> list[Maker]:
    return [maker for maker, weight in weights.items() for _ in range(weight)]


_MAKERS = {
    "tasks": _repeated(
        {_claim: 10, _release: 9, _pause: 3, _assign: 4, _seed: 1, _pick_up: 2, _next: 3, _show: 3, _guarded: 2}
    ),
    "bus": _repeated({_event: 4, _message: 4, _ping: 2, _guarded: 2, _claim: 2, _release: 2, _next: 1}),
    "plans": _repeated({_step: 3, _link: 2}),
    "sessions": _repeated({_save: 1, _restore: 1}),
}
