"""Moving a checkout to another commit, as its owner would: git refuses where work would be lost."""

from __future__ import annotations

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.git import git, refs


def switch(folder: str, *, branch: str = "", commit: str = "") -> None:
    """Checks out a branch of this clone, else a commit without a branch."""
    target = ("--no-guess", branch) if branch else ("--detach", commit)
    git.run(folder, "switch", "--quiet", *target)


def switch_or_make(folder: str, branch: str) -> None:
    """Checks out a branch of this clone, made from HEAD where there is none."""
    is_there = bool(refs.commit_of(folder, f"refs/heads/{branch}"))
    git.run(folder, "switch", "--quiet", *(("--no-guess",) if is_there else ("--no-track", "-c")), branch)


def fast_forward(folder: str, commit: str) -> None:
    """Brings the branch that is checked out forward; SetupError when local changes are in the way."""
    options = ("--ff-only", "--no-squash", "--no-autostash", "--quiet", "--no-verify")
    answer = git.ask(folder, "merge", *options, commit)
    if git.is_locked(answer):
        raise git.failed(("merge",), answer)
    if answer.code:
        words = " ".join(answer.error.split())
        raise SetupError(
            f"local changes are in the way of a fast-forward: {words[:300]}",
            code="sync.blocked",
            hint=hint.git("status", "-sb"),
        )
