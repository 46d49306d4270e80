"""Where a receipt that a record cites lies: here, in the live session, on the record's branch, or nowhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from tools.core.errors import SetupError
from tools.core.git import git
from tools.core.receipts.paths import path_problem
from tools.core.workspace import REPORT, Workspace, worktrees

HERE = "here"
LOCAL = "local"
MISSING = "missing"


def find(workspace: Workspace, cited: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """For each path and the branch of its record: `here`, `local`, `on branch X`, or `missing`.

    Looked for in this checkout, the bus's, the other worktrees, and then in the branch, for which
    git is asked once.
    """
    roots = list(dict.fromkeys([workspace.root, workspace.bus_root, *worktrees(workspace)]))
    found = {key: _on_disk(roots, key[0]) for key in cited}
    absent = [key for key, where in found.items() if where == MISSING and _can_be_on_branch(*key)]
    if absent:
        found.update(_on_branches(workspace, absent))
    return found


def _on_disk(roots: list[str], path: str) -> str:
    name = path.partition("#")[0]
    if path_problem(name) is not None:
        return MISSING
    if any(os.path.lexists(os.path.join(root, name)) for root in roots):
        return LOCAL if name.startswith(f"{REPORT}/session/") else HERE
    return MISSING


def _can_be_on_branch(path: str, branch: str) -> bool:
    """Whether git can be asked; one question it chokes on would cost the answers to all the others."""
    plain = "\n" not in path and path_problem(path.partition("#")[0]) is None
    return plain and re.fullmatch(r"[\w./+-]+", branch) is not None


def _on_branches(workspace: Workspace, absent: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    names = [
        f"{prefix}{branch}:{path.partition('#')[0]}"
        for path, branch in absent
        for prefix in ("refs/heads/", "refs/remotes/origin/")
    ]
    try:
        text = "\n".join([*names, ""]).encode("utf-8", "surrogateescape")
        answer = git.ask(workspace.root, "cat-file", "--batch-check=%(objecttype)", input=text)
    except SetupError:
        return {}
    kinds = answer.out.split(b"\n")
    if answer.code or len(kinds) < len(names):
        return {}
    return {
        key: f"on branch {key[1]}"
        for index, key in enumerate(absent)
        if b"blob" in (kinds[2 * index], kinds[2 * index + 1])
    }
