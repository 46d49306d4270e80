"""The bus as a linked worktree of its own branch, so that no switch, stash, clean or pull of code touches it.

The branch is an orphan: it shares no commit with the code. Its first commit is the same bytes in
every clone, so that two clones that begin on their own still have a common ancestor. A folder that
holds live records already is adopted: git never writes into it. The tree of the branch is read
first; then, under the bus lock, what the folder lacks is added, logs are united line by line, and
the pointer `.git` that makes the folder a worktree is put in place.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import NamedTuple

from tools.core import files, git, locks, maps
from tools.core.errors import ConflictError, DataError, SetupError
from tools.core.workspace import Place, Workspace, common_folder, git_folder

BRANCH = "bus"
REF = f"refs/heads/{BRANCH}"
REMOTE_PATIENCE = 30.0
"""Seconds a remote may take to answer before `init` goes on without it."""

_FIRST = {
    "GIT_AUTHOR_NAME": "bus",
    "GIT_AUTHOR_EMAIL": "bus@localhost",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "bus",
    "GIT_COMMITTER_EMAIL": "bus@localhost",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


class Origin(NamedTuple):
    """Where the branch comes from: a remote that has it, or (both empty) nowhere yet."""

    remote: str = ""
    commit: str = ""
    silent: str = ""
    """The remote that could not be asked."""


def pointer(workspace: Workspace) -> Place:
    """The file that makes the bus a worktree."""
    return workspace.bus.child(".git")


def is_worktree(workspace: Workspace) -> bool:
    """Whether the bus is a worktree, sound or not."""
    return os.path.lexists(pointer(workspace).path)


def is_sound(workspace: Workspace) -> bool:
    """Whether git takes the bus for a worktree of its own."""
    answer = git.ask(workspace.bus.path, "rev-parse", "--show-toplevel")
    return answer.code == 0 and os.path.realpath(answer.text) == os.path.realpath(workspace.bus.path)


def head(workspace: Workspace) -> str:
    """The branch the bus is on; "" when detached."""
    return git.ask(workspace.bus.path, "symbolic-ref", "--short", "-q", "HEAD").text


def is_tracked(workspace: Workspace) -> bool:
    """Whether a branch of code carries files of the bus, here or in the main checkout."""
    roots = {workspace.root, workspace.bus_root}
    return any(git.ask(root, "ls-files", "-z", "--", workspace.bus.name).out for root in roots)


def repair(workspace: Workspace) -> None:
    """Ties the bus and its git folder together again after the checkout was moved."""
    git.ask(workspace.root, "worktree", "repair", workspace.bus.path)
    if not is_sound(workspace):
        raise DataError(
            f"{workspace.bus.name}/.git leads to no worktree of this repository",
            code="bus.worktree",
            hint=f"mv {workspace.bus.path}/.git {workspace.bus.path}/.git.old && python -m tools init --bus branch",
        )


def create(workspace: Workspace) -> Origin:
    """Makes the bus a worktree of its branch, the remote's where there is one; keeps all live records.

    The caller holds the lock of the common git folder.
    """
    origin = _branch_ready(workspace)
    _refuse_other_worktree(workspace)
    tree = _tree(workspace.root, REF)
    aside = tempfile.mkdtemp(prefix="bus-")
    try:
        made = os.path.join(aside, workspace.bus.name)
        git.run(workspace.root, "worktree", "add", "--quiet", "--force", "--no-checkout", made, BRANCH)
        with open(os.path.join(made, ".git"), "rb") as link:
            _adopt(workspace, tree, link.read())
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    git.run(workspace.bus.path, "worktree", "repair")
    git.run(workspace.bus.path, "read-tree", "HEAD")
    git.ask(workspace.bus.path, "update-index", "-q", "--refresh")
    return origin


def lock_place(workspace: Workspace) -> Place | None:
    """The common git folder, which is the lock of git work that cannot run twice; None outside git."""
    own = git_folder(workspace.root)
    if own is None:
        return None
    base, name = os.path.split(os.path.realpath(common_folder(own)))
    return Place(base, name)


# -- the branch ----------------------------------------------------------------------------------


def _branch_ready(workspace: Workspace) -> Origin:
    root = workspace.root
    if git.ask(root, "rev-parse", "-q", "--verify", f"{REF}^{{commit}}").code == 0:
        return Origin()
    origin = _remote_branch(root)
    commit = origin.commit or _first_commit(root)
    git.run(root, "update-ref", "-m", "bus: begin", REF, commit, "0" * len(commit))
    if origin.remote:
        git.run(root, "config", f"branch.{BRANCH}.remote", origin.remote)
        git.run(root, "config", f"branch.{BRANCH}.merge", REF)
    return origin


def _remote_branch(root: str) -> Origin:
    """The remote's branch as it is known, else asked for; a remote that is silent is no error."""
    remotes = git.run(root, "remote").split()
    if not remotes:
        return Origin()
    remote = "origin" if "origin" in remotes else remotes[0]
    known = f"refs/remotes/{remote}/{BRANCH}"
    if git.ask(root, "rev-parse", "-q", "--verify", f"{known}^{{commit}}").code:
        try:
            asked = git.ask(root, "ls-remote", "--exit-code", remote, REF, timeout=REMOTE_PATIENCE)
            if asked.code == 2:
                return Origin()
            if asked.code or git.ask(root, "fetch", "-q", "--no-tags", remote, f"+{REF}:{known}").code:
                return Origin(silent=remote)
        except SetupError:
            return Origin(silent=remote)
    return Origin(remote, git.run(root, "rev-parse", f"{known}^{{commit}}"))


