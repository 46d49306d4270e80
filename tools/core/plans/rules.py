"""What a plan must keep: its shape, its transitions and, when strict, what it cites. Pure: facts come in.

A problem names the place by JSON pointer; the file and the line are for the reader to add. The rules
are the table "_plans" of docs/formats.md; each has a stable id that CI's annotations carry.
"""

from __future__ import annotations

from tools.core import clock, ids
from tools.core.errors import UsageError
from tools.core.models.bus import Claim
from tools.core.models.plan import PLAN_STATUSES, Plan, fields_within, is_target, plan_from, plan_word
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.problem import Problem, inside
from tools.core.receipts.paths import PathProblem, path_problem
from tools.core.text.json_pointer import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

MAY_BECOME = {
    "queued": ("in_progress", "blocked", "done"),
    "in_progress": ("blocked", "done"),
    "blocked": ("in_progress", "done"),
    "done": (),
}
"""The transitions of a plan and of a step; done is final."""


class Facts(NamedTuple):
    """What the rules about citations need to know of the world.

    `receipts` and `links` (refs of type bus and queue) say of each cited thing what is wrong with it,
    or None; `claims` has those that bus links name.
    """

    receipts: Mapping[str, PathProblem | None]
    links: Mapping[str, PathProblem | None]
    claims: Mapping[str, Claim]


NO_FACTS = Facts({}, {}, {})


# -- transitions ---------------------------------------------------------------------------------


def require_transition(what: str, before: str, after: str) -> None:
    """UsageError naming the legal ones when a plan or step must not go from one status to another."""
    legal = MAY_BECOME.get(before, PLAN_STATUSES)
    if before != after and after not in legal:
        allowed = f"only {', '.join(legal)}" if legal else "nothing: done is final"
        raise UsageError(f"{what} is {before} and cannot become {after}; legal: {allowed}", code="plan.transition")


# -- shape ---------------------------------------------------------------------------------------


def shape(raw: Mapping[str, object], name: str) -> list[Problem]:
    """Where a plan breaks the format, old forms that readers accept left out; `name` is the file's plan id."""
    return _shape(modern(raw), name)


def strict_shape(raw: Mapping[str, object], name: str) -> list[Problem]:
    """Where a plan breaks the format to the letter."""
    return _shape(raw, name)


def _shape(raw: Mapping[str, object], name: str) -> list[Problem]:
    from tools.core.models import validate as checks  # only a check pays for it

    problems = [problem._replace(code="plan.shape") for problem in checks.problems(Plan, raw)]
    problems += _named_as_its_file(raw, name)
    problems += _step_rules(raw)
    problems += [
        inside("plan.shape", join("systemic_targets", index), f"{value!r} is not S1 to S10")
        for index, value in enumerate(_items(raw, "systemic_targets"))
        if isinstance(value, str) and not is_target(value)
    ]
    return problems


def modern(raw: Mapping[str, object]) -> dict[str, object]:
    """The plan as today's writers would have put it: unknown fields gone, `pending` queued, stamps in UTC."""
    plan = {key: value for key, value in raw.items() if key in fields_within("")}
    created = clock.parse(plan.get("created"))
    if created is not None:
        plan["created"] = clock.to_text(created)
    _renew_status(plan)
    if isinstance(plan.get("steps"), list):
        plan["steps"] = [_known_fields(step, "steps", status=True) for step in _items(plan, "steps")]
    if isinstance(plan.get("links"), list):
        plan["links"] = [_known_fields(link, "links") for link in _items(plan, "links")]
    if "checkpoint" in plan:
        plan["checkpoint"] = _known_fields(plan["checkpoint"], "checkpoint")
    return plan


def _known_fields(part: object, where: str, *, status: bool = False) -> object:
    if not isinstance(part, dict):
        return part
    kept = {key: value for key, value in part.items() if key in fields_within(where)}
    if status:
        _renew_status(kept)
    return kept


def _renew_status(part: dict[str, object]) -> None:
    if part.get("status") == "pending":
        part["status"] = "queued"


