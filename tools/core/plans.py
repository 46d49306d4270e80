"""Plans as they lie in `_plans/`: found, read tolerantly, and changed under the checkout's lock."""

from __future__ import annotations

from tools.core import files
from tools.core.errors import DataError, SetupError
from tools.core.plan_records import Plan, plan_from
from tools.core.workspace import PLANS, Workspace

SUFFIX = ".plan.json"


def names(workspace: Workspace) -> list[str]:
    """The ids of all plans, as their files' names say, oldest first."""
    return [name.removesuffix(SUFFIX) for name in files.names_in(workspace.plans, SUFFIX)]


def all_plans(workspace: Workspace) -> tuple[list[Plan], list[str]]:
    """Every plan that can be read, oldest first, and `path:line: reason` for each that cannot."""
    found, problems = [], []
    for name in names(workspace):
        try:
            plan = read(workspace, name)
        except (DataError, SetupError) as problem:
            problems.append(problem.message)
            continue
        if plan is not None:
            found.append(plan)
    return found, problems


def read(workspace: Workspace, plan_id: str) -> Plan | None:
    """One plan; None when there is no file, DataError with `path:line` when it is damaged."""
    raw = files.read_json(workspace.in_root(f"{PLANS}/{plan_id}{SUFFIX}"))
    return None if raw is None else plan_from(raw, plan_id)
