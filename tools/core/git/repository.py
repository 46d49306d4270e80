"""What kind of repository a folder lies in."""

from __future__ import annotations

import os
import re

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.git import git
from tools.core.workspace import Workspace


def is_repository(folder: str) -> bool:
    """Whether git itself accepts the folder as part of a repository."""
    return git.ask(folder, "rev-parse", "--git-dir").code == 0


def require(folder: str) -> None:
    """SetupError where git does not accept a folder as part of a repository, in git's own words."""
    arguments = ("rev-parse", "--git-dir")
    answer = git.ask(folder, *arguments)
    if not answer.code:
        return
    if "not a git repository" in answer.error:
        raise SetupError(f"{folder} is no git repository", code="repository.none", hint=hint.git("init", folder))
    raise git.failed(arguments, answer)


def is_shallow(folder: str) -> bool:
    """Whether this clone lacks old history; False outside git."""
    arguments = ("rev-parse", "--is-shallow-repository")
    answer = git.ask(folder, *arguments)
    if answer.code:
        return False
    if answer.text not in ("true", "false"):  # git before 2.15 repeats the option
        raise git.not_understood(arguments, answer.out)
    return answer.text == "true"


def of_bus(workspace: Workspace) -> str:
    """The folder whose branch carries the bus: the bus itself where it is a worktree, else the bus root."""
    own = os.path.lexists(os.path.join(workspace.bus.path, ".git"))
    folder = workspace.bus.path if own else workspace.bus_root
    require(folder)
    return folder


def version() -> tuple[int, int]:
    """The version of git, its first two numbers."""
    text = git.run("/", "version")
    numbers = re.search(r"(?<!\d)(\d+)\.(\d+)", text)
    if numbers is None:
        raise git.not_understood(("version",), text)
    return int(numbers[1]), int(numbers[2])


def hooks_folder(folder: str) -> str:
    """Where git looks for hooks, which all worktrees share."""
    return git.run(folder, "rev-parse", "--path-format=absolute", "--git-path", "hooks")
