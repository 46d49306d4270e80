"""The bus that this clone has elsewhere is joined before anything is written: a new one begins only where none is known."""

from __future__ import annotations

import os

from tools.core import hint, which_bus
from tools.core.context import Context
from tools.core.errors import SetupError
from tools.core.fs import locks
from tools.core.gitdir import common_folder, git_folder, has_remotes, places_of_branch
from tools.core.hint import Note
from tools.core.which_bus import BRANCH, Answer
from tools.core.workspace import Workspace, git_lock_place

PATIENCE = 60.0
"""Seconds to wait for another process of this clone that joins."""

REMOTE_PATIENCE = 10.0
"""Seconds a remote may take to say whether it has a bus, asked once, before the first record of a clone."""


def belong(context: Context, agent: str) -> tuple[Note, ...]:
    """Joins the bus of this clone's branch or remote where it is not joined yet; what the user should know.

    Raises SetupError where there is one and it cannot be joined now.
    """
    workspace = context.workspace
    answer = whereabouts(workspace)
    if answer.state in (which_bus.HERE, which_bus.NONE):
        return _silent(answer)
    if answer.state == which_bus.UNSEEN:
        raise which_bus.apart_error(answer)
    from tools.core.sync import bus_branch  # all of the exchange, only where there is a bus to join
    from tools.core.sync.joining.join import join

    lock = git_lock_place(workspace)
    assert lock is not None  # only a clone has a branch
    with locks.hold(lock, patience=PATIENCE):
        if bus_branch.is_worktree(workspace):  # another process was first
            return ()
        joined = join(context, agent)
    return (Note(f"joined the bus of {answer.sign}, records kept"), *map(Note, joined.news))


def whereabouts(workspace: Workspace) -> Answer:
    """Which bus this clone has; git and, before the first record, the remote are asked where files do not say."""
    answer = which_bus.find(workspace)
    if answer.state == which_bus.APART and os.path.isdir(workspace.bus.path):
        from tools.core.git import index  # few clones have a bus that git tracks

        roots = {workspace.root, workspace.bus_root}
        is_tracked = any(index.has_any(root, workspace.bus.name) for root in roots)
        return Answer(which_bus.HERE) if is_tracked else answer
    root, own = workspace.root, git_folder(workspace.root)
    if answer.state != which_bus.NONE or own is None:
        return answer
    common = common_folder(own)
    if places_of_branch(common, BRANCH) is None:  # only git can read its refs
        from tools.core.git import refs  # most refs are files

        if refs.commit_of(root, f"refs/heads/{BRANCH}"):
            return Answer(which_bus.APART, f"the branch {BRANCH}")
        if having := refs.remotes_with(root, BRANCH):
            return Answer(which_bus.APART, f"{having[0]}/{BRANCH}")
    return _at_remote(root) if has_remotes(common) else answer


def _at_remote(root: str) -> Answer:
    """What the remote says that this clone has not been told, as it is the clone of one branch."""
    from tools.core.git import remotes  # only a clone whose remote may have more than it was told

    way = remotes.route(root, None)
    if not way.remote:
        return Answer(which_bus.NONE)
    try:
        has_bus = remotes.branch_commit(root, way.remote, BRANCH, timeout=REMOTE_PATIENCE)
    except SetupError:
        return Answer(which_bus.NONE, way.remote)
    return Answer(which_bus.APART, f"{way.remote}/{BRANCH}") if has_bus else Answer(which_bus.NONE)


def _silent(answer: Answer) -> tuple[Note, ...]:
    if answer.state == which_bus.HERE or not answer.sign:
        return ()
    text = f"{answer.sign} did not answer whether it has a bus; this clone begins one of its own"
    return (Note(text, hint.init()),)
