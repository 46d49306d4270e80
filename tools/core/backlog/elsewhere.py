"""Tasks that this checkout does not have yet: another worktree's branch stands before the backlog grew.

Only a seat that finds nothing to do asks, as git has to be asked for the names.
"""

from __future__ import annotations

from tools.core import hint
from tools.core.backlog import items
from tools.core.fs import files
from tools.core.git import branches, objects, refs
from tools.core.plain import TYPE_CHECKING
from tools.core.text import terminal
from tools.core.workspace import Workspace, worktrees

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = "queue/"


def missing(workspace: Workspace) -> hint.Note | None:
    """That a branch from which this one can take it has more tasks, and the command; None where none has."""
    present = set(files.names_in(workspace.queue, ".md"))
    for name, ref in _sources(workspace):
        commit = refs.commit_of(workspace.root, ref)
        paths = objects.tree(workspace.root, commit, _FOLDER) if commit else {}
        names = {path.removeprefix(_FOLDER) for path, entry in paths.items() if entry.is_file}
        if count := sum(map(items.is_name, names - present)):
            tasks = terminal.number(count, "task is", "tasks are")
            return hint.Note(f"{tasks} on {name} and not here", hint.git("merge", name))
    return None


def _sources(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """The remote's default branch, then what the other worktrees of this clone have checked out and is no seat's."""
    if default := refs.default_branch(workspace.root):
        yield f"{default.remote}/{default.name}", default.ref
    own = branches.current_branch(workspace.root)
    for root in worktrees(workspace):
        branch = branches.current_branch(root)
        if branch and branch != own and not branch.startswith("agent/"):
            yield branch, f"refs/heads/{branch}"
