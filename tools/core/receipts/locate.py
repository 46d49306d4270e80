"""Where a cited receipt is: here, in the live session, on the record's branch, or missing."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tools.core.errors import SetupError
from tools.core.git import objects, refs, remotes
from tools.core.receipts.paths import path_problem
from tools.core.workspace import REPORT, Workspace, worktrees

HERE = "here"
LOCAL = "local"
MISSING = "missing"


def find(workspace: Workspace, cited: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """For each path and the branch of its record: `here`, `local`, `on branch X`, or `missing`.

    Searches this checkout, the bus's, the other worktrees, and then the branches of this clone and of its remotes.
    """
    roots = list(dict.fromkeys([workspace.root, workspace.bus_root, *worktrees(workspace)]))
    places = {key: _on_disk(roots, key[0]) for key in cited}
    absent = [key for key, where in places.items() if where == MISSING and _can_be_on_branch(*key)]
    if absent:
        places.update(_on_branches(workspace, absent))
    return places


def _on_disk(roots: list[str], path: str) -> str:
    name = path.partition("#")[0]
    if path_problem(name) is not None:
        return MISSING
    if any(os.path.lexists(os.path.join(root, name)) for root in roots):
        return LOCAL if name.startswith(f"{REPORT}/session/") else HERE
    return MISSING


def _can_be_on_branch(path: str, branch: str) -> bool:
    return path_problem(path.partition("#")[0]) is None and refs.can_be_branch(branch)


def _on_branches(workspace: Workspace, absent: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    try:
        prefixes = remotes.prefixes(workspace.root)
        names = {
            (path, branch): [f"{prefix}{branch}:{path.partition('#')[0]}" for prefix in prefixes]
            for path, branch in absent
        }
        kinds = objects.kinds(workspace.root, [name for pair in names.values() for name in pair])
    except SetupError:
        return {}
    return {key: f"on branch {key[1]}" for key, pair in names.items() if "blob" in [kinds[name] for name in pair]}
