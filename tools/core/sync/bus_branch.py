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

from tools.core import templates as maps
from tools.core.errors import ConflictError, SetupError
from tools.core.fs import files
from tools.core.git import git
from tools.core.gitdir import common_folder, git_folder
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
    return git.ask(workspace.bus.path, "symbolic-ref", "--short", "-q", "HEAD").text


def is_tracked(workspace: Workspace) -> bool:
    """Whether a branch of code carries files of the bus, here or in the main checkout."""
    roots = {workspace.root, workspace.bus_root}
    return any(git.ask(root, "ls-files", "-z", "--", workspace.bus.name).out for root in roots)


def apart(workspace: Workspace) -> tuple[str, ...]:
    """A sentence where a remote has a bus and this clone keeps, or is about to make, a folder of its own."""
    if is_worktree(workspace) or git_folder(workspace.root) is None:
        return ()
    listed = git.ask(workspace.root, "for-each-ref", "--format=%(refname)", f"refs/remotes/*/{BRANCH}")
    if not listed.text:
        return ()
    found = listed.text.split("\n")[0].removeprefix("refs/remotes/")
    return (f"the bus of {found} is not the one in use here; to join it, records kept: python -m tools init",)


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
    files.make_folder(workspace.bus)  # refuses a link before git does anything
    origin = _branch_ready(workspace)
    _refuse_other_worktree(workspace)
    tree = adoption.tree(workspace.root, REF)
    aside = tempfile.mkdtemp(prefix=_ASIDE)
    try:
        made = os.path.join(aside, workspace.bus.name)
        git.run(workspace.root, "worktree", "add", "--quiet", "--force", "--no-checkout", made, BRANCH)
        with open(os.path.join(made, ".git"), "rb") as link:
            adoption.adopt(workspace, tree, pointer(workspace), link.read())
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _settle(workspace)
    return origin


def _settle(workspace: Workspace) -> None:
    """Lets git know where the worktree is and what its branch holds; touches no file of the bus."""
    bus = workspace.bus.path
    git.run(bus, "worktree", "repair")
    if not os.path.exists(git.run(bus, "rev-parse", "--git-path", "index")):
        git.run(bus, "read-tree", "HEAD")
    git.ask(bus, "update-index", "-q", "--refresh")


def _worktrees(workspace: Workspace) -> str:
    return os.path.join(common_folder(git_folder(workspace.root) or ""), "worktrees")


# -- the branch ----------------------------------------------------------------------------------


def _branch_ready(workspace: Workspace) -> Origin:
    root = workspace.root
    if git.ask(root, "rev-parse", "-q", "--verify", f"{REF}^{{commit}}").code == 0:
        return Origin()
    origin = _remote_branch(root)
    commit = origin.commit or _first_commit(root)
    git.run(root, "update-ref", "-m", "bus: begin", REF, commit, "0" * len(commit))
    if origin.remote:
        git.run(root, "config", f"branch.{BRANCH}.remote", origin.remote)
        git.run(root, "config", f"branch.{BRANCH}.merge", REF)
    return origin


def _remote_branch(root: str) -> Origin:
    """The remote's branch as it is known, else asked for; a remote that is silent is no error."""
    remotes = git.run(root, "remote").split()
    if not remotes:
        return Origin()
    remote = "origin" if "origin" in remotes else remotes[0]
    known = f"refs/remotes/{remote}/{BRANCH}"
    if git.ask(root, "rev-parse", "-q", "--verify", f"{known}^{{commit}}").code:
        try:
            asked = git.ask(root, "ls-remote", "--exit-code", remote, REF, timeout=REMOTE_PATIENCE)
            if asked.code == 2:
                return Origin()
            if asked.code or git.ask(root, "fetch", "-q", "--no-tags", remote, f"+{REF}:{known}").code:
                return Origin(silent=remote)
        except SetupError:
            return Origin(silent=remote)
    return Origin(remote, git.run(root, "rev-parse", f"{known}^{{commit}}"))


def _first_commit(root: str) -> str:
    entries = []
    for name, data in sorted(maps.bus_files().items()):
        blob = git.run(root, "hash-object", "-w", "--stdin", input=data)
        entries.append(f"100644 blob {blob}\t{name}\n")
    tree = git.run(root, "mktree", input="".join(entries).encode())
    return git.run(root, "commit-tree", tree, "-m", "Begin the bus", extra=_FIRST)


def _refuse_other_worktree(workspace: Workspace) -> None:
    """ConflictError when the branch is checked out elsewhere; what a killed `init` left is removed."""
    git.run(workspace.root, "worktree", "prune")
    path = ""
    for line in git.run(workspace.root, "worktree", "list", "--porcelain").splitlines():
        if line.startswith("worktree "):
            path = line.removeprefix("worktree ")
        elif line == f"branch {REF}" and os.path.basename(os.path.dirname(path)).startswith(_ASIDE):
            git.run(workspace.root, "worktree", "remove", "--force", "--", path)
        elif line == f"branch {REF}" and os.path.realpath(path) != os.path.realpath(workspace.bus.path):
            raise ConflictError(
                f"the branch {BRANCH} is checked out at {path}",
                code="bus.elsewhere",
                hint=f"git worktree remove {path} && python -m tools init",
            )
