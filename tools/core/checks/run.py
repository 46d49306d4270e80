"""The check of a bus as CI runs it: of the folder or of a ref, alone or against a base."""

from __future__ import annotations

from contextlib import nullcontext

from tools.core.checks import bus
from tools.core.checks.base import Comparison, compare_with_base
from tools.core.checks.sources import Commit, Live
from tools.core.context import Context
from tools.core.git import refs, repository


def check_bus(context: Context, *, ref: str | None = None, base: str | None = None) -> Comparison:
    """The bus of the folder or of a ref; with a base, only the findings that are new."""
    if ref is None and base is None:
        return Comparison(bus.check(Live(context), context.now).findings, 0)
    top = repository.of_bus(context.workspace)
    commit = refs.require_commit(top, ref or "HEAD")
    with Commit(top, commit) if ref else nullcontext(Live(context)) as tree:
        result = bus.check(tree, context.now)
        if base is None:
            return Comparison(result.findings, 0)
        return compare_with_base(top, tree, commit, base, result, context.now)
