"""The remotes of a clone: which one a branch has, fetching from it, pushing to it, and the lock of that work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import SetupError, UsageError
from tools.core.fs import locks
from tools.core.git import git
from tools.core.workspace import Workspace, git_lock_place

DEFAULT = "origin"
PATIENCE = 300.0
"""Seconds to wait for git work of others in the same clone; theirs may wait for a network."""

_SETTINGS = r"^(remote\..*\.(url|pushurl)|branch\..*\.(remote|merge))$"
_OVERTAKEN = (
    "fetch first",
    "non-fast-forward",
    "stale info",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
)


class Route(NamedTuple):
    """How a branch reaches the outside: its remote ("" when there is none) and its upstream there."""

    remote: str
    upstream: str  # the branch's name on the remote, "" when none is configured

    def ref(self, branch: str) -> str:
        """The tracking ref of a branch of the remote."""
        return f"refs/remotes/{self.remote}/{branch}"


class Push(NamedTuple):
    """How a push ended: taken, overtaken by another clone's, or neither, for a reason.

    `refused` is the remote's own word about the branch, "" where it was not even reached.
    """

    taken: bool = False
    overtaken: bool = False
    refused: str = ""
    reason: str = ""


@contextmanager
def exclusive(workspace: Workspace) -> Iterator[None]:
    """Holds the lock of the common git folder: parallel fetches of one clone fail each other's refs."""
    lock = git_lock_place(workspace)
    if lock is None:
        raise SetupError(
            f"{workspace.root} is no git repository", code="git.none", hint=hint.git("init", workspace.root)
        )
    with locks.hold(lock, patience=PATIENCE):
        yield


def route(folder: str, branch: str | None, remote: str | None = None) -> Route:
    """The route of a branch: what it is configured to, else `origin`, else the only remote."""
    settings = _settings(folder)
    remotes = {key.removeprefix("remote.").rpartition(".")[0]: "" for key in settings if key.startswith("remote.")}
    if remote is not None:
        if remote not in remotes:
            raise UsageError(f"there is no remote {remote!r}", code="remote.unknown", hint=hint.git("remote", "-v"))
        return Route(remote, "")
    remote = settings.get(f"branch.{branch}.remote", "")
    if remote in remotes:
        return Route(remote, settings.get(f"branch.{branch}.merge", "").removeprefix("refs/heads/"))
    if DEFAULT in remotes:
        return Route(DEFAULT, "")
    return Route(next(iter(remotes)) if len(remotes) == 1 else "", "")


def _settings(folder: str) -> dict[str, str]:
    """The settings about remotes and upstreams, the last value of each key; {} outside git."""
    arguments = ("config", "-z", "--get-regexp", _SETTINGS)
    answer = git.ask(folder, *arguments)
    settings = {}
    for entry in answer.text.split("\0"):
        key, _, value = entry.partition("\n")
        if not key:
            continue
        if not key.startswith(("remote.", "branch.")):
            raise git.not_understood(arguments, entry)
        settings[key] = value
    return settings


def names(folder: str) -> list[str]:
    """The remotes of a clone, sorted."""
    arguments = ("remote",)
    lines = [line for line in git.run(folder, *arguments).split("\n") if line]
    for line in lines:
        if any(letter.isspace() for letter in line):
            raise git.not_understood(arguments, line)
    return lines


def has_branch(folder: str, remote: str, branch: str, *, timeout: float) -> bool:
    """Whether a remote has a branch, by a request to it; SetupError when it does not answer."""
    arguments = ("ls-remote", "--exit-code", "--", remote, f"refs/heads/{branch}")
    answer = git.ask(folder, *arguments, timeout=timeout)
    if answer.code not in (0, 2):
        raise git.failed(arguments, answer)
    return answer.code == 0


def branch_commit(folder: str, remote: str, branch: str, *, timeout: float) -> str:
    """The commit of a remote's branch, asked over the wire; "" where it has none."""
    arguments = ("ls-remote", "--", remote, f"refs/heads/{branch}")
    answer = git.ask(folder, *arguments, timeout=timeout)
    if answer.code:
        raise git.failed(arguments, answer)
    name = answer.text.partition("\t")[0]
    return git.require_name(arguments, name) if name else ""


def fetch(folder: str, remote: str, *refspecs: str) -> None:
    """Fetches and prunes; SetupError when the remote gives no answer. Under the lock."""
    arguments = ("fetch", "--quiet", "--prune", "--no-auto-gc", "--", remote, *refspecs)
    answer = git.ask(folder, *arguments)
    if answer.code:
        telling = git.failed(arguments, answer).message
        raise SetupError(
            f"the remote {remote} cannot be reached: {telling}", code="sync.unreachable", hint=hint.git("fetch", remote)
        )


def push(folder: str, remote: str, commit: str, branch: str) -> Push:
    """Pushes one commit to a branch of a remote, and nothing else: no tag, no submodule, past no newer commit."""
    alone = ("--no-verify", "--no-follow-tags", "--recurse-submodules=no")
    arguments = ("push", *alone, "--porcelain", "--", remote, f"{commit}:refs/heads/{branch}")
    answer = git.ask(folder, *arguments)
    if not answer.code:
        return Push(taken=True)
    if any(words in f"{answer.text} {answer.error}" for words in _OVERTAKEN):
        return Push(overtaken=True)
    refused = next((line[1:].strip() for line in answer.text.splitlines() if line.startswith("!")), "")
    return Push(refused=refused, reason=refused or git.failed(arguments, answer).message)


def track(folder: str, branch: str, remote: str) -> None:
    """Makes the branch of the same name at a remote the upstream of a branch."""
    git.run(folder, "config", f"branch.{branch}.remote", remote)
    git.run(folder, "config", f"branch.{branch}.merge", f"refs/heads/{branch}")
