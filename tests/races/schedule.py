"""What each client will ask, drawn from a seed before anything starts: all writers, mixed, about few tasks."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

TASKS = tuple(f"QUEUE-{number:03}" for number in range(1, 6))
PLAN = "2026-01-31-race"
LABELS = ("early", "late")
"""The labels of saved sessions that the clients of a worktree fight for."""


class Call(NamedTuple):
    """One operation: what it means to the models, and the command that does it."""

    kind: str
    about: str  # the task, plan or label
    values: dict[str, Any]
    module: str
    arguments: list[str]


class Client(NamedTuple):
    """Who a client is, and whom else it knows."""

    agent: str
    others: Sequence[str]
    draw: random.Random


def calls(seed: int, agent: str, agents: Sequence[str], count: int) -> list[Call]:
    """A client's operations; the first is a claim that all clients make of one task."""
    others = [other for other in agents if other != agent] or ["bystander"]
    client = Client(agent, others, random.Random(f"{seed} {agent}"))
    makers = [maker for maker, weight in _MIX.items() for _ in range(weight)]
    drawn = [client.draw.choice(makers)(client, number) for number in range(1, count)]
    return [_call("claim", TASKS[0], {"status": "active"}, "agent.bus_claim", "claim"), *drawn]


def _call(kind: str, about: str, values: dict[str, Any], module: str, *words: str) -> Call:
    """A command about a task, its values as options: True is a flag, what is false or empty is left out."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in values.items() if value and value is not True]
    flags = [f"--{name.replace('_', '-')}" for name, value in values.items() if value is True]
    return Call(kind, about, values, module, [*words, "--task", about, *options, *flags])


def _task(client: Client) -> str:
    return client.draw.choice(TASKS)


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
    label = client.draw.choice(LABELS) if _sometimes(client, 0.5) else f"{client.agent}-{number}"
    return Call("save", label, {}, "agent.manifest_helper", ["session-save", label])


def _restore(client: Client, _: int) -> Call:
    label = client.draw.choice(LABELS)
    only = ["--manifest-only"] if _sometimes(client, 0.5) else []
    return Call("restore", label, {}, "agent.manifest_helper", ["session-restore", label, *only])


_MIX: dict[Callable[[Client, int], Call], int] = {
    _claim: 10,
    _release: 9,
    _pause: 3,
    _assign: 4,
    _seed: 1,
    _pick_up: 2,
    _next: 4,
    _show: 4,
    _guarded: 3,
    _event: 4,
    _message: 4,
    _ping: 2,
    _step: 3,
    _link: 2,
    _save: 2,
    _restore: 2,
}
