"""What git knows about paths: tracked, ignored, or neither; asked once for all of them.

Names may hold spaces, quotes and any letters: everything goes and comes NUL-separated, and a `*` in
a name is a `*`. A path that is staged is tracked, also when a pattern ignores it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tools.core.errors import SetupError, UsageError
from tools.core.fs import files, locks
from tools.core.git import git
from tools.core.gitdir import common_folder, git_folder
from tools.core.workspace import BUS, Place, Workspace

TRACKED = "tracked"
IGNORED = "ignored"
UNTRACKED = "untracked"
MISSING = "missing"

_ON_ONE_LINE = 400
"""Paths that git is asked about by name; of more, the whole listing is cheaper."""


def states(workspace: Workspace, paths: Iterable[str]) -> dict[str, str]:
    """Each path's state; SetupError with git's reason where there is no git to ask.

    Paths inside a bus that has its own history are asked about there.
    """
    wanted = list(dict.fromkeys(paths))
    found = {path: MISSING for path in wanted if not is_file(workspace, path)}
    present = [path for path in wanted if path not in found]
    apart = _bus_apart(workspace)
    on_bus = [path for path in present if apart and path.startswith(f"{BUS}/")]
    in_root = [path for path in present if path not in set(on_bus)]
    found.update(_states_in(workspace.root, in_root))
    if on_bus:
        inner = _states_in(workspace.bus.path, [path[len(BUS) + 1 :] for path in on_bus])
        found.update({f"{BUS}/{path}": state for path, state in inner.items()})
    return found


def require(workspace: Workspace, path: str) -> str:
    """A tracked file's path as records cite it; UsageError for one that is outside, missing or not tracked."""
    name = workspace.relative(path)
    state = states(workspace, [name])[name]
    if state == MISSING:
        raise UsageError(f"{name} does not exist", code="receipt.missing", hint=f"ls -l {shlex.quote(name)}")
    if state != TRACKED:
        add = "add -f" if state == IGNORED else "add"
        raise UsageError(
            f"{name} is {'ignored' if state == IGNORED else 'not tracked'} by git, so nobody else would have it",
            code="receipt.untracked",
            hint=f"git {add} -- {shlex.quote(name)}",
        )
    return name


def is_file(workspace: Workspace, path: str) -> bool:
    """Whether a regular file is there, in the checkout or, for the bus, where it lives; no link followed."""
    bases = [workspace.root, *([workspace.bus_root] if path.startswith(f"{BUS}/") else [])]
    try:
        return any(files.exists(Place(base, path)) for base in bases)
    except SetupError:  # a name the file system cannot hold, a folder nobody may enter
        return False


def _bus_apart(workspace: Workspace) -> bool:
    return os.path.lexists(os.path.join(workspace.bus.path, ".git")) or workspace.root != workspace.bus_root


def _states_in(folder: str, paths: Sequence[str]) -> dict[str, str]:
    listed = listing(folder, paths if len(paths) <= _ON_ONE_LINE else ())
    return {path: listed.get(path, IGNORED) for path in paths}


def listing(folder: str, paths: Sequence[str] = ()) -> dict[str, str]:
    """The state of every path below a folder (of `paths` where given) that git does not ignore."""
    shown = ("--cached", "--others", "--exclude-standard", "--", *paths)
    answer = git.ask(folder, "--literal-pathspecs", "ls-files", "-z", "-t", *shown)
    if answer.code:
        raise git.failed(("ls-files",), answer)
    found: dict[str, str] = {}
    for entry in answer.out.split(b"\0"):
        if entry:
            found[os.fsdecode(entry[2:])] = UNTRACKED if entry[:1] == b"?" else TRACKED
    return found


def first_commits(workspace: Workspace, wanted: Sequence[str]) -> dict[str, datetime]:
    """When each file of (or below) a wanted path entered the history of this checkout; one process.

    The committer's date, the same in every clone that has the whole history. Empty where nothing
    was committed.
    """
    shown = ("--format=%x01%ct", "--name-only", "--diff-filter=A", "--no-renames", "-m", "-z", "--relative")
    among = wanted if len(wanted) <= _ON_ONE_LINE else ()
    answer = git.ask(workspace.root, "--literal-pathspecs", "log", *shown, "--full-history", "HEAD", "--", *among)
    if answer.code:
        if "bad revision 'HEAD'" in answer.error:  # nothing was committed yet
            return {}
        raise git.failed(("log",), answer)
    seconds = _earliest(answer.out)
    files_wanted, folders = set(wanted), tuple(f"{path}/" for path in wanted)
    return {
        path: datetime.fromtimestamp(moment, UTC)
        for path, moment in seconds.items()
        if path in files_wanted or path.startswith(folders)
    }


def _earliest(log: bytes) -> dict[str, int]:
    found: dict[str, int] = {}
    moment = 0
    for entry in log.split(b"\0"):
        name = entry.lstrip(b"\n")
        if name.startswith(b"\x01"):
            head, _, name = name[1:].partition(b"\n")
            moment = int(head)
            name = name.lstrip(b"\n")
        if not name:
            continue
        path = os.fsdecode(name)
        found[path] = min(moment, found.get(path, moment))
    return found


def is_shallow(workspace: Workspace) -> bool:
    """Whether this clone lacks old history, so that first commits cannot all be known."""
    folder = git_folder(workspace.root)
    return folder is not None and os.path.lexists(os.path.join(common_folder(folder), "shallow"))


def stage(workspace: Workspace, paths: Sequence[str]) -> None:
    """Stages files, ignored ones too, and nothing else; SetupError when git refuses."""
    folder = git_folder(workspace.root)
    if folder is None:
        raise SetupError("there is no git here to stage evidence in", code="git.none", hint="git init")
    above, name = os.path.split(common_folder(folder))
    with locks.hold(Place(above, name)):  # git's own index lock does not wait, it fails
        git.run(workspace.root, "--literal-pathspecs", "add", "--force", "--", *paths)
