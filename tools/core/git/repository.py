"""What kind of repository a folder lies in."""

from __future__ import annotations

from tools.core.git import git


def is_repository(folder: str) -> bool:
    """Whether git itself accepts the folder as part of a repository."""
    return git.ask(folder, "rev-parse", "--git-dir").code == 0


def is_shallow(folder: str) -> bool:
    """Whether this clone lacks old history; False outside git."""
    arguments = ("rev-parse", "--is-shallow-repository")
    answer = git.ask(folder, *arguments)
    if answer.code:
        return False
    if answer.text not in ("true", "false"):  # git before 2.15 repeats the option
        raise git.not_understood(arguments, answer.out)
    return answer.text == "true"
