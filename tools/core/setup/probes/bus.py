"""The checkout, the live bus and the folders an agent writes, the lock, the logs, the remote."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from tools.core import clock, hint
from tools.core.context import Context
from tools.core.errors import BusyError, ToolkitError
from tools.core.fs import files, locks
from tools.core.git import refs, remotes
from tools.core.git.branches import current_branch
from tools.core.gitdir import git_folder
from tools.core.setup.probes.probe import FAIL, PATIENCE, WARN, Probe, passed, skipped
from tools.core.store.files import small
from tools.core.sync import bus_branch, memory
from tools.core.text import terminal
from tools.core.workspace import Place, Workspace

_DAY = 86400.0


def checkout(workspace: Workspace) -> Probe:
    """The checkout that commands act on."""
    if git_folder(workspace.root) is None:
        return Probe("checkout", FAIL, f"{workspace.root} is not in git", hint.git("init", workspace.root))
    return passed("checkout", workspace.root)


def bus(context: Context) -> Iterator[Probe]:
    """The live bus, and whether it is the remote's."""
    place = context.workspace.bus.path
    if not os.path.isdir(place):
        yield Probe("bus", FAIL, "there is no bus here yet", hint.init("--agent", hint.WORDS))
        return
    apart = bus_branch.apart(context.workspace)
    if apart:
        yield Probe("bus", WARN, apart[0].text, apart[0].hint)
        return
    yield passed("bus", place)


def load(context: Context) -> Probe:
    """What is exchanged through the branch is not more than a branch is good for."""
    if not bus_branch.is_worktree(context.workspace):
        return skipped("bus.load", "the bus is exchanged with no remote")
    kept = memory.load(context.workspace)
    reason = memory.outgrown(context.workspace, kept, int(context.now.timestamp()))
    if reason:
        text = f"{reason}: a server would serve this bus better"
        return Probe("bus.load", WARN, text, hint.tool("maintenance.bus_server"))
    return passed("bus.load", f"{terminal.number(len(kept.exchanges), 'exchange')} in the last hour")


def writable(context: Context) -> Iterator[Probe]:
    """The two folders that a sandbox must let an agent write."""
    for name, place in (
        ("bus.writable", context.workspace.cache),
        ("session.writable", Place(context.workspace.bus_root, os.path.dirname(context.workspace.session("x").name))),
    ):
        reason = _refusal(place.path)
        if reason:
            yield Probe(name, FAIL, f"{place.path}: {reason}", hint.program("mkdir", "-p", place.path))
        else:
            yield passed(name, place.path)


def _refusal(folder: str) -> str:
    """Why a file cannot be made in a folder; "" when it can. The file is gone again on return."""
    probe = f"{folder}/.doctor.{os.getpid()}.tmp"
    try:
        if not os.path.isdir(folder) and os.path.basename(folder) == ".cache":
            return "" if os.access(os.path.dirname(folder), os.W_OK) else "it cannot be made"
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        os.unlink(probe)
    except OSError as problem:
        return problem.strerror or str(problem)
    return ""


def lock(context: Context) -> Probe:
    """The lock of the bus is free within a second."""
    begun = time.monotonic()
    try:
        with locks.hold(context.workspace.bus, patience=1.0):
            pass
    except BusyError as problem:
        return Probe("lock", FAIL, problem.message, hint.program("cat", "_bus/.cache/holder"))
    except ToolkitError as problem:
        return Probe("lock", FAIL, problem.message, problem.hint)
    return passed("lock", f"free after {(time.monotonic() - begun) * 1000:.0f} ms")


def journal(context: Context) -> Probe:
    """No transaction of a dead process waits to be finished."""
    if files.exists(context.workspace.journal):
        return Probe(
            "journal", WARN, "a transaction was left half done", hint.tool("maintenance.bus_repair", "--apply")
        )
    return passed("journal", "none left")


def log(context: Context) -> Probe:
    """The log has lost no record that the cache knew."""
    lost = context.history.losses()
    if lost:
        detail = f"{lost[0].stream} has lost {lost[0].records} records"
        return Probe("log", FAIL, detail, hint.tool("maintenance.bus_repair"))
    return passed("log", f"{small.tail(context.workspace.events.path, 0, 1)[1]} bytes")


def remote(context: Context, *, offline: bool) -> Probe:
    """The remote answers, and the bus there is the one here."""
    if offline:
        return skipped("remote", "not asked")
    root = context.workspace.root
    route = remotes.route(root, current_branch(root))
    if not route.remote:
        return skipped("remote", "there is no remote")
    try:
        there = remotes.branch_commit(root, route.remote, bus_branch.BRANCH, timeout=PATIENCE)
    except ToolkitError as problem:
        return Probe("remote", WARN, problem.message, hint.git("ls-remote", route.remote))
    here = refs.commit_of(root, f"refs/heads/{bus_branch.BRANCH}")
    if there != here:
        return Probe(
            "remote", WARN, f"the bus here and on {route.remote} differ", hint.tool("agent.bus_sync", "--push")
        )
    return passed("remote", f"{route.remote} has the same bus" if there else f"{route.remote} has no bus")


def hook_log(context: Context) -> Probe:
    """The hook program has not failed since yesterday."""
    data, _, _ = small.tail(context.workspace.cache.child("hook.log").path, 0)
    now = context.now.timestamp()
    recent = []
    for line in data.decode("utf-8", "replace").splitlines():
        moment = clock.parse(line.partition(" ")[0])
        if moment is not None and now - moment.timestamp() < _DAY:
            recent.append(line)
    if recent:
        return Probe(
            "hook.log",
            WARN,
            f"{terminal.number(len(recent), 'failure')} in a day, the newest: {recent[-1]}",
            "TEOF_HOOK_DEBUG=1",
        )
    return passed("hook.log", "no failures in a day")
