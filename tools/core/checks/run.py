"""The checks that CI runs: which tree is checked, against what, and everything in one list."""

from __future__ import annotations

from contextlib import nullcontext

from tools.core.checks import base as base_check
from tools.core.checks import bus as bus_check
from tools.core.checks.base import Comparison
from tools.core.checks.sources import Commit, Folder
from tools.core.context import Context
from tools.core.git import refs
from tools.core.git.repository import of_bus


def check_bus(context: Context, *, ref: str | None = None, base: str | None = None) -> Comparison:
    """The bus of the folder or of a ref; with a base, only what the base does not have already."""
    if ref is None and base is None:
        return Comparison(bus_check.check(Folder(context.workspace), context.now).findings, 0)
    repository = of_bus(context.workspace)
    commit = refs.require_commit(repository, ref or "HEAD")
    with Commit(repository, commit) if ref else nullcontext(Folder(context.workspace)) as tree:
        result = bus_check.check(tree, context.now)
        if base is None:
            return Comparison(result.findings, 0)
        return base_check.compare(repository, tree, commit, base, result, context.now)
