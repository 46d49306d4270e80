"""The command that helps where a plan breaks a rule: a step, a receipt or a task is named where the plan says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tools.core import hint, ids
from tools.core.hint import WORDS, Hint
from tools.core.problem import Problem
from tools.core.workspace import PLANS

Make = Callable[[Problem, str, Mapping[str, Any]], Hint]
"""A fix of a problem in a plan, by the plan's id and content."""


def fix_of(problem: Problem, plan_id: str, raw: Mapping[str, Any]) -> Hint | None:
    """What helps against a problem of a plan; None where the plan has no name that a command takes."""
    made = FIXES[problem.code](problem, plan_id, raw)
    names_plan = any(command.program == "tools.planner.cli" for command in made.commands)
    return None if names_plan and not ids.is_plan(plan_id) else made


def _value(problem: Problem, raw: Mapping[str, Any]) -> str:
    """The text that a problem's pointer names; the user knows it where it names none."""
    part: Any = raw
    for key in problem.pointer.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        if isinstance(part, dict):
            part = part.get(key)
        else:
            part = part[int(key)] if isinstance(part, list) and key.isdecimal() and int(key) < len(part) else None
    return part if isinstance(part, str) and part else WORDS


def _step(problem: Problem, raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The step that a problem is in, as an argument; () where it is in the plan itself."""
    parts = problem.pointer.split("/")
    if parts[1:2] != ["steps"]:
        return ()
    return (_value(problem._replace(pointer=f"/steps/{parts[2]}/id"), raw),)


def _history(problem: Problem, _: str, __: Mapping[str, Any]) -> Hint:
    return hint.git("log", "-p", "--", problem.path)


def _committed(problem: Problem, _: str, __: Mapping[str, Any]) -> Hint:
    return hint.git("show", f"HEAD:{problem.path}")


def _repository(_: Problem, __: str, ___: Mapping[str, Any]) -> Hint:
    return hint.git("init")


def _hygiene(option: str) -> Make:
    return lambda problem, _, __: hint.tool("maintenance.plan_hygiene", option, problem.path)


def _rename(problem: Problem, _: str, raw: Mapping[str, Any]) -> Hint:
    name = raw.get("plan_id")
    if not ids.is_plan(name):
        return hint.git("log", "-p", "--", problem.path)
    return hint.git("mv", problem.path, f"{PLANS}/{name}.plan.json")


def _show(_: Problem, plan_id: str, __: Mapping[str, Any]) -> Hint:
    return hint.tool("planner.cli", "show", plan_id)


def _attach(problem: Problem, plan_id: str, raw: Mapping[str, Any]) -> Hint:
    return hint.tool("planner.cli", "attach-receipt", plan_id, *_step(problem, raw), "--file", WORDS)


def _detach(problem: Problem, plan_id: str, raw: Mapping[str, Any]) -> Hint:
    return hint.tool("planner.cli", "detach-receipt", plan_id, *_step(problem, raw), "--file", _value(problem, raw))


def _lookup(problem: Problem, _: str, raw: Mapping[str, Any]) -> Hint:
    return hint.git("log", "--oneline", "--all", "--", _value(problem, raw).partition("#")[0])


def _stage(*options: str) -> Make:
    return lambda problem, _, raw: hint.git("add", *options, "--", _value(problem, raw).partition("#")[0])


def _verify(problem: Problem, _: str, raw: Mapping[str, Any]) -> Hint:
    return hint.tool("agent.receipt_run", "verify", _value(problem, raw).partition("#")[0])


def _claim(problem: Problem, plan_id: str, raw: Mapping[str, Any]) -> Hint:
    task = _value(problem, raw).rpartition("/")[2].removesuffix(".json")
    return hint.tool("agent.bus_claim", "claim", "--task", task, "--plan", plan_id)


FIXES: dict[str, Make] = {
    "plan.unreadable": _history,
    "plan.form": _committed,
    "plan.git": _repository,
    "plan.shape": _hygiene("--check"),
    "plan.name": _rename,
    "plan.steps": _show,
    "plan.checkpoint": _show,
    "plan.open_step": _show,
    "plan.no_receipt": _attach,
    "plan.duplicate": _hygiene("--apply"),
    "plan.receipt.path": _detach,
    "plan.receipt.missing": _lookup,
    "plan.receipt.ignored": _stage("-f"),
    "plan.receipt.untracked": _stage(),
    "plan.receipt.unparseable": _detach,
    "plan.receipt.broken": _verify,
    "plan.link.missing": _lookup,
    "plan.link.claim": _claim,
}
"""Every rule of plans, and what helps where it is broken."""
