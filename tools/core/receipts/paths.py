"""Which texts can be the path of a receipt, whatever lies there: pure."""

from __future__ import annotations

from tools.core.plain import NamedTuple
from tools.core.workspace import can_be_path


class PathProblem(NamedTuple):
    """What is wrong with a cited thing: the rule, and the end of a sentence that begins with its name."""

    rule: str
    reason: str


def path_problem(path: str) -> PathProblem | None:
    """Why a path cannot be a receipt whatever lies there; None for a path that can."""
    if not path.strip() or not can_be_path(path) or "\\" in path:
        return PathProblem("plan.receipt.path", "is not a path")
    if path.startswith("/") or path[1:3] == ":/":
        return PathProblem("plan.receipt.path", "is not relative to the repository")
    parts = path.partition("#")[0].split("/")
    if ".." in parts:
        return PathProblem("plan.receipt.path", "leads outside with '..'")
    if "" in parts or "." in parts or parts[0] == ".git":
        return PathProblem("plan.receipt.path", "is not the plain path of a file of the repository")
    return None
