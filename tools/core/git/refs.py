"""What names name: commits, branches, where histories meet and how far they are apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import UsageError
from tools.core.git import git
from tools.core.git.branches import default_branches

_PREFERRED = "origin"
_COUNT = re.compile(r"\d{1,18}")
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(?:^|/)\.|\.lock(?:/|$)|[./]$|^/|^$")
"""What git has in no branch's name (gitrevisions would read some of it as more than a name)."""


class RemoteBranch(NamedTuple):
    """A branch of a remote."""

    remote: str
    name: str

    @property
    def ref(self) -> str:
        """The ref that tracks it here."""
        return f"refs/remotes/{self.remote}/{self.name}"


# -- commits ---------------------------------------------------------------------------------------


def commit_of(folder: str, ref: str) -> str:
    """The commit that a ref names; "" when it names none."""
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    answer = git.ask(folder, *arguments)
    return "" if answer.code else git.require_name(arguments, answer.text)


def require_commit(folder: str, ref: str) -> str:
    """The commit that a user's ref names; UsageError when it names none."""
    commit = commit_of(folder, ref)
    if not commit:
        remote, _, branch = ref.partition("/")
        fetch = hint.git("fetch", remote, branch) if branch else hint.git("fetch", "origin", ref)
        is_name = not remote.startswith("-")  # git would read it as an option
        raise UsageError(f"there is no commit {ref!r} here", code="git.ref", hint=fetch if is_name else None)
    return commit


def head(folder: str) -> tuple[str, str]:
    """The commit that is checked out and its tree; both "" before the first commit and outside git."""
    arguments = ("rev-parse", "HEAD^{commit}", "HEAD^{tree}")
    answer = git.ask(folder, *arguments)
    if answer.code:
        return "", ""
    commit, _, tree = answer.text.partition("\n")
    return git.require_name(arguments, commit), git.require_name(arguments, tree)


def tree_of(folder: str, commit: str) -> str:
    """The tree of a commit."""
    return git.run_for_name(folder, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")


def committed_at(folder: str, commit: str) -> datetime:
    """When a commit was made, by its committer's clock."""
    arguments = ("rev-list", "--max-count=1", "--timestamp", commit)
    text = git.run(folder, *arguments)
    seconds, _, name = text.partition(" ")
    git.require_name(arguments, name)
    try:
        return datetime.fromtimestamp(_number(arguments, seconds), UTC)
    except (ValueError, OverflowError, OSError) as problem:  # a commit of the year 300,000
        raise git.not_understood(arguments, text) from problem


def merge_base(folder: str, left: str, right: str) -> str:
    """The newest commit that two come from; "" where there is none, which a shallow clone may just not know."""
    arguments = ("merge-base", left, right)
    answer = git.ask(folder, *arguments)
    if answer.code == 1 and not answer.out:
        return ""
    if answer.code:
        raise git.failed(arguments, answer)
    return git.require_name(arguments, answer.text.split("\n")[0])


def ahead_behind(folder: str, left: str, right: str) -> tuple[int, int]:
    """How many commits only the first has, and how many only the second."""
    arguments = ("rev-list", "--left-right", "--count", f"{left}...{right}", "--")
    ahead, _, behind = git.run(folder, *arguments).partition("\t")
    return _number(arguments, ahead), _number(arguments, behind)


def count_since(folder: str, commit: str, before: str) -> int:
    """How many commits one has that an earlier one has not; "" is before all of them."""
    arguments = ("rev-list", "--count", commit, *([f"^{before}"] if before else []), "--")
    return _number(arguments, git.run(folder, *arguments))


def _number(arguments: tuple[str, ...], text: str) -> int:
    if _COUNT.fullmatch(text) is None:
        raise git.not_understood(arguments, text)
    return int(text)


# -- branches --------------------------------------------------------------------------------------


def default_branch(root: str) -> RemoteBranch | None:
    """The default branch of `origin`, else of the only remote that has one, as this clone knows it; no process."""
    branches = default_branches(root)
    remote = _PREFERRED if _PREFERRED in branches else next(iter(branches)) if len(branches) == 1 else ""
    return RemoteBranch(remote, branches[remote]) if remote else None


def can_be_branch(name: str) -> bool:
    """Whether git takes a text as the name of a branch (git-check-ref-format)."""
    return _NO_BRANCH.search(name) is None


def remotes_with(folder: str, branch: str) -> list[str]:
    """The remotes that had a branch when they were last fetched."""
    arguments = ("for-each-ref", "--format=%(refname)", f"refs/remotes/*/{branch}")
    names = git.run(folder, *arguments).split("\n")
    head, tail = "refs/remotes/", f"/{branch}"
    for name in names:
        if name and not (name.startswith(head) and name.endswith(tail)):
            raise git.not_understood(arguments, name)
    return [name[len(head) : -len(tail)] for name in names if name]


def move(folder: str, branch: str, new: str, old: str, reason: str) -> None:
    """Lets a branch name another commit if it still names the old one; "" means that it must not exist yet."""
    git.run(folder, "update-ref", "-m", reason, f"refs/heads/{branch}", new, old or "0" * len(new))


def below(folder: str, prefix: str) -> dict[str, str]:
    """By name, what every ref below a prefix names."""
    arguments = ("for-each-ref", "--format=%(objectname) %(refname)", f"{prefix}/")
    named = {}
    for line in git.run(folder, *arguments).split("\n"):
        name, _, ref = line.partition(" ")
        if line:
            named[ref] = git.require_name(arguments, name)
    return named


def remove(folder: str, ref: str) -> None:
    """Takes a ref of ours away; one that is not there is fine."""
    git.ask(folder, "update-ref", "-d", ref)
