"""The remotes of a clone: which one a branch has, fetching from it, pushing to it, and the lock of that work."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import SetupError, UsageError
from tools.core.fs import locks
from tools.core.git import git, refs
from tools.core.workspace import Workspace, git_lock_place

DEFAULT = "origin"
PATIENCE = 300.0
"""Seconds to wait for git work of others in the same clone; theirs may wait for a network."""

_SETTINGS = r"^(remote\..*\.(url|pushurl)|branch\..*\.(remote|merge)|bus\.(name|email))$"
_REJECTED = ("fetch first", "non-fast-forward")
"""How git's own line about a ref calls a lost race; in the words of a hook they mean nothing."""

_OVERTAKEN = (
    "stale info",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
)


OF_ITS_OWN = hint.git("config", "branch.bus.remote", hint.WORDS)
"""How the bus gets a remote of its own, without a change of where code goes."""


class Route(NamedTuple):
    """How a branch reaches the outside: its remote ("" when there is none) and its upstream there."""

    remote: str
    upstream: str  # the branch's name on the remote, "" when none is configured
    settings: Mapping[str, str] = {}
    """The settings about remotes, upstreams and who commits for the bus."""
    several: tuple[str, ...] = ()
    """The remotes of which none was named, where there are several and none has the branch."""

    @property
    def elsewhere(self) -> str:
        """Where pushes go, if that is another repository than the one that is fetched from; "" where it is the same.

        One repository has many addresses: those of two hosts are the same if their paths are.
        """
        url, push = (self.settings.get(f"remote.{self.remote}.{key}", "") for key in ("url", "pushurl"))
        (host, path), (push_host, push_path) = _parts_of(url), _parts_of(push)
        return push if push and path != push_path and bool(host) == bool(push_host) else ""

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
def exclusive(workspace: Workspace, *, patience: float = PATIENCE) -> Iterator[None]:
    """Holds the lock of the common git folder: parallel fetches of one clone fail each other's refs."""
    lock = git_lock_place(workspace)
    if lock is None:
        raise SetupError(
            f"{workspace.root} is no git repository", code="git.none", hint=hint.git("init", workspace.root)
        )
    with locks.hold(lock, patience=patience):
        yield


def route(folder: str, branch: str | None, remote: str | None = None) -> Route:
    """The route of a branch: what it is configured to, else `origin`, else the only remote."""
    settings = _settings(folder)
    remotes = {key.removeprefix("remote.").rpartition(".")[0]: "" for key in settings if key.startswith("remote.")}
    if remote is not None:
        if remote not in remotes:
            raise UsageError(f"there is no remote {remote!r}", code="remote.unknown", hint=hint.git("remote", "-v"))
        return Route(remote, "", settings)
    remote = settings.get(f"branch.{branch}.remote", "")
    if remote in remotes:
        return Route(remote, settings.get(f"branch.{branch}.merge", "").removeprefix("refs/heads/"), settings)
    if DEFAULT in remotes:
        return Route(DEFAULT, "", settings)
    if len(remotes) > 1 and branch:  # the one that has the branch, if it is one
        remotes = {name: "" for name in refs.remotes_with(folder, branch) if name in remotes} or remotes
    several = tuple(remotes) if len(remotes) > 1 else ()
    return Route("" if several else next(iter(remotes), ""), "", settings, several)


def _parts_of(url: str) -> tuple[str, str]:
    """The host of an address, "" for a folder of this machine, and the path of the repository there."""
    scheme, mark, rest = url.partition("://")
    if not mark and ":" in url.partition("/")[0]:  # as scp writes it
        host, _, path = url.partition(":")
    elif mark and scheme != "file":
        host, _, path = rest.partition("/")
    else:
        host, path = "", os.path.realpath(rest if mark else url)
    return host, path.strip("/").removesuffix(".git").rstrip("/").lower()


def require_one_place(way: Route) -> None:
    """SetupError where what is pushed would not be what others fetch."""
    if way.elsewhere:
        raise SetupError(apart(way), code="remote.apart", hint=OF_ITS_OWN)


def apart(way: Route) -> str:
    """That a remote is read in one repository and written in another."""
    return f"{way.remote} is fetched from {way.settings[f'remote.{way.remote}.url']} and pushed to {way.elsewhere}"


def require_one(way: Route, branch: str) -> None:
    """SetupError where a branch could go to several remotes and none of them was named."""
    if way.several:
        raise SetupError(
            f"{branch} could go to {', '.join(way.several)}: say to which",
            code="remote.several",
            hint=hint.git("config", f"branch.{branch}.remote", hint.WORDS),
        )


def _settings(folder: str) -> dict[str, str]:
    """The settings about remotes and upstreams, the last value of each key; {} outside git."""
    arguments = ("config", "-z", "--get-regexp", _SETTINGS)
    answer = git.ask(folder, *arguments)
    settings = {}
    for entry in answer.text.split("\0"):
        key, _, value = entry.partition("\n")
        if not key:
            continue
        if not key.startswith(("remote.", "branch.", "bus.")):
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


def prefixes(folder: str) -> list[str]:
    """What a branch's name stands behind in the refs of a clone: its own branches, then those of each remote."""
    return ["refs/heads/", *(f"refs/remotes/{name}/" for name in names(folder))]