def _named_as_its_file(raw: Mapping[str, object], name: str) -> Iterator[Problem]:
    plan_id = raw.get("plan_id")
    if not ids.is_plan(name):
        yield inside("plan.name", "", f"{name!r} is not a plan id: YYYY-MM-DD-slug")
    if isinstance(plan_id, str) and plan_id != name:
        yield inside("plan.name", "/plan_id", f"{plan_id!r} is not what the file's name says, {name}")


def _step_rules(raw: Mapping[str, object]) -> Iterator[Problem]:
    seen: dict[object, int] = {}
    busy: list[int] = []
    for index, step in enumerate(_items(raw, "steps")):
        if not isinstance(step, dict):
            continue
        key = step.get("id")
        if isinstance(key, str) and seen.setdefault(key, index) != index:
            yield inside("plan.steps", join("steps", index, "id"), f"{key!r} is step {seen[key]}'s id already")
        if step.get("status") == "in_progress":
            busy.append(index)
    for index in busy[1:]:
        reason = f"a second step in progress; step {busy[0]} is already"
        yield inside("plan.steps", join("steps", index, "status"), reason)


def _items(raw: Mapping[str, Any], key: str) -> Sequence[object]:
    value = raw.get(key)
    return value if isinstance(value, list) else ()


# -- strictness ----------------------------------------------------------------------------------


def strict(raw: Mapping[str, object], name: str, facts: Facts) -> list[Problem]:
    """Where a plan breaks the format or claims what nothing proves."""
    plan = plan_from(raw, name)
    return [*strict_shape(raw, name), *_promises(raw, plan), *_citations(raw, facts), *_link_findings(raw, name, facts)]


def _promises(raw: Mapping[str, Any], plan: Plan) -> Iterator[Problem]:
    done = plan.state == "done"
    if plan.checkpoint.state == "satisfied" and not plan.receipts:
        yield inside("plan.checkpoint", "/checkpoint/status", "satisfied, and the plan itself cites no receipt")
    if done and isinstance(raw.get("checkpoint"), dict) and plan.checkpoint.state == "pending":
        yield inside("plan.checkpoint", "/checkpoint/status", "pending in a plan that is done")
    for index, step in enumerate(_items(raw, "steps")):
        if not isinstance(step, dict):
            continue
        state = plan_word(step.get("status")) or "queued"
        if done and state != "done":
            yield inside("plan.open_step", join("steps", index, "status"), f"{state} in a plan that is done")
        if state == "done" and not step.get("receipts"):
            yield inside("plan.no_receipt", join("steps", index, "receipts"), "a done step that cites no receipt")


def _citations(raw: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    lists = [(join("receipts"), _items(raw, "receipts"))]
    for index, step in enumerate(_items(raw, "steps")):
        if isinstance(step, dict):
            lists.append((join("steps", index, "receipts"), _items(step, "receipts")))
    for where, paths in lists:
        seen: set[str] = set()
        for index, path in enumerate(paths):
            if not isinstance(path, str):
                continue
            if path in seen:
                yield inside("plan.duplicate", where + join(index), f"{path} is cited twice in one list")
                continue
            seen.add(path)
            wrong = path_problem(path) or facts.receipts.get(path)
            if wrong:
                yield inside(wrong.rule, where + join(index), f"{path} {wrong.reason}")


def _link_findings(raw: Mapping[str, Any], name: str, facts: Facts) -> Iterator[Problem]:
    for index, link in enumerate(_items(raw, "links")):
        ref = link.get("ref") if isinstance(link, dict) and link.get("type") in ("bus", "queue") else None
        if not isinstance(ref, str):
            continue
        wrong = facts.links.get(ref) or _claim_problem(facts.claims.get(ref), name)
        if wrong:
            yield inside(wrong.rule, join("links", index, "ref"), f"{ref} {wrong.reason}")


def _claim_problem(claim: Claim | None, name: str) -> PathProblem | None:
    if claim is None or not claim.is_live or claim.plan_id == name:
        return None
    linked_plan = f"names plan {claim.plan_id}" if claim.plan_id else "names no plan"
    return PathProblem("plan.link.claim", f"is held by {claim.agent_id} and {linked_plan}, not this one")
