"""The bus as a linked worktree of its own branch, so that no switch, stash, clean or pull of code touches it.

The branch is an orphan: it shares no commit with the code. Its first commit is the same bytes in
every clone, so that two clones that begin on their own still have a common ancestor. git never
writes into the folder: it makes a worktree without files elsewhere, whose pointer `.git` is put in
place once `join` has given the folder what the branch has.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import NamedTuple

from tools.core import hint, templates
from tools.core.errors import ConflictError, SetupError
from tools.core.fs import files
from tools.core.git import history, index, objects, refs, remotes, trees, worktrees
from tools.core.git.branches import current_branch
from tools.core.git.packs import Objects
from tools.core.gitdir import common_folder, git_folder
from tools.core.hint import Hint, Note
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES
from tools.core.sync import door
from tools.core.workspace import Place, Workspace

BRANCH = "bus"
REF = f"refs/heads/{BRANCH}"
CLONES = "refs/teof/clones"
"""Where each clone puts, on the remote, the records that went with its confirmed claims."""

REMOTE_PATIENCE = 30.0
"""Seconds a remote may take to answer before `init` goes on without it."""

_ASIDE = "teof-init-bus-"
_BEGIN = "Begin the bus"
_TOPS = frozenset({EVENTS, MESSAGES, CLAIMS, ASSIGNMENTS, *door.OWN_FILES})
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


def clones_of(remote: str) -> str:
    """Where a clone keeps what it fetched of the others' records."""
    return f"refs/teof/{remote}/clones"


def pointer(workspace: Workspace) -> Place:
    """The file that makes the bus a worktree."""
    return workspace.bus.child(".git")


def is_worktree(workspace: Workspace) -> bool:
    """Whether the bus is a worktree, sound or not."""
    return os.path.lexists(pointer(workspace).path)


def is_sound(workspace: Workspace) -> bool:
    """Whether the bus has a git folder of this clone, which is no other folder's.

    The path that git keeps of the bus is not looked at: in a container, and after a move, it is another one.
    """
    place = pointer(workspace).path
    if os.path.isdir(place):  # a repository of its own: not ours to judge
        return True
    admin = git_folder(workspace.bus.path) or ""
    inside = os.path.realpath(os.path.dirname(admin)) == os.path.realpath(_worktrees(workspace))
    back = _back(admin)
    other = git_folder(os.path.dirname(back)) if back and back != os.path.realpath(place) else None
    is_anothers = other is not None and os.path.realpath(other) == os.path.realpath(admin)
    return inside and not is_anothers and os.path.exists(os.path.join(admin, "index"))


def require_ours(workspace: Workspace) -> None:
    """ConflictError for a bus that is a worktree of another repository; a copy of one is this clone's to tie."""
    admin = git_folder(workspace.bus.path) or ""
    inside = os.path.realpath(os.path.dirname(admin)) == os.path.realpath(_worktrees(workspace))
    if inside or _back(admin) != os.path.realpath(pointer(workspace).path):
        return
    owner = common_folder(admin)
    raise ConflictError(
        f"this bus is tied to {owner}, not to this repository",
        code="bus.other",
        hint=hint.git("-C", owner, "worktree", "list"),
    )


def _back(admin: str) -> str:
    """The path of the worktree's pointer that a git folder keeps; "" where there is none."""
    try:
        with open(os.path.join(admin, "gitdir"), encoding="utf-8", errors="surrogateescape") as back:
            return os.path.realpath(os.path.join(admin, back.readline().strip()))
    except OSError:
        return ""


def head(workspace: Workspace) -> str:
    """The branch the bus is on; "" when detached."""
    return current_branch(workspace.bus.path) or ""


def way_back(folder: str) -> Hint:
    """Lets a bus folder name its own branch again; no file in it is touched."""
    return hint.git("-C", folder, "symbolic-ref", "HEAD", REF).then(hint.init())


def is_tracked(workspace: Workspace) -> bool:
    """Whether a branch of code carries files of the bus, here or in the main checkout."""
    roots = {workspace.root, workspace.bus_root}
    return any(index.has_any(root, workspace.bus.name) for root in roots)


def apart(workspace: Workspace) -> tuple[Note, ...]:
    """A sentence where a branch has a bus and this clone keeps, or is about to make, a folder of its own."""
    if is_worktree(workspace) or git_folder(workspace.root) is None:
        return ()
    having = [f"{remote}/{BRANCH}" for remote in refs.remotes_with(workspace.root, BRANCH)]
    if not having and refs.commit_of(workspace.root, REF):
        having = [f"the branch {BRANCH}"]
    if not having:
        return ()
    shown = having[0]
    return (Note(f"the bus of {shown} is not the one in use here; it can be joined, records kept", hint.init()),)


def tie(workspace: Workspace, admin: str) -> None:
    """Lets a git folder of this clone and the bus folder point at each other; no other worktree is touched.

    The registration is locked, so that no `git worktree prune` takes it away.
    """
    place = pointer(workspace)
    here, name = os.path.split(admin)
    files.replace(Place(here, f"{name}/gitdir"), os.fsencode(f"{place.path}\n"))
    files.replace(Place(here, f"{name}/locked"), b"the live bus\n")
    files.replace(place, os.fsencode(f"gitdir: {_shown_from(workspace, admin)}\n"))


