"""The worktrees of a repository: made, tied again after a move, listed, removed."""

from __future__ import annotations

from typing import NamedTuple

from tools.core.git import git, refs


class Worktree(NamedTuple):
    """A worktree and the branch it is on, "" when detached."""

    path: str
    branch: str


def add(folder: str, path: str, branch: str) -> None:
    """Makes a worktree of a branch that has no files yet."""
    git.run(folder, "worktree", "add", "--quiet", "--force", "--no-checkout", path, branch)


def add_of_seat(folder: str, path: str, branch: str, base: str) -> None:
    """Makes a worktree on a branch, which begins at `base` where it is new."""
    target = (
        (path, branch) if refs.commit_of(folder, f"refs/heads/{branch}") else ("--no-track", "-b", branch, path, base)
    )
    git.run(folder, "worktree", "add", "--quiet", *target)


def listed(folder: str) -> list[Worktree]:
    """All worktrees that the repository knows of."""
    arguments = ("worktree", "list", "--porcelain")
    entries: list[Worktree] = []
    for line in git.run(folder, *arguments).split("\n"):
        key, _, value = line.partition(" ")
        if key == "worktree":
            entries.append(Worktree(value, ""))
        elif line and not entries:
            raise git.not_understood(arguments, line)
        elif key == "branch":
            entries[-1] = entries[-1]._replace(branch=value.removeprefix("refs/heads/"))
    return entries


def remove(folder: str, path: str) -> None:
    """Removes a worktree and its files, a locked one too."""
    git.run(folder, "worktree", "remove", "--force", "--force", "--", path)