def _first_commit(root: str) -> str:
    entries = []
    for name, data in sorted(maps.bus_files().items()):
        blob = git.run(root, "hash-object", "-w", "--stdin", input=data)
        entries.append(f"100644 blob {blob}\t{name}\n")
    tree = git.run(root, "mktree", input="".join(entries).encode())
    return git.run(root, "commit-tree", tree, "-m", "Begin the bus", extra=_FIRST)


def _refuse_other_worktree(workspace: Workspace) -> None:
    git.run(workspace.root, "worktree", "prune")
    path = ""
    for line in git.run(workspace.root, "worktree", "list", "--porcelain").splitlines():
        if line.startswith("worktree "):
            path = line.removeprefix("worktree ")
        elif line == f"branch {REF}" and os.path.realpath(path) != os.path.realpath(workspace.bus.path):
            raise ConflictError(
                f"the branch {BRANCH} is checked out at {path}",
                code="bus.elsewhere",
                hint=f"git worktree remove {path} && python -m tools init",
            )


# -- the folder ----------------------------------------------------------------------------------


def _tree(root: str, ref: str) -> dict[str, bytes]:
    """All files of a commit, by path; two processes however many there are."""
    wanted: list[tuple[bytes, str]] = []
    for entry in git.ask(root, "ls-tree", "-r", "-z", ref).out.split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        if facts.startswith(b"100"):  # regular files; a link or a submodule has no place in a bus
            wanted.append((facts.split(b" ")[2], os.fsdecode(path)))
    answer = git.ask(root, "cat-file", "--batch", input=b"".join(blob + b"\n" for blob, _ in wanted)).out
    found: dict[str, bytes] = {}
    start = 0
    for _, name in wanted:
        line_end = answer.index(b"\n", start)
        size = int(answer[start:line_end].split(b" ")[2])
        found[name] = answer[line_end + 1 : line_end + 1 + size]
        start = line_end + size + 2
    return found


def _adopt(workspace: Workspace, tree: Mapping[str, bytes], link: bytes) -> None:
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        for name, committed in tree.items():
            place = workspace.bus.child(name)
            live = files.read_bytes(place, 1 << 30)
            data = united(name, committed, live)
            if data != live:
                files.replace(place, data)
        files.replace(pointer(workspace), link)


def united(name: str, committed: bytes, live: bytes | None) -> bytes:
    """What a file of the bus becomes when its branch and the folder both may have it; no record is lost."""
    if live is None or live == committed:
        return committed
    if name.endswith(".jsonl"):
        return _united_lines(committed, live)
    return committed if _fence(name, committed) > _fence(name, live) else live


def _united_lines(committed: bytes, live: bytes) -> bytes:
    """The lines of both, the branch's first; a last line without its end stays last."""
    if live.startswith(committed):
        return live
    known = set(committed.split(b"\n"))
    *whole, torn = live.split(b"\n")
    begun = committed if committed.endswith(b"\n") or not committed else committed + b"\n"
    new = b"".join(line + b"\n" for line in whole if line not in known)
    return begun + new + (b"" if torn in known else torn)


def _fence(name: str, data: bytes) -> int:
    try:
        fence = files.parse_object(data, name).get("fence")
    except DataError:
        return -1
    return fence if isinstance(fence, int) else 0
