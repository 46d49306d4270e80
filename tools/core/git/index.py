"""The index: git's list of what the next commit has; the checkout's, or one of our own to build a tree in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from tools.core.git import git
from tools.core.git.objects import Entry


class Scratch:
    """An index file of our own in a git folder; one that a dead process left is thrown away.

    Only one process at a time may have it: the caller holds the lock of git work.
    """

    def __init__(self, folder: str, git_folder: str, name: str) -> None:
        self._folder, self._git_folder = folder, git_folder
        self._path = os.path.join(git_folder, name)
        for left in (self._path, f"{self._path}.lock"):
            with suppress(FileNotFoundError):
                os.unlink(left)

    def load(self, commit: str) -> None:
        """Lists what a commit has; nothing for ""."""
        git.run(self._folder, "read-tree", commit or "--empty", extra=self._here)

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Puts entries in by path, over a folder that stands there too."""
        _put(self._folder, entries, self._here)

    def tree(self) -> str:
        """The tree of all that is listed."""
        return git.run_for_name(self._folder, "write-tree", extra=self._here)

    def install(self) -> None:
        """Makes this the index of the checkout, in one step."""
        os.replace(self._path, os.path.join(self._git_folder, "index"))

    @property
    def _here(self) -> dict[str, str]:
        return {"GIT_INDEX_FILE": self._path}


def put(folder: str, entries: Mapping[str, Entry]) -> None:
    """Puts entries into the checkout's index by path; one of mode 000000 takes its path out. No file is touched."""
    _put(folder, entries, None)


def _put(folder: str, entries: Mapping[str, Entry], extra: Mapping[str, str] | None) -> None:
    if not entries:
        return
    lines = [f"{entry.mode} {entry.name}\t{path}\0" for path, entry in entries.items()]
    data = "".join(lines).encode("utf-8", "surrogateescape")
    git.run(folder, "update-index", "-z", "--index-info", input=data, extra=extra)


def make(folder: str) -> None:
    """Gives a checkout without an index one that lists what HEAD has, then notes which files are as listed."""
    place = git.run(folder, "rev-parse", "--git-path", "index")
    if not os.path.exists(os.path.join(folder, place)):
        git.run(folder, "read-tree", "HEAD")
    git.ask(folder, "update-index", "-q", "--refresh")  # 1 where files differ, which is no failure


def has_any(folder: str, path: str) -> bool:
    """Whether anything in a file or folder is tracked; False outside git."""
    return bool(git.ask(folder, "ls-files", "-z", "--", path).out)
