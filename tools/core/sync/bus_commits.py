"""The branch that carries the bus, and git's view of its files, without touching anybody's index.

The bus is carried by its own branch, where `_bus/` is a linked worktree, or by the code branch that
is checked out beside it, where that tracks `_bus/`; a plain folder is carried by nothing. Trees are
built in an index file of our own in the git folder, under the lock of git work; one that a dead
process left is thrown away.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from tools.core.errors import SetupError
from tools.core.git import git
from tools.core.gitdir import current_branch, git_folder
from tools.core.sync import bus_branch
from tools.core.workspace import BUS, Workspace

_INDEX = "bus-sync.index"


class Blob(NamedTuple):
    """A regular file in a tree."""

    mode: str
    oid: str


class Carrier(NamedTuple):
    """Where git runs, below which prefix the bus lies in the tree, and on which branch.

    The remote is reached from `home`, the main checkout: a relative URL is meant from there.
    """

    folder: str
    prefix: str
    branch: str
    home: str

    @property
    def is_own(self) -> bool:
        """Whether the branch is the bus's own."""
        return not self.prefix

    @property
    def outside(self) -> tuple[str, ...]:
        """The pathspec of everything that is not the bus's."""
        return (".", f":(exclude){self.prefix.rstrip('/')}") if self.prefix else ()


def find(workspace: Workspace) -> Carrier | None:
    """What carries the bus; None for a plain folder, SetupError when it is on no branch."""
    if bus_branch.is_worktree(workspace):
        home = workspace.root if git_folder(workspace.bus_root) is None else workspace.bus_root
        return Carrier(workspace.bus.path, "", _branch(workspace.bus.path), home)
    if git_folder(workspace.bus_root) is None:
        return None
    if not git.ask(workspace.bus_root, "ls-files", "-z", "--", BUS).out:
        return None
    return Carrier(workspace.bus_root, f"{BUS}/", _branch(workspace.bus_root), workspace.bus_root)


def _branch(folder: str) -> str:
    branch = current_branch(folder)
    if branch is None:
        raise SetupError(
            f"{folder} is on no branch, so the bus cannot be committed",
            code="bus.detached",
            hint=f"git -C {folder} switch -",
        )
    return branch


def tree(carrier: Carrier, commit: str) -> dict[str, Blob]:
    """The regular files of the bus in a commit, by their path in the bus; links are left out."""
    if not commit:
        return {}
    wanted = ("--", carrier.prefix) if carrier.prefix else ()
    listed = git.ask(carrier.folder, "ls-tree", "-r", "-z", "--full-tree", commit, *wanted)
    if listed.code:
        raise git.failed(["ls-tree"], listed)
    found = {}
    for entry in listed.out.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, path = entry.partition("\t")
        if facts.startswith("100"):
            mode, _, oid = facts.split(" ")
            found[path.removeprefix(carrier.prefix)] = Blob(mode, oid)
    return found


def contents(carrier: Carrier, oids: Iterable[str]) -> dict[str, bytes]:
    """The bytes of blobs, with one process however many there are."""
    wanted = sorted(set(oids))
    if not wanted:
        return {}
    answer = git.ask(carrier.folder, "cat-file", "--batch", input="".join(f"{oid}\n" for oid in wanted).encode())
    found, start = {}, 0
    for oid in wanted:
        end = answer.out.find(b"\n", start)
        header = answer.out[start:end].split(b" ")
        if len(header) != 3:
            raise SetupError(f"git has lost the object {oid}", code="git.object", hint="git fsck")
        start = end + 1 + int(header[2]) + 1
        found[oid] = answer.out[end + 1 : start - 1]
    return found


def commit(
    carrier: Carrier, base: str, parents: Iterable[str], changed: Mapping[str, bytes], *, agent: str, message: str
) -> str:
    """A commit of the base's tree with some files of the bus replaced; the base itself when nothing differs."""
    index = {"GIT_INDEX_FILE": _fresh_index(carrier)}
    git.run(carrier.folder, "read-tree", base or "--empty", extra=index)
    entries = b""
    for name, data in changed.items():
        oid = git.run(carrier.folder, "hash-object", "-w", "--no-filters", "--stdin", input=data)
        path = f"{carrier.prefix}{name}".encode("utf-8", "surrogateescape")
        entries += f"100644 {oid}\t".encode() + path + b"\0"
    if entries:
        git.run(carrier.folder, "update-index", "-z", "--add", "--replace", "--index-info", input=entries, extra=index)
    made = git.run(carrier.folder, "write-tree", extra=index)
    parents = list(dict.fromkeys(parent for parent in parents if parent))
    if parents == [base] and made == git.run(carrier.folder, "rev-parse", f"{base}^{{tree}}"):
        return base
    told = [part for parent in parents for part in ("-p", parent)]
    return git.run(carrier.folder, "commit-tree", made, *told, "-m", message, extra=_identity(agent))


def _identity(agent: str) -> dict[str, str]:
    mail = f"{agent}@bus.invalid"
    return {
        "GIT_AUTHOR_NAME": agent,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": agent,
        "GIT_COMMITTER_EMAIL": mail,
    }


def _fresh_index(carrier: Carrier) -> str:
    path = os.path.join(_git_folder(carrier), _INDEX)
    for left in (path, f"{path}.lock"):
        with suppress(FileNotFoundError):
            os.unlink(left)
    return path


def _git_folder(carrier: Carrier) -> str:
    found = git_folder(carrier.folder)
    if found is None or not os.path.isdir(found):
        raise SetupError(
            f"{carrier.folder}/.git leads to no git folder", code="bus.worktree", hint="python -m tools init"
        )
    return found


def move(carrier: Carrier, old: str, new: str) -> None:
    """Moves the branch and, of the index, the bus's entries; files stay. The index first: a user's commit
    between the two would then keep the bus's change, not undo it."""
    if carrier.is_own:
        index = _fresh_index(carrier)
        git.run(carrier.folder, "read-tree", new, extra={"GIT_INDEX_FILE": index})
        os.replace(index, os.path.join(_git_folder(carrier), "index"))
    else:
        set_index(carrier, old, new)
    git.run(carrier.folder, "update-ref", "-m", "bus_sync", f"refs/heads/{carrier.branch}", new, old or "0" * len(new))


def set_index(carrier: Carrier, old: str, new: str) -> None:
    """Makes the index say of the bus what a commit says; no other entry, no file is touched."""
    listed = git.ask(carrier.folder, "diff-tree", "-r", "-z", "--no-renames", old, new, "--", carrier.prefix)
    fields = listed.out.split(b"\0")
    entries = b""
    for facts, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, oid, _ = facts.split(b" ")
        entries += mode + b" " + oid + b"\t" + path + b"\0"
    if entries:
        git.run(carrier.folder, "update-index", "-z", "--index-info", input=entries)


def is_same_outside(carrier: Carrier, old: str, new: str) -> bool:
    """Whether two commits differ only in the bus."""
    if carrier.is_own or old == new:
        return True
    return git.ask(carrier.folder, "diff", "--quiet", old, new, "--", *carrier.outside).code == 0


def merge_base(carrier: Carrier, one: str, other: str) -> str:
    """The commit both began from; "" when there is none."""
    return git.ask(carrier.folder, "merge-base", one, other).text if one and other else ""
