"""The plans in `_plans/`: listed, read tolerantly, and changed under the checkout's lock.

A change reads, edits and checks while it holds the lock, and the file is replaced whole: two changes
at once are both kept, and one that would break the plan leaves the file as it was.
"""

from __future__ import annotations

from tools.core import clock, hint, ids
from tools.core.context import Context
from tools.core.errors import ConflictError, DataError, SetupError, UsageError
from tools.core.fs import files, locks
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.problem import Problem
from tools.core.receipts.write import create_document, replace_document, write_new
from tools.core.text import secrets
from tools.core.workspace import PLANS, Place, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from tools.core.models.plan import Plan
    from tools.core.plans.edits import Edit

SUFFIX = ".plan.json"

MAX_DEPTH = 32
"""Levels of nesting a plan may have, foreign fields included."""


class Change(NamedTuple):
    """A plan after a change; `is_new` is False when the change was there already."""

    plan: Plan
    is_new: bool


def names(workspace: Workspace) -> list[str]:
    """The ids of all plans, as their files' names say, oldest first."""
    return [name.removesuffix(SUFFIX) for name in files.names_in(workspace.plans, SUFFIX)]


def all_plans(workspace: Workspace) -> tuple[list[Plan], list[Problem]]:
    """Every plan that can be read, oldest first, and what is wrong with each that cannot."""
    plans, problems = [], []
    for name in names(workspace):
        try:
            plan = read(workspace, name)
        except (DataError, SetupError) as error:
            problems.append(error.problem_in(place_of(workspace, name).name))
            continue
        if plan is not None:
            plans.append(plan)
    return plans, problems


def read(workspace: Workspace, plan_id: str) -> Plan | None:
    """One plan; None when there is no file, DataError with `path:line` when it is damaged."""
    place = place_of(workspace, plan_id)
    data = files.read_bytes(place)
    if data is None:
        return None
    from tools.core.models.plan import plan_from  # many a repository has no plan

    return plan_from(parse(data, place.name), plan_id)


def parse(data: bytes, name: str) -> dict[str, object]:
    """The mapping in a plan's file; DataError with `path:line` when there is none.

    Nothing that is nested deeper than any plan comes through, so that all that follows may recurse.
    """
    raw = files.parse_object(data, name)
    level: list[object] = [raw]
    for _ in range(MAX_DEPTH):
        level = [inner for part in level for inner in _inside(part) if isinstance(inner, dict | list)]
    if level:
        raise DataError(Problem(name, 1, "nested too deeply", "file.json"))
    return raw


def _inside(part: object) -> Iterable[object]:
    return part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()


def require(workspace: Workspace, plan_id: str) -> Plan:
    """One plan; UsageError when there is none."""
    plan = read(workspace, plan_id)
    if plan is None:
        raise _unknown(plan_id)
    return plan


def place_of(workspace: Workspace, name: str) -> Place:
    """The file of a plan by the name in `_plans/`, which in old files need not be a legal id."""
    return workspace.in_root(f"{PLANS}/{name}{SUFFIX}")


def change(workspace: Workspace, plan_id: str, edit: Edit) -> Change:
    """Edits a plan; UsageError, and the file untouched, when the result would break a rule it kept before."""
    from tools.core.models.plan import plan_from  # as in `read`

    place = workspace.plan(plan_id)
    with locks.hold(workspace.report):
        data = files.read_bytes(place)
        if data is None:
            raise _unknown(plan_id)
        before = parse(data, place.name)
        after = edit(before)
        if after == before:
            return Change(plan_from(before, plan_id), is_new=False)
        _require_no_worse(before, after, plan_id)
        files.replace(place, dump_like(after, data))
    return Change(plan_from(after, plan_id), is_new=True)


def create(context: Context, raw: Mapping[str, Any], *, force: bool = False) -> list[Place]:
    """Writes a new plan and the template of its justification, and says which files it wrote.

    ConflictError when it is there; with `force` the old one is kept beside it as evidence.
    """
    plan_id = str(raw["plan_id"])
    _require_no_worse({}, raw, plan_id)
    place = context.workspace.plan(plan_id)
    with locks.hold(context.workspace.report):
        data = files.read_bytes(place)
        if data is not None and not force:
            raise ConflictError(
                f"{place.name} exists already", code="plan.exists", hint=hint.tool("planner.cli", "show", plan_id)
            )
        written = [place]
        if data is not None:
            stem = f"{plan_id}.replaced-{clock.file_stamp(context.now)}"
            written.append(write_new(context.workspace.plans, stem, ".json", data))
        replace_document(place, raw)
        try:
            create_document(context.workspace.justification(plan_id), _justification(raw))
            written.append(context.workspace.justification(plan_id))
        except FileExistsError:
            pass  # an existing justification stays
    return written


def _justification(raw: Mapping[str, Any]) -> bytes:
    title = " ".join(str(raw["summary"]).split())
    parts = ("Why now", "What changes", "What could go wrong", "How it will be proved")
    text = "\n".join([f"# {title}", "", *(f"## {part}\n" for part in parts)])
    return text.encode("utf-8", "backslashreplace")


def _require_no_worse(before: Mapping[str, Any], after: Mapping[str, Any], plan_id: str) -> None:
    from tools.core.plans import rules  # who only reads plans needs neither these nor what they load

    problems = rules.shape(after, plan_id)
    earlier = set(rules.shape(before, plan_id)) if problems and before else set()
    worse = [finding for finding in problems if finding not in earlier]
    if worse:
        reasons = "; ".join(f"{finding.pointer or '/'}: {finding.reason}" for finding in worse)
        raise UsageError(f"the change would break {PLANS}/{plan_id}{SUFFIX}: {reasons}", code="plan.invalid")


def dump_like(raw: Mapping[str, Any], data: bytes) -> bytes:
    """The plan as a document in the form of the one it replaces: indentation, escapes and line ends."""
    import json  # the indentation of a plan is not ours
    import re

    match = re.search(rb"\n([ \t]+)\S", data.replace(b"\r\n", b"\n"))
    indent = match[1].decode() if match else "  "
    escaped = b"\\u" in data and data.isascii()
    text = json.dumps(secrets.redact_value(raw), indent=indent, ensure_ascii=escaped, allow_nan=False) + "\n"
    return text.replace("\n", "\r\n" if b"\r\n" in data else "\n").encode("utf-8", "backslashreplace")


def _unknown(plan_id: str) -> UsageError:
    return UsageError(
        f"there is no plan {plan_id} in this checkout", code="plan.unknown", hint=hint.tool("planner.cli", "list")
    )


def all_places(workspace: Workspace) -> list[Place]:
    """The files of all plans, oldest first."""
    return [place_of(workspace, name) for name in names(workspace)]


def place_named(workspace: Workspace, text: str) -> Place:
    """The file of a plan named by its id or its path; UsageError for anything else."""
    if "/" not in text and not text.endswith(SUFFIX):
        return workspace.plan(ids.require_plan(text))
    name = workspace.relative(text)
    if not name.endswith(SUFFIX):
        raise UsageError(f"{name} is not a plan: its name does not end in {SUFFIX}", code="plan.path")
    return workspace.in_root(name)
