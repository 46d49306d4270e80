"""The branch that carries the bus, and git's view of its files, without touching a user's index.

The bus is carried by its own branch, where `_bus/` is a linked worktree, or by the code branch that
is checked out beside it, where that tracks `_bus/`; a plain folder is carried by nothing. Trees are
built in an index file of our own in the git folder, under the lock of git work; one that a dead
process left is thrown away.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.git import changes, checkout, index, objects, refs
from tools.core.git.branches import current_branch
from tools.core.gitdir import git_folder
from tools.core.sync import bus_branch, door
from tools.core.workspace import BUS, Workspace


class Carrier(NamedTuple):
    """Where git runs, below which prefix the bus lies in the tree, and on which branch.

    The remote is reached from `home`, the main checkout: a relative URL is meant from there.
    """

    folder: str
    prefix: str
    branch: str
    home: str

    @property
    def is_own(self) -> bool:
        """Whether the branch is the bus's own."""
        return not self.prefix


def find(workspace: Workspace) -> Carrier | None:
    """What carries the bus; None for a plain folder, SetupError when it is on no branch."""
    if bus_branch.is_worktree(workspace):
        home = workspace.root if git_folder(workspace.bus_root) is None else workspace.bus_root
        return Carrier(workspace.bus.path, "", _own_branch(workspace.bus.path), home)
    if git_folder(workspace.bus_root) is None:
        return None
    if not index.has_any(workspace.bus_root, BUS):
        return None
    return Carrier(workspace.bus_root, f"{BUS}/", _branch(workspace.bus_root), workspace.bus_root)


def _own_branch(folder: str) -> str:
    """The bus's branch; SetupError where its folder is on another: that is code, and gets no commit of ours."""
    branch = _branch(folder)
    if branch != bus_branch.BRANCH:
        raise SetupError(
            f"{folder} is on the branch {branch}, not on its own",
            code="bus.branch",
            hint=bus_branch.way_back(folder),
        )
    return branch


def _branch(folder: str) -> str:
    branch = current_branch(folder)
    if branch is None:
        raise SetupError(
            f"{folder} is on no branch, so the bus cannot be committed",
            code="bus.detached",
            hint=hint.git("-C", folder, "switch", "-"),
        )
    return branch


def bring_forward(carrier: Carrier, old: str, new: str, *, with_files: bool) -> bool:
    """Moves the branch where only the bus differs; with `with_files` also over people's commits. Whether it moved."""
    if is_same_outside(carrier, old, new):
        move(carrier, old, new)
        return True
    if not with_files:
        return False
    set_index(carrier, old, new)
    try:
        checkout.fast_forward(carrier.folder, new)
    except SetupError:
        set_index(carrier, new, old)
        raise
    return True


def move(carrier: Carrier, old: str, new: str) -> None:
    """Moves the branch and, of the index, the bus's entries; files stay. The index first: a user's commit
    between the two would then keep the bus's change, not undo it."""
    if carrier.is_own:
        list_files(carrier.folder, new)
    else:
        set_index(carrier, old, new)
    refs.move(carrier.folder, carrier.branch, new, old, "bus_sync")


def list_files(folder: str, commit: str) -> None:
    """Makes the index of the bus's own worktree say what a commit holds; names that git would refuse are left out."""
    admin = git_folder(folder)
    if admin is None or not os.path.isdir(admin):
        raise SetupError(f"{folder}/.git leads to no git folder", code="bus.worktree", hint=hint.init())
    listed = objects.tree(folder, commit)
    index.install(admin, {path: entry for path, entry in listed.items() if not door.name_reason(path, entry)})


def set_index(carrier: Carrier, old: str, new: str) -> None:
    """Makes the index say of the bus what a commit says; no other entry, no file is touched."""
    index.put(carrier.folder, changes.entries(carrier.folder, old, new, carrier.prefix))


def is_same_outside(carrier: Carrier, old: str, new: str) -> bool:
    """Whether two commits differ only in the bus."""
    if carrier.is_own or old == new:
        return True
    return not changes.differ(carrier.folder, old, new, changes.outside([carrier.prefix.rstrip("/")]))
