"""The files of a bus as a checker reads them: from its folder, or from a commit through one git process.

A bus lies in a code branch under `_bus/`, or is a branch of its own with its folders at the top.
Either way its files are named here as they are below a checkout's root: `_bus/…`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Protocol

from tools.core.errors import DataError, SetupError, UsageError
from tools.core.fs import files, jsonl
from tools.core.git import git
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES
from tools.core.workspace import BUS, MEMORY_LOG, Place, Workspace

FOLDERS = (EVENTS, MESSAGES, CLAIMS, ASSIGNMENTS)
_REGULAR = (b"100644", b"100755")


class Tree(Protocol):
    """Files by the names they have below a checkout's root."""

    def names(self, folder: str) -> list[str]:
        """The names of the files in one folder of the bus, sorted."""

    def lines(self, name: str) -> Iterator[jsonl.Line]:
        """The lines of a log, none when it is not there; DataError for what is no file."""

    def document(self, name: str) -> bytes | None:
        """A whole file, None when it is not there; DataError for what is no file or too large."""


class Folder:
    """A checkout and its live bus as they lie on the disk."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def place(self, name: str) -> Place:
        """Where a file is: the bus is under the bus root, all else under the root."""
        base = self._workspace.bus_root if name.startswith(f"{BUS}/") else self._workspace.root
        return Place(base, name)

    def names(self, folder: str) -> list[str]:
        """See Tree."""
        place = self._workspace.bus.child(folder)
        return [f"{place.name}/{name}" for name in files.names_in(place)]

    def lines(self, name: str) -> Iterator[jsonl.Line]:
        """See Tree."""
        return jsonl.lines(self.place(name))

    def document(self, name: str) -> bytes | None:
        """See Tree."""
        return files.read_bytes(self.place(name))


class Commit:
    """A commit of a branch that carries a bus; a context manager."""

    def __init__(self, repository: str, commit: str) -> None:
        self.commit = commit
        self._listed = _listing(repository, commit)
        self._objects = git.Objects(repository)

    def __enter__(self) -> Commit:
        return self

    def __exit__(self, *_: object) -> None:
        self._objects.__exit__()

    @property
    def logs(self) -> Mapping[str, str]:
        """The logs that only grow, to what tells their content: those of the bus, and the memory log."""
        return {
            name: content
            for name, (_, content) in self._listed.items()
            if name == MEMORY_LOG or (name.startswith(f"{BUS}/") and name.endswith(".jsonl"))
        }

    def restoring(self, name: str, *, keeping: bool) -> str:
        """The git commands that put a file back as it was in this commit; `keeping` commits first what it is now."""
        at_top = name.removeprefix(f"{BUS}/")
        is_alone = at_top != name and at_top in self._listed  # a branch of the bus alone
        where, path = (f"git -C {BUS}", at_top) if is_alone else ("git", name)
        restore = f"{where} checkout {self.commit[:12]} -- {shlex.quote(path)}"
        keep = f"{where} commit --allow-empty -m 'Keep before restoring' -- {shlex.quote(path)}"
        return f"{keep} && {restore}" if keeping else restore

    def names(self, folder: str) -> list[str]:
        """See Tree."""
        top = f"{BUS}/{folder}/"
        return sorted(name for name in self._listed if name.startswith(top) and "/" not in name[len(top) :])

    def lines(self, name: str) -> Iterator[jsonl.Line]:
        """See Tree."""
        content = self._content(name)
        if content is not None:
            with closing(self._objects.blocks(content)) as blocks:
                yield from jsonl.split(blocks)

    def document(self, name: str) -> bytes | None:
        """See Tree."""
        content = self._content(name)
        if content is None:
            return None
        kept, size = [], 0
        with closing(self._objects.blocks(content)) as blocks:
            for block in blocks:
                size += len(block)
                if size > files.MAX_DOCUMENT:
                    raise DataError(f"{name}: more than {files.MAX_DOCUMENT} bytes", code="file.size")
                kept.append(block)
        return b"".join(kept)

    def _content(self, name: str) -> str | None:
        mode, content = self._listed.get(name, (b"", ""))
        if not content:
            return None
        if mode not in _REGULAR:
            raise DataError(f"{name}: a link stands where the bus needs a file", code="file.kind")
        return content


def _listing(repository: str, commit: str) -> dict[str, tuple[bytes, str]]:
    result = git.ask(repository, "ls-tree", "-r", "-z", "--full-tree", commit)
    if result.code:
        raise git.failed(("ls-tree",), result)
    found: dict[str, tuple[bytes, str]] = {}
    for entry in result.out.split(b"\0"):
        description, _, path = entry.partition(b"\t")
        if path:
            mode, _, content = description.split()
            found[path.decode("utf-8", "surrogateescape")] = (mode, content.decode())
    if not any(name.startswith(f"{BUS}/") for name in found):
        tops = tuple(f"{folder}/" for folder in FOLDERS)
        found.update({f"{BUS}/{name}": value for name, value in found.items() if name.startswith(tops)})
    return found


def repository_of(workspace: Workspace) -> str:
    """The folder whose branch carries the bus: the bus itself where it is a worktree, else the bus root."""
    own = os.path.lexists(os.path.join(workspace.bus.path, ".git"))
    folder = workspace.bus.path if own else workspace.bus_root
    if not git.is_repository(folder):
        raise SetupError(f"{folder} is not in a git repository", code="git.none", hint="git init")
    return folder


def commit_of(repository: str, ref: str) -> str:
    """The commit a ref names; UsageError when it names none."""
    result = git.ask(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if result.code:
        remote, _, branch = ref.partition("/")
        hint = f"git fetch {remote} {branch}" if branch else f"git fetch origin {ref}"
        raise UsageError(f"there is no commit {ref!r} here", code="git.ref", hint=hint)
    return result.text


def merge_base(repository: str, one: str, other: str) -> str | None:
    """The newest commit both come from; None for unrelated histories; SetupError in a shallow clone."""
    result = git.ask(repository, "merge-base", one, other)
    if result.code == 0:
        return result.text.split("\n")[0]
    if git.run(repository, "rev-parse", "--is-shallow-repository") == "true":
        raise SetupError(
            "this clone is too shallow to know the common history with the base",
            code="git.shallow",
            hint="git fetch --unshallow origin",
        )
    return None
