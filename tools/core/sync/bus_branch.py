"""The bus as a linked worktree of its own branch, so that no switch, stash, clean or pull of code touches it.

The branch is an orphan: it shares no commit with the code. Its first commit is the same bytes in
every clone, so that two clones that begin on their own still have a common ancestor. git never
writes into the folder: it makes a worktree without files elsewhere, whose pointer `.git` is put in
place once `adoption` has given the folder what the branch has.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import NamedTuple

from tools.core import hint, templates
from tools.core.errors import ConflictError, SetupError
from tools.core.fs import files, folders
from tools.core.git import index, objects, refs, remotes, worktrees
from tools.core.gitdir import common_folder, current_branch, git_folder
from tools.core.hint import Note
from tools.core.sync import adopt as adoption
from tools.core.workspace import Place, Workspace

BRANCH = "bus"
REF = f"refs/heads/{BRANCH}"
REMOTE_PATIENCE = 30.0
"""Seconds a remote may take to answer before `init` goes on without it."""

_ASIDE = "teof-init-bus-"
_FIRST = {
    "GIT_AUTHOR_NAME": "bus",
    "GIT_AUTHOR_EMAIL": "bus@localhost",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "bus",
    "GIT_COMMITTER_EMAIL": "bus@localhost",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


class Origin(NamedTuple):
    """Where the branch comes from: a remote that has it, or (both empty) nowhere yet."""

    remote: str = ""
    commit: str = ""
    silent: str = ""
    """The remote that could not be asked."""


def pointer(workspace: Workspace) -> Place:
    """The file that makes the bus a worktree."""
    return workspace.bus.child(".git")


def is_worktree(workspace: Workspace) -> bool:
    """Whether the bus is a worktree, sound or not."""
    return os.path.lexists(pointer(workspace).path)


def is_sound(workspace: Workspace) -> bool:
    """Whether the bus and its git folder, which must be one of this clone, point at each other."""
    place = pointer(workspace).path
    if os.path.isdir(place):  # somebody's own repository: not ours to judge
        return True
    admin = git_folder(workspace.bus.path) or ""
    try:
        with open(os.path.join(admin, "gitdir"), encoding="utf-8", errors="surrogateescape") as back:
            returns = os.path.realpath(back.readline().strip()) == os.path.realpath(place)
    except OSError:
        return False
    inside = os.path.realpath(os.path.dirname(admin)) == os.path.realpath(_worktrees(workspace))
    return returns and inside and os.path.exists(os.path.join(admin, "index"))


def head(workspace: Workspace) -> str:
    """The branch the bus is on; "" when detached."""
    return current_branch(workspace.bus.path) or ""


def is_tracked(workspace: Workspace) -> bool:
    """Whether a branch of code carries files of the bus, here or in the main checkout."""
    roots = {workspace.root, workspace.bus_root}
    return any(index.has_any(root, workspace.bus.name) for root in roots)


def apart(workspace: Workspace) -> tuple[Note, ...]:
    """A sentence where a remote has a bus and this clone keeps, or is about to make, a folder of its own."""
    if is_worktree(workspace) or git_folder(workspace.root) is None:
        return ()
    having = refs.remotes_with(workspace.root, BRANCH)
    if not having:
        return ()
    shown = f"{having[0]}/{BRANCH}"
    return (Note(f"the bus of {shown} is not the one in use here; it can be joined, records kept", hint.init()),)


def repair(workspace: Workspace) -> Origin:
    """Ties the bus to this clone's git folder after a move, a copy, or an `init` that was killed.

    The caller holds the lock of the common git folder.
    """
    name = os.path.basename(git_folder(workspace.bus.path) or "")
    admin = os.path.join(_worktrees(workspace), name)
    if not name or not os.path.isdir(admin):
        files.remove(pointer(workspace))
        return create(workspace)
    files.replace(pointer(workspace), os.fsencode(f"gitdir: {admin}\n"))
    _settle(workspace)
    return Origin()


def create(workspace: Workspace) -> Origin:
    """Makes the bus a worktree of its branch, the remote's where there is one; keeps all live records.

    The caller holds the lock of the common git folder.
    """
    folders.make_folder(workspace.bus)  # refuses a link before git does anything
    origin = _branch_ready(workspace)
    _refuse_other_worktree(workspace)
    tree = _committed(workspace.root)
    aside = tempfile.mkdtemp(prefix=_ASIDE)
    try:
        made = os.path.join(aside, workspace.bus.name)
        worktrees.add(workspace.root, made, BRANCH)
        with open(os.path.join(made, ".git"), "rb") as link:
            adoption.adopt(workspace, tree, pointer(workspace), link.read())
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _settle(workspace)
    return origin


def _committed(root: str) -> dict[str, bytes]:
    """All files of the branch, by path; a link or a submodule has no place in a bus."""
    blobs = {path: entry.name for path, entry in objects.tree(root, REF).items() if entry.is_file}
    contents = objects.require_contents(root, blobs.values())
    return {path: contents[blob] for path, blob in blobs.items()}


def _settle(workspace: Workspace) -> None:
    """Lets git know where the worktree is and what its branch holds; touches no file of the bus."""
    worktrees.repair(workspace.bus.path)
    index.make(workspace.bus.path)


def _worktrees(workspace: Workspace) -> str:
    return os.path.join(common_folder(git_folder(workspace.root) or ""), "worktrees")


# -- the branch ----------------------------------------------------------------------------------


def _branch_ready(workspace: Workspace) -> Origin:
    root = workspace.root
    if refs.commit_of(root, REF):
        return Origin()
    origin = _remote_branch(root)
    refs.move(root, BRANCH, origin.commit or _first_commit(root), "", "bus: begin")
    if origin.remote:
        remotes.track(root, BRANCH, origin.remote)
    return origin


def _remote_branch(root: str) -> Origin:
    """The remote's branch as it is known, else asked for; a remote that is silent is no error."""
    names = remotes.names(root)
    if not names:
        return Origin()
    remote = remotes.DEFAULT if remotes.DEFAULT in names else names[0]
    tracking = f"refs/remotes/{remote}/{BRANCH}"
    if not refs.commit_of(root, tracking):
        try:
            if not remotes.has_branch(root, remote, BRANCH, timeout=REMOTE_PATIENCE):
                return Origin()
            remotes.fetch(root, remote, f"+{REF}:{tracking}")
        except SetupError:
            return Origin(silent=remote)
    return Origin(remote, refs.commit_of(root, tracking))


def _first_commit(root: str) -> str:
    blobs = {name: objects.write_blob(root, data) for name, data in templates.bus_files().items()}
    return objects.write_commit(root, objects.write_tree(root, blobs), [], "Begin the bus", _FIRST)


def _refuse_other_worktree(workspace: Workspace) -> None:
    """ConflictError when the branch is checked out elsewhere; what a killed `init` left is removed."""
    worktrees.prune(workspace.root)
    for path in [worktree.path for worktree in worktrees.listed(workspace.root) if worktree.branch == BRANCH]:
        if os.path.basename(os.path.dirname(path)).startswith(_ASIDE):
            worktrees.remove(workspace.root, path)
        elif os.path.realpath(path) != os.path.realpath(workspace.bus.path):
            raise ConflictError(
                f"the branch {BRANCH} is checked out at {path}",
                code="bus.elsewhere",
                hint=hint.git("worktree", "remove", path).then(hint.init()),
            )