def branch_commit(folder: str, remote: str, branch: str, *, timeout: float) -> str:
    """The commit of a remote's branch, by a request to it; "" where it has none."""
    arguments = ("ls-remote", "--", remote, f"refs/heads/{branch}")
    answer = git.ask(folder, *arguments, timeout=timeout)
    if answer.code:
        raise git.failed(arguments, answer)
    name = answer.text.partition("\t")[0]
    return git.require_name(arguments, name) if name else ""


def fetch(folder: str, remote: str, *refspecs: str) -> None:
    """Fetches what is tracked, removes nothing; SetupError when the remote is silent or would move branches. Under the lock."""
    _require_tracking(folder, remote)
    arguments = ("fetch", "--quiet", "--no-prune", "--no-auto-gc", "--", remote, *refspecs)
    answer = git.ask(folder, *arguments)
    if answer.code:
        raise _unreachable(remote, git.failed(arguments, answer).message)


def _require_tracking(folder: str, remote: str) -> None:
    """SetupError for a remote whose branches are fetched over this clone's own: those not pushed would be gone."""
    arguments = ("config", "-z", "--get-all", f"remote.{remote}.fetch")
    specs = git.ask(folder, *arguments).text.split("\0")
    if any(_writes_branches(spec.partition(":")[2]) for spec in specs):
        raise SetupError(
            f"a fetch from {remote} writes over the branches of this clone (remote.{remote}.fetch)",
            code="sync.mirror",
            hint=hint.git(
                "config", "--replace-all", f"remote.{remote}.fetch", f"+refs/heads/*:refs/remotes/{remote}/*"
            ),
        )


def _writes_branches(target: str) -> bool:
    """Whether a target of a refspec names branches of this clone, as that of a mirror does (`refs/*`)."""
    stem = target.partition("*")[0]
    return bool(target) and (stem.startswith("refs/heads/") or ("*" in target and "refs/heads/".startswith(stem)))


def fetch_only(folder: str, remote: str, refspecs: Sequence[str], *, timeout: float = git.TIMEOUT) -> str:
    """Fetches some refs and moves no other, whatever the remote's settings; "" or the first ref it has not.

    SetupError when the remote gives no answer. Under the lock.
    """
    alone = ("--quiet", "--refmap=", "--no-tags", "--no-prune", "--no-auto-gc", "--no-write-fetch-head")
    arguments = ("fetch", *alone, "--recurse-submodules=no", "--", remote, *refspecs)
    answer = git.ask(folder, *arguments, timeout=timeout)
    if not answer.code:
        return ""
    absent = re.search(r"couldn't find remote ref (\S+)", answer.error)
    if absent is None:
        raise _unreachable(remote, git.failed(arguments, answer).message)
    return absent[1]


def _unreachable(remote: str, words: str) -> SetupError:
    return SetupError(
        f"the remote {remote} cannot be reached: {words}", code="sync.unreachable", hint=hint.git("fetch", remote)
    )


class Move(NamedTuple):
    """A ref of a remote that is to name another object, if it still names the old one; "" is none."""

    ref: str
    new: str
    old: str


def push(folder: str, remote: str, moves: Sequence[Move], *, timeout: float = git.TIMEOUT) -> Push:
    """Moves refs of a remote, all or none, and nothing else: no tag, no submodule, no hook.

    A branch is moved forward only; any other ref only while it names what the caller decided on. An
    answer that did not come is neither taken nor refused: the caller looks it up.
    """
    alone = ("--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed")
    leases = [f"--force-with-lease={move.ref}:{move.old}" for move in moves if not move.ref.startswith("refs/heads/")]
    together = ["--atomic"] if len(moves) > 1 else []
    specs = [f"{move.new}:{move.ref}" for move in moves]
    plain = ("-c", f"remote.{remote}.mirror=false")  # a mirror would push, and remove, every ref
    arguments = ("push", *alone, *together, *leases, "--porcelain", "--", remote, *specs)
    try:
        answer = git.ask(folder, *plain, *arguments, timeout=timeout)
    except SetupError as problem:
        return Push(reason=problem.message)
    if not answer.code:
        return Push(taken=True)
    lines = [line[1:].strip() for line in answer.text.splitlines() if line.startswith("!")]
    is_rejected = any(words in line for words in _REJECTED for line in lines)
    if is_rejected or any(words in line for words in _OVERTAKEN for line in [*lines, answer.error]):
        return Push(overtaken=True)
    refused = next((line for line in lines if "atomic" not in line), next(iter(lines), ""))
    if "does not support --atomic" in answer.error:
        refused = "it cannot move two refs at once"
    if refused:
        refused = f"{refused}{_words_of(answer.error)}"
    return Push(refused=refused, reason=refused or git.failed(arguments, answer).message)


MAX_WORDS = 400
"""Characters of a remote's own words that a refusal repeats."""


def _words_of(error: str) -> str:
    """What the remote itself said about a push, as `remote:` lines carry it."""
    lines = [line.removeprefix("remote:").strip() for line in error.splitlines() if line.startswith("remote:")]
    words = " ".join(line for line in lines if line)
    return f": {words[:MAX_WORDS]}" if words else ""


def track(folder: str, branch: str, remote: str) -> None:
    """Makes the branch of the same name at a remote the upstream of a branch."""
    git.run(folder, "config", f"branch.{branch}.remote", remote)
    git.run(folder, "config", f"branch.{branch}.merge", f"refs/heads/{branch}")
