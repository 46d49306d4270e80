"""The history of files: when they came into it, and which contents they had."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tools.core.git import git

_ON_ONE_LINE = 400
"""Up to so many paths are passed to git by name; for more, reading the whole history is cheaper."""

_MOMENT = re.compile(rb"/(\d{1,11})")  # no path from git begins with a slash
_CHANGE = re.compile(rb":\d{6} (\d{6}) [0-9a-f]{40,64} ([0-9a-f]{40,64}) [A-Z]\d*")


def first_commits(folder: str, paths: Sequence[str]) -> dict[str, datetime]:
    """When each file at (or below) one of the paths entered the history of this checkout; one process.

    The committer's date, the same in every clone that has the whole history. Empty where nothing
    was committed.
    """
    shown = ("--format=/%ct", "--name-only", "--diff-filter=A", "--no-renames", "-m", "-z", "--relative")
    among = paths if len(paths) <= _ON_ONE_LINE else ()
    arguments = ("--literal-pathspecs", "log", *shown, "--full-history", "HEAD", "--", *among)
    answer = git.ask(folder, *arguments)
    if answer.code:
        if "bad revision 'HEAD'" in answer.error:  # nothing was committed yet
            return {}
        raise git.failed(arguments, answer)
    files, folders = set(paths), tuple(f"{path}/" for path in paths)
    return {
        path: datetime.fromtimestamp(moment, UTC)
        for path, moment in _earliest(answer.out).items()
        if path in files or path.startswith(folders)
    }


def _earliest(log: bytes) -> dict[str, int]:
    """By path the earliest moment in a log of `/<seconds>` and the paths that came then."""
    earliest: dict[str, int] = {}
    moment = None
    for entry in log.split(b"\0"):
        name = entry.removeprefix(b"\n")
        if stamp := _MOMENT.fullmatch(name):
            moment = int(stamp[1])
        elif name and moment is None:
            raise git.not_understood(("log",), entry)
        elif name:
            path = os.fsdecode(name)
            earliest[path] = min(moment or 0, earliest.get(path, moment or 0))
    return earliest


def versions(folder: str, refs: Sequence[str], below: str) -> Iterator[tuple[str, str]]:
    """Path and blob of every regular file below a folder that a commit of these refs brought, newest commit first."""
    shown = ("--format=", "--raw", "--no-abbrev", "--no-renames", "-z", "-m", "--full-history")
    existing = [ref for ref in refs if git.ask(folder, "rev-parse", "--verify", "-q", f"{ref}^{{commit}}").code == 0]
    if not existing:
        return
    arguments = ("--literal-pathspecs", "log", *shown, *existing, "--", below)
    answer = git.ask(folder, *arguments)
    if answer.code:
        raise git.failed(arguments, answer)
    fields = [field for field in answer.out.split(b"\0") if field.strip(b"\n")]
    if len(fields) % 2:
        raise git.not_understood(arguments, fields[-1])
    for description, path in zip(fields[::2], fields[1::2], strict=True):
        change = _CHANGE.fullmatch(description.lstrip(b"\n"))
        if change is None:
            raise git.not_understood(arguments, description)
        if change[1].startswith(b"100"):
            yield os.fsdecode(path), change[2].decode()


def first_subjects(folder: str, commit: str) -> list[str]:
    """The first lines of the messages of the commits that a history begins with."""
    return git.run(folder, "log", "--max-parents=0", "--format=%s", commit, "--").split("\n")
