"""Which remote and upstream a branch has, fetching from it, and the lock of git work that cannot run twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tools.core.errors import SetupError, UsageError
from tools.core.fs import locks
from tools.core.git import git
from tools.core.workspace import Workspace, git_lock_place

DEFAULT = "origin"
PATIENCE = 300.0
"""Seconds to wait for git work of others in the same clone; theirs may wait for a network."""


class Route(NamedTuple):
    """How a branch reaches the outside: its remote ("" when there is none) and its upstream there."""

    remote: str
    upstream: str  # the branch's name on the remote, "" when none is configured

    def ref(self, branch: str) -> str:
        """The tracking ref of a branch of the remote."""
        return f"refs/remotes/{self.remote}/{branch}"


@contextmanager
def exclusive(workspace: Workspace) -> Iterator[None]:
    """Holds the lock of the common git folder: parallel fetches of one clone fail each other's refs."""
    lock = git_lock_place(workspace)
    if lock is None:
        raise SetupError(f"{workspace.root} is no git repository", code="git.none", hint=f"git init {workspace.root}")
    with locks.hold(lock, patience=PATIENCE):
        yield


def route(folder: str, branch: str | None, given: str | None = None) -> Route:
    """The route of a branch: what it is configured to, else `origin`, else the only remote."""
    asked = git.ask(folder, "config", "-z", "--get-regexp", r"^(remote\..*\.(url|pushurl)|branch\..*\.(remote|merge))$")
    settings = [entry.partition("\n") for entry in asked.text.split("\0") if entry]
    known = {key.removeprefix("remote.").rpartition(".")[0] for key, _, _ in settings if key.startswith("remote.")}
    found = {key: value for key, _, value in settings}
    if given is not None:
        if given not in known:
            raise UsageError(f"there is no remote {given!r}", code="remote.unknown", hint="git remote -v")
        return Route(given, "")
    remote = found.get(f"branch.{branch}.remote", "")
    if remote in known:
        return Route(remote, found.get(f"branch.{branch}.merge", "").removeprefix("refs/heads/"))
    if DEFAULT in known:
        return Route(DEFAULT, "")
    return Route(next(iter(known)) if len(known) == 1 else "", "")


def fetch(folder: str, remote: str, *refspecs: str) -> None:
    """Fetches and prunes; SetupError when the remote gives no answer. Under the lock."""
    answer = git.ask(folder, "fetch", "--quiet", "--prune", "--no-auto-gc", "--", remote, *refspecs)
    if answer.code:
        telling = git.failed(["fetch"], answer).message
        raise SetupError(
            f"the remote {remote} cannot be reached: {telling}", code="sync.unreachable", hint=f"git fetch {remote}"
        )


def commit_of(folder: str, ref: str) -> str:
    """The commit a ref names; "" when there is none."""
    return git.ask(folder, "rev-parse", "-q", "--verify", f"{ref}^{{commit}}").text
