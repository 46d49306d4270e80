"""Branches that commands ask for often: read from git's files where those are plain, else git is asked."""

from __future__ import annotations

import os

from tools.core import gitdir

_ELSEWHERE = ".invalid"
"""The branch that the file HEAD names where refs are kept in another form."""


def current_branch(root: str) -> str | None:
    """The branch that is checked out; None when detached or no git."""
    branch = gitdir.current_branch(root)
    if branch != _ELSEWHERE:
        return branch
    from tools.core.git import git  # most repositories have plain files

    answer = git.ask(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    return answer.text or None if not answer.code else None


def default_branches(root: str) -> dict[str, str]:
    """By remote, its default branch as of the clone or the last fetch; remotes without one on record are left out."""
    own = gitdir.git_folder(root)
    if own is None or not os.path.isdir(os.path.join(gitdir.common_folder(own), "reftable")):
        return gitdir.default_branches(root)
    from tools.core.git import git

    arguments = ("for-each-ref", "--format=%(refname) %(symref)", "refs/remotes/**/HEAD")
    heads = [line.split(" ") for line in git.run(root, *arguments).split("\n") if line]
    remotes = {ref.removeprefix("refs/remotes/").removesuffix("/HEAD"): target for ref, target in heads if target}
    return {remote: target.removeprefix(f"refs/remotes/{remote}/") for remote, target in remotes.items()}
