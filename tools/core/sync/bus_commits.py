"""The branch that carries the bus, and git's view of its files, without touching anybody's index.

The bus is carried by its own branch, where `_bus/` is a linked worktree, or by the code branch that
is checked out beside it, where that tracks `_bus/`; a plain folder is carried by nothing. Trees are
built in an index file of our own in the git folder, under the lock of git work; one that a dead
process left is thrown away.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.git import changes, index, objects, refs
from tools.core.git.objects import Entry
from tools.core.gitdir import current_branch, git_folder
from tools.core.sync import bus_branch
from tools.core.workspace import BUS, Workspace

_INDEX = "bus-sync.index"


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
        return Carrier(workspace.bus.path, "", _branch(workspace.bus.path), home)
    if git_folder(workspace.bus_root) is None:
        return None
    if not index.has_any(workspace.bus_root, BUS):
        return None
    return Carrier(workspace.bus_root, f"{BUS}/", _branch(workspace.bus_root), workspace.bus_root)


def _branch(folder: str) -> str:
    branch = current_branch(folder)
    if branch is None:
        raise SetupError(
            f"{folder} is on no branch, so the bus cannot be committed",
            code="bus.detached",
            hint=hint.git("-C", folder, "switch", "-"),
        )
    return branch


def tree(carrier: Carrier, commit: str) -> dict[str, Entry]:
    """The regular files of the bus in a commit, by their path in the bus; links are left out."""
    if not commit:
        return {}
    listed = objects.tree(carrier.folder, commit, carrier.prefix)
    return {path.removeprefix(carrier.prefix): entry for path, entry in listed.items() if entry.is_file}


def commit(
    carrier: Carrier, base: str, parents: Iterable[str], changed: Mapping[str, bytes], *, agent: str, message: str
) -> str:
    """A commit of the base's tree with some files of the bus replaced; the base itself when nothing differs."""
    folder = carrier.folder
    scratch = _scratch(carrier)
    scratch.load(base)
    blobs = {f"{carrier.prefix}{name}": objects.write_blob(folder, data) for name, data in changed.items()}
    scratch.put({path: Entry("100644", blob) for path, blob in blobs.items()})
    tree = scratch.tree()
    parents = list(dict.fromkeys(parent for parent in parents if parent))
    if parents == [base] and tree == refs.tree_of(folder, base):
        return base
    return objects.write_commit(folder, tree, parents, message, _identity(agent))


def _identity(agent: str) -> dict[str, str]:
    mail = f"{agent}@bus.invalid"
    return {
        "GIT_AUTHOR_NAME": agent,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": agent,
        "GIT_COMMITTER_EMAIL": mail,
    }


def _scratch(carrier: Carrier) -> index.Scratch:
    folder = git_folder(carrier.folder)
    if folder is None or not os.path.isdir(folder):
        raise SetupError(f"{carrier.folder}/.git leads to no git folder", code="bus.worktree", hint=hint.init())
    return index.Scratch(carrier.folder, folder, _INDEX)


def move(carrier: Carrier, old: str, new: str) -> None:
    """Moves the branch and, of the index, the bus's entries; files stay. The index first: a user's commit
    between the two would then keep the bus's change, not undo it."""
    if carrier.is_own:
        scratch = _scratch(carrier)
        scratch.load(new)
        scratch.install()
    else:
        set_index(carrier, old, new)
    refs.move(carrier.folder, carrier.branch, new, old, "bus_sync")


def set_index(carrier: Carrier, old: str, new: str) -> None:
    """Makes the index say of the bus what a commit says; no other entry, no file is touched."""
    index.put(carrier.folder, changes.entries(carrier.folder, old, new, carrier.prefix))


def is_same_outside(carrier: Carrier, old: str, new: str) -> bool:
    """Whether two commits differ only in the bus."""
    if carrier.is_own or old == new:
        return True
    return not changes.differ(carrier.folder, old, new, changes.outside([carrier.prefix.rstrip("/")]))
