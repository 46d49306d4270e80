"""What differs: between commits, from a commit to the checkout, and what is not committed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from tools.core.git import git
from tools.core.git.objects import Entry

_NAMES_ONLY = ("--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
_CHANGE = re.compile(rb":\d{6} (\d{6}) [0-9a-f]{40,64} ([0-9a-f]{40,64}) [A-Z]")
_STATE = re.compile(r"[ MTADRCU?!]{2} .+", re.DOTALL)


def outside(names: Iterable[str]) -> list[str]:
    """The pathspecs of all that lies in no such file or folder at the top; a `*` matches."""
    return [".", *(f":(exclude,top){name}" for name in names)]


def outside_worktrees(root: str, roots: Iterable[str]) -> list[str]:
    """The pathspecs of a checkout without other worktrees of its clone that lie inside it."""
    inside = [os.path.relpath(each, root) for each in roots if each.startswith(root + os.sep)]
    return [".", *(f":(exclude,top,literal){name}" for name in inside)]


def since(folder: str, commit: str, pathspecs: Sequence[str]) -> list[str]:
    """The tracked files of the checkout that are not as a commit has them, by their paths from the top."""
    return _names(folder, ("diff", *_NAMES_ONLY, commit, "--", *pathspecs))


def since_fork(folder: str, base: str) -> list[str] | None:
    """The files that HEAD changed since it left a base; None when there is no such base or nothing in common."""
    arguments = ("diff", *_NAMES_ONLY, f"{base}...HEAD", "--")
    answer = git.ask(folder, *arguments)
    return None if answer.code else _split(arguments, answer.out)


def differ(folder: str, old: str, new: str, pathspecs: Sequence[str]) -> bool:
    """Whether two commits differ in some paths."""
    arguments = ("diff-tree", "-r", "--quiet", old, new, "--", *pathspecs)
    answer = git.ask(folder, *arguments)
    if answer.code not in (0, 1):
        raise git.failed(arguments, answer)
    return answer.code == 1


def entries(folder: str, old: str, new: str, prefix: str) -> dict[str, Entry]:
    """By path, what the newer of two commits has below a prefix that the older has not so; mode 000000 for nothing."""
    arguments = ("diff-tree", "-r", "-z", "--no-renames", old, new, "--", prefix)
    answer = git.ask(folder, *arguments)
    if answer.code:
        raise git.failed(arguments, answer)
    fields = answer.out.split(b"\0")
    if fields.pop() or len(fields) % 2:
        raise git.not_understood(arguments, answer.out)
    changed = {}
    for description, path in zip(fields[::2], fields[1::2], strict=True):
        change = _CHANGE.fullmatch(description)
        if change is None:
            raise git.not_understood(arguments, description)
        changed[os.fsdecode(path)] = Entry(change[1].decode(), change[2].decode())
    return changed


def status(folder: str, pathspecs: Sequence[str] = ()) -> list[str]:
    """The lines of `git status --porcelain`: two letters of state, a space, and the path as git quotes it."""
    arguments = ("status", "--porcelain", "--untracked-files=normal", "--", *pathspecs)
    answer = git.ask(folder, *arguments)
    if answer.code:
        raise git.failed(arguments, answer)
    lines = [line for line in answer.out.decode("utf-8", "replace").split("\n") if line]
    for line in lines:
        if _STATE.fullmatch(line) is None:
            raise git.not_understood(arguments, line)
    return lines


def is_dirty(folder: str, pathspecs: Sequence[str]) -> bool:
    """Whether anything in some paths is not committed, untracked files included; False outside git."""
    answer = git.ask(folder, "status", "--porcelain", "-z", "--untracked-files=normal", "--", *pathspecs)
    return answer.code == 0 and bool(answer.out)


def _names(folder: str, arguments: tuple[str, ...]) -> list[str]:
    answer = git.ask(folder, *arguments)
    if answer.code:
        raise git.failed(arguments, answer)
    return _split(arguments, answer.out)


def _split(arguments: tuple[str, ...], out: bytes) -> list[str]:
    """Paths that each end with NUL."""
    names = os.fsdecode(out).split("\0")
    if names.pop():
        raise git.not_understood(arguments, out)
    return names
