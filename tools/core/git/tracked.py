"""Whether git tracks or ignores paths; one process for all of them.

Names may hold spaces, quotes and any letters: everything goes and comes NUL-separated, and a `*` in
a name is a `*`. A path that is staged is tracked, also when a pattern ignores it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from tools.core import hint
from tools.core.errors import SetupError, UsageError
from tools.core.fs import files, locks
from tools.core.git import git
from tools.core.gitdir import git_folder
from tools.core.workspace import BUS, REPORT, Place, Workspace

TRACKED = "tracked"
IGNORED = "ignored"
UNTRACKED = "untracked"
MISSING = "missing"

_LISTED = re.compile(rb"[HSMRCK?] .+", re.DOTALL)
_ON_ONE_LINE = 400
"""Up to so many paths are passed to git by name; for more, the whole listing is cheaper."""


def states(workspace: Workspace, paths: Iterable[str]) -> dict[str, str]:
    """Each path's state; SetupError with git's reason where there is no git to ask.

    Paths inside a bus that has its own history are looked up there.
    """
    names = list(dict.fromkeys(paths))
    states = {path: MISSING for path in names if not is_file(workspace, path)}
    present = [path for path in names if path not in states]
    apart = _bus_apart(workspace)
    on_bus = [path for path in present if apart and path.startswith(f"{BUS}/")]
    in_root = [path for path in present if path not in set(on_bus)]
    states.update(_states_in(workspace.root, in_root))
    if on_bus:
        inner = _states_in(workspace.bus.path, [path[len(BUS) + 1 :] for path in on_bus])
        states.update({f"{BUS}/{path}": state for path, state in inner.items()})
    return states


def require(workspace: Workspace, path: str) -> str:
    """A tracked file's path as records cite it; UsageError for one that is outside, missing or not tracked."""
    name = workspace.relative(path)
    state = states(workspace, [name])[name]
    if state == MISSING:
        raise UsageError(f"{name} does not exist", code="receipt.missing", hint=hint.program("ls", "-l", "--", name))
    if state != TRACKED:
        force = ("-f",) if state == IGNORED else ()
        raise UsageError(
            f"{name} is {'ignored' if state == IGNORED else 'not tracked'} by git, so no other clone would have it",
            code="receipt.untracked",
            hint=hint.git("add", *force, "--", name),
        )
    return name


def is_file(workspace: Workspace, path: str) -> bool:
    """Whether a regular file is there, in the checkout or, for the bus, where it lives; no link followed."""
    bases = [workspace.root, *([workspace.bus_root] if path.startswith(f"{BUS}/") else [])]
    try:
        return any(files.exists(Place(base, path)) for base in bases)
    except SetupError:  # a name the file system cannot hold, a folder without permission
        return False


def _bus_apart(workspace: Workspace) -> bool:
    return os.path.lexists(os.path.join(workspace.bus.path, ".git")) or workspace.root != workspace.bus_root


def _states_in(folder: str, paths: Sequence[str]) -> dict[str, str]:
    listed = listing(folder, paths if len(paths) <= _ON_ONE_LINE else ())
    return {path: listed.get(path, IGNORED) for path in paths}


def listing(folder: str, paths: Sequence[str] = ()) -> dict[str, str]:
    """The state of every path below a folder (or of `paths` only) that git does not ignore."""
    return _listed(folder, "--cached", "--others", "--exclude-standard", "--", *paths)


def untracked(folder: str, path: str) -> list[str]:
    """The files in a folder that git does not track, ignored ones too."""
    return list(_listed(folder, "--others", "--", path))


def _listed(folder: str, *chosen: str) -> dict[str, str]:
    arguments = ("--literal-pathspecs", "ls-files", "-z", "-t", *chosen)
    answer = git.ask(folder, *arguments)
    if answer.code:
        raise git.failed(arguments, answer)
    states = {}
    for entry in answer.out.split(b"\0"):
        if entry and _LISTED.fullmatch(entry) is None:
            raise git.not_understood(arguments, entry)
        if entry:
            states[os.fsdecode(entry[2:])] = UNTRACKED if entry[:1] == b"?" else TRACKED
    return states


def stage(workspace: Workspace, paths: Sequence[str]) -> None:
    """Stages files, ignored ones too, and nothing else; SetupError when git refuses.

    git's own index lock does not wait, it fails, so those who stage take turns; an exchange with a remote,
    which holds the lock of the clone for as long as the network likes, is not waited for.
    """
    if git_folder(workspace.root) is None:
        raise SetupError("there is no git here to stage evidence in", code="git.none", hint=hint.git("init"))
    with locks.hold(workspace.in_root(f"{REPORT}/runner")):
        git.run(workspace.root, "--literal-pathspecs", "add", "--force", "--", *paths)
