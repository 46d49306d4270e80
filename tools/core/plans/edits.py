"""What can be done to a plan: pure edits of its JSON mapping that keep unknown fields and every key's place.

Each returns the plan as it should become; what is already so comes back equal. Refusals are
UsageError: the plan's rules or its content do not allow the edit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tools.core import hint, versions
from tools.core.errors import UsageError
from tools.core.models.plan import plan_word
from tools.core.plans import rules

Raw = Mapping[str, Any]
Edit = Callable[[Raw], dict[str, Any]]


def new(plan_id: str, *, created: str, actor: str, owner: str, summary: str) -> dict[str, Any]:
    """A fresh plan with no step yet."""
    return {
        "version": versions.PLAN,
        "plan_id": plan_id,
        "created": created,
        "actor": actor,
        "summary": summary,
        "status": "queued",
        "steps": [],
        "checkpoint": {
            "description": "Reviewed, with the receipts that prove it attached",
            "owner": owner,
            "status": "pending",
        },
    }


def set_status(raw: Raw, status: str) -> dict[str, Any]:
    """Moves the plan along its transitions; done only once every step is."""
    rules.require_transition("the plan", _state(raw), status)
    if status == "done":
        open_steps = [str(step.get("id")) for step in _steps(raw) if _state(step) != "done"]
        if open_steps:
            raise UsageError(
                f"the plan has open steps: {', '.join(open_steps)}",
                code="plan.open_steps",
                hint=hint.tool("planner.cli", "show", str(raw.get("plan_id"))),
            )
    after = copy.deepcopy(dict(raw))
    if _state(raw) != status:
        after["status"] = status
    return after


def set_actor(raw: Raw, actor: str) -> dict[str, Any]:
    """Names who works on the plan."""
    return {**copy.deepcopy(dict(raw)), "actor": actor}


def add_step(raw: Raw, title: str, step_id: str | None = None) -> dict[str, Any]:
    """Adds a step at the end; without an id it gets the next free `S<n>`."""
    if _state(raw) == "done":
        raise UsageError("the plan is done and takes no more steps", code="plan.done")
    taken = {step.get("id") for step in _steps(raw)}
    if step_id in taken:
        raise UsageError(f"the plan has a step {step_id} already", code="plan.step_exists")
    number = len(taken) + 1
    while step_id is None and f"S{number}" in taken:
        number += 1
    after = copy.deepcopy(dict(raw))
    after.setdefault("steps", []).append({"id": step_id or f"S{number}", "title": title, "status": "queued"})
    return after


def set_step(raw: Raw, step_id: str, *, status: str, note: str | None = None) -> dict[str, Any]:
    """Moves a step along the transitions and notes why."""
    after = copy.deepcopy(dict(raw))
    step = _step(after, step_id)
    before = _state(step)
    rules.require_transition(f"step {step_id}", before, status)
    if before != status:
        step["status"] = status
    if note is not None:
        step["notes"] = note
    return after


def attach(raw: Raw, path: str, step_id: str | None = None) -> dict[str, Any]:
    """Cites a receipt on a step, or on the plan itself."""
    after = copy.deepcopy(dict(raw))
    holder = after if step_id is None else _step(after, step_id)
    cited = holder.setdefault("receipts", [])
    if not isinstance(cited, list):
        raise UsageError("receipts is not a list in this plan; repair the file first", code="plan.damaged")
    if path not in cited:
        cited.append(path)
    return after


def detach(raw: Raw, path: str, step_id: str | None = None) -> dict[str, Any]:
    """Takes a citation back; the evidence itself stays where it is."""
    after = copy.deepcopy(dict(raw))
    holder = after if step_id is None else _step(after, step_id)
    cited = holder.get("receipts")
    if not isinstance(cited, list) or path not in cited:
        where = "the plan itself" if step_id is None else f"step {step_id}"
        raise UsageError(f"{where} does not cite {path}", code="plan.not_cited")
    holder["receipts"] = [other for other in cited if other != path]
    return after


def set_checkpoint(raw: Raw, *, status: str, description: str | None = None) -> dict[str, Any]:
    """Says where the checkpoint stands."""
    after = copy.deepcopy(dict(raw))
    checkpoint = after.setdefault("checkpoint", {})
    if not isinstance(checkpoint, dict):
        raise UsageError("checkpoint is not an object in this plan; repair the file first", code="plan.damaged")
    checkpoint["status"] = status
    if description is not None:
        checkpoint["description"] = description
    return after


def add_link(raw: Raw, kind: str, ref: str) -> dict[str, Any]:
    """Ties the plan to something; a link that is there already is not repeated."""
    after = copy.deepcopy(dict(raw))
    links = after.setdefault("links", [])
    if not isinstance(links, list):
        raise UsageError("links is not a list in this plan; repair the file first", code="plan.damaged")
    if not any(isinstance(link, dict) and (link.get("type"), link.get("ref")) == (kind, ref) for link in links):
        links.append({"type": kind, "ref": ref})
    return after


def _state(part: Raw) -> str:
    return plan_word(part.get("status")) or "queued"


def _steps(raw: Raw) -> list[dict[str, Any]]:
    steps = raw.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _step(raw: Raw, step_id: str) -> dict[str, Any]:
    for step in _steps(raw):
        if step.get("id") == step_id:
            return step
    step_ids = ", ".join(str(step.get("id")) for step in _steps(raw)) or "none"
    raise UsageError(f"the plan has no step {step_id}; its steps: {step_ids}", code="plan.step_unknown")
