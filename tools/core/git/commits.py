"""Commits as they are made and as they were: staged paths, trailers, which paths a range changes and where."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import UsageError
from tools.core.git import git

_FORMAT = "%H%n%(trailers:key=Task,valueonly,separator=%x2C)%n%(trailers:key=Fence,valueonly,separator=%x2C)"
_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)", re.MULTILINE)
_RAW = re.compile(rb":\d{6} \d{6} \S+ \S+ [A-Z]\d*")


class Listed(NamedTuple):
    """A commit: its name, the last value of each of its trailers, the paths it changes."""

    name: str
    task: str
    fence: str
    paths: tuple[str, ...] = ()


def listed(folder: str, revisions: Sequence[str], *, not_on: str = "") -> list[Listed]:
    """The commits of a range, oldest first, merges left out; UsageError for a range that git does not know.

    `not_on` names a remote whose commits, as they were last fetched, are left out.
    """
    hidden = ("--not", f"--remotes={not_on}", "--not") if not_on else ()
    options = ("-z", "--reverse", "--no-merges", "--raw", "--no-renames", "--root", "-r", f"--format={_FORMAT}")
    arguments = ("log", *options, *hidden, "--end-of-options", *revisions, "--")
    answer = git.ask(folder, *arguments)
    if answer.code:
        words = git.failed(arguments, answer).message
        raise UsageError(f"not a range of commits: {words}", code="guard.range", hint=hint.git("log", "--oneline"))
    listed: list[Listed] = []
    parts = iter(answer.out.split(b"\0"))
    for part in parts:
        text = part.lstrip(b"\n")
        if _RAW.fullmatch(text):
            if not listed:
                raise git.not_understood(arguments, part)
            path = os.fsdecode(next(parts, b""))
            listed[-1] = listed[-1]._replace(paths=(*listed[-1].paths, path))
        elif text:
            listed.append(_header(arguments, text.decode("utf-8", "replace")))
    return listed


def _header(arguments: Sequence[str], text: str) -> Listed:
    name, task, fence = (*text.split("\n"), "", "")[:3]
    git.require_name(arguments, name)
    return Listed(name, task.split(",")[-1].strip(), fence.split(",")[-1].strip())


def first_line(folder: str, commit: str, path: str) -> int:
    """The first line that a commit changed in a file, from 1."""
    options = ("--format=", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv")
    shown = git.ask(folder, "show", *options, commit, "--", f":(literal,top){path}")
    hunk = _HUNK.search(shown.out) if shown.code == 0 else None
    return max(1, int(hunk[1])) if hunk else 1


def staged(folder: str, index: Mapping[str, str]) -> list[str]:
    """The staged paths, both sides of a rename; `index` are variables that choose the index git is committing."""
    options = ("--cached", "--name-only", "--no-renames", "--no-ext-diff", "-z")
    arguments = ("diff", *options, "--")
    answer = git.ask(folder, *arguments, extra=index)
    if answer.code:
        raise git.failed(arguments, answer)
    names = os.fsdecode(answer.out).split("\0")
    if names.pop():
        raise git.not_understood(arguments, answer.out)
    return names


def add_trailers(folder: str, path: str, trailers: Mapping[str, str]) -> None:
    """Puts trailers under a message, but for those that are there."""
    options = [part for key, value in trailers.items() for part in ("--trailer", f"{key}: {value}")]
    git.run(folder, "interpret-trailers", "--in-place", "--if-exists", "doNothing", *options, path)


def exists(folder: str, commit: str) -> bool:
    """Whether a commit is here."""
    return git.ask(folder, "cat-file", "-e", f"{commit}^{{commit}}").code == 0


def count_only_here(folder: str, branch: str) -> int:
    """How many commits of HEAD are on no other branch and no remote."""
    elsewhere = ("--not", "--remotes", f"--exclude={branch}", "--branches")
    text = git.run(folder, "rev-list", "--count", "HEAD", *elsewhere)
    if not text.isdigit():
        raise git.not_understood(("rev-list",), text)
    return int(text)