def _shown_from(workspace: Workspace, admin: str) -> str:
    """The git folder as the bus's pointer names it: relative where both move together, or are mounted elsewhere."""
    common = os.path.realpath(os.path.dirname(os.path.dirname(admin)))
    bus_root = os.path.realpath(workspace.bus_root)
    if bus_root not in (common, os.path.dirname(common)):
        return admin
    return os.path.relpath(
        os.path.join(common, "worktrees", os.path.basename(admin)), os.path.join(bus_root, workspace.bus.name)
    )


def registered(workspace: Workspace) -> str:
    """The git folder of this clone that the bus's pointer, or the path of the bus, belongs to; "" when there is none."""
    folder = _worktrees(workspace)
    named = os.path.join(folder, os.path.basename(git_folder(workspace.bus.path) or "") or ".")
    if os.path.normpath(named) != folder and os.path.isfile(os.path.join(named, "HEAD")):
        return named
    place = os.path.realpath(pointer(workspace).path)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if _back(os.path.join(folder, name)) == place:
            return os.path.join(folder, name)
    return ""


def register(workspace: Workspace) -> str:
    """A git folder of this clone for the bus, made without writing any file of the branch."""
    _refuse_other_worktree(workspace)
    aside = tempfile.mkdtemp(prefix=_ASIDE, dir=os.path.dirname(_worktrees(workspace)))
    try:
        made = os.path.join(aside, workspace.bus.name)
        worktrees.add(workspace.root, made, BRANCH)
        return git_folder(made) or ""
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _worktrees(workspace: Workspace) -> str:
    return os.path.join(common_folder(git_folder(workspace.root) or ""), "worktrees")


# -- the branch ----------------------------------------------------------------------------------


def ensure(workspace: Workspace) -> Origin:
    """Makes the branch where there is none, the remote's where it has one; ConflictError for one that is code."""
    root = workspace.root
    if require_room(workspace):
        return Origin()
    origin = _remote_branch(root)
    if origin.commit:
        _require_bus(root, origin.commit, f"{origin.remote}/{BRANCH}")
    refs.move(root, BRANCH, origin.commit or _first_commit(root), "", "bus: begin")
    if origin.remote:
        remotes.track(root, BRANCH, origin.remote)
    return origin


def require_room(workspace: Workspace) -> str:
    """The branch's commit, "" while there is none; ConflictError where its name is taken, here or on a remote."""
    root = workspace.root
    commit = refs.commit_of(root, REF)
    if commit:
        _require_bus(root, commit, BRANCH)
        return commit
    for prefix in ("refs/heads", *(f"refs/remotes/{remote}" for remote in remotes.names(root))):
        for ref in refs.below(root, f"{prefix}/{BRANCH}"):
            raise ConflictError(
                f"the branch {ref.split('/', 2)[2]} leaves no room for a branch {BRANCH}",
                code="bus.taken",
                hint=hint.init("--bus", "folder"),
            )
    return ""


def _require_bus(root: str, commit: str, shown: str) -> None:
    """ConflictError when a branch of this name holds something else: a bus is recognised by its content."""
    with Objects(root) as objects:
        names = set(trees.entries(objects, objects.tree_of(commit)))
    if names <= _TOPS or _BEGIN in history.first_subjects(root, commit):
        return
    stranger = sorted(names - _TOPS)[0]
    raise ConflictError(
        f"the branch {shown} is no bus: it holds {stranger}",
        code="bus.taken",
        hint=hint.init("--bus", "folder"),
    )


def _remote_branch(root: str) -> Origin:
    """The remote's branch as it is now, else as this clone last saw it; a silent remote is no error."""
    names = remotes.names(root)
    if not names:
        return Origin()
    remote = remotes.DEFAULT if remotes.DEFAULT in names else names[0]
    tracking = f"refs/remotes/{remote}/{BRANCH}"
    specs = [f"+{REF}:{tracking}", f"+{CLONES}/*:{clones_of(remote)}/*"]
    try:
        if remotes.fetch_only(root, remote, specs, timeout=REMOTE_PATIENCE):
            return Origin()
    except SetupError:
        last_seen = refs.commit_of(root, tracking)
        return Origin(remote, last_seen) if last_seen else Origin(silent=remote)
    return Origin(remote, refs.commit_of(root, tracking))


def _first_commit(root: str) -> str:
    blobs = {name: objects.write_blob(root, data) for name, data in templates.bus_files().items()}
    return objects.write_commit(root, objects.write_tree(root, blobs), [], _BEGIN, _FIRST)


def _refuse_other_worktree(workspace: Workspace) -> None:
    """ConflictError when the branch is checked out elsewhere; what a killed `init` left is removed."""
    for path in [worktree.path for worktree in worktrees.listed(workspace.root) if worktree.branch == BRANCH]:
        if os.path.basename(os.path.dirname(path)).startswith(_ASIDE):
            worktrees.remove(workspace.root, path)
            shutil.rmtree(os.path.dirname(path), ignore_errors=True)
        elif os.path.realpath(path) != os.path.realpath(workspace.bus.path):
            raise ConflictError(
                f"the branch {BRANCH} is checked out at {path}",
                code="bus.elsewhere",
                hint=hint.git("worktree", "remove", path).then(hint.init()),
            )
