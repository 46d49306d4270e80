"""What the live bus sends: a commit of all that is here on top of the remote's, and its push.

The remote's lines come first in a committed log, so that no line of any clone's history ever moves.
Commits of people are never part of what is pushed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.fs import files, locks
from tools.core.git import checkout, objects, remotes
from tools.core.git.objects import Entry
from tools.core.store import merge
from tools.core.sync import bus_commits as carrier
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.incoming import Round, is_shared, object_of
from tools.core.workspace import Workspace

_LARGEST = 1 << 32


def commit(workspace: Workspace, found: Carrier, state: Round, agent: str) -> str:
    """A commit that has all that the remote, the branch and the live bus have; an old one that has it already."""
    top, parents = _top(found, state)
    top_tree, our_tree = carrier.tree(found, top), carrier.tree(found, state.ours)
    live = _snapshot(workspace)
    doubtful = {name for name, data in live.items() if _oid(top, data) != getattr(top_tree.get(name), "name", "")}
    doubtful |= {name for name, entry in our_tree.items() if top_tree.get(name) != entry}
    trees: Sequence[Mapping[str, Entry]] = (top_tree, our_tree)
    known = objects.require_contents(
        found.folder, [part[name].name for part in trees for name in doubtful if name in part]
    )
    changed = {}
    for name in sorted(doubtful):
        versions = [known[part[name].name] if name in part else None for part in trees]
        data = _together(name, versions[0], versions[1], live.get(name))
        if data != versions[0]:
            changed[name] = data
    return carrier.commit(found, top, parents, changed, agent=agent, message=f"Bus of {agent}")


def _top(found: Carrier, state: Round) -> tuple[str, list[str]]:
    """Whose tree the commit begins with, and its parents; commits of people stay out of a bus's merge."""
    if not state.theirs or state.theirs == state.base or not _is_bus_alone(found, state):
        return state.ours, [state.ours]
    if state.ours == state.base:
        return state.theirs, [state.theirs]
    return state.theirs, [state.ours, state.theirs]


def _is_bus_alone(found: Carrier, state: Round) -> bool:
    """Whether what the branch has and the remote has not is nothing but the bus."""
    if found.is_own:
        return True
    return bool(state.base) and carrier.is_same_outside(found, state.base, state.ours)


def _snapshot(workspace: Workspace) -> dict[str, bytes]:
    """All files of the live bus at one moment; of a log its whole lines, read after the lock is free."""
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        names = _names(workspace.bus.path)
        sizes = {name: os.lstat(os.path.join(workspace.bus.path, name)).st_size for name in names}
        found = {name: _bytes(workspace, name) for name in names if not name.endswith(".jsonl")}
    for name in names:
        if name.endswith(".jsonl"):
            data = _bytes(workspace, name)[: sizes[name]]
            found[name] = data[: data.rfind(b"\n") + 1]
    return {name: data for name, data in found.items() if data or not name.endswith(".jsonl")}


def _bytes(workspace: Workspace, name: str) -> bytes:
    return files.read_bytes(workspace.bus.child(name), _LARGEST) or b""


def _names(folder: str) -> list[str]:
    """The shared regular files below the bus folder; links are not followed and not carried."""
    found = []
    for top, folders, names in os.walk(folder):
        inside = os.path.relpath(top, folder)
        folders[:] = [name for name in folders if is_shared(name)]
        for name in names:
            path = name if inside == "." else f"{inside}/{name}"
            if is_shared(path) and not os.path.islink(os.path.join(top, name)):
                found.append(path)
    return sorted(found)


def _oid(like: str, data: bytes) -> str:
    """The name git gives these bytes, in the hash that `like` is a name of."""
    import hashlib

    make = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return make(b"blob %d\0" % len(data) + data).hexdigest()


def _together(name: str, top: bytes | None, ours: bytes | None, live: bytes | None) -> bytes:
    """A file's bytes in the commit: a log's union, else what lives, in the bytes git has where it means the same."""
    versions = [data for data in (top, ours, live) if data is not None]
    if name.endswith(".jsonl"):
        return merge.union(versions[0], *versions[1:])
    if live is None:
        return versions[0]
    meant = object_of(live, name) if name.endswith(".json") else None
    for committed in (top, ours):
        if committed is not None and name.endswith(".json") and (meant is None or object_of(committed, name) == meant):
            return committed  # the same in other bytes, or damaged here: what git has stays
    return live


def bring_forward(found: Carrier, state: Round, made: str, with_files: bool) -> bool:
    """Moves the branch where only the bus differs; with `with_files` also over others' commits. Whether it moved."""
    if made == state.ours:
        return False
    if carrier.is_same_outside(found, state.ours, made):
        carrier.move(found, state.ours, made)
        return True
    if not with_files:
        return False
    carrier.set_index(found, state.ours, made)
    try:
        checkout.fast_forward(found.folder, made)
    except SetupError:
        carrier.set_index(found, made, state.ours)
        raise
    return True


def push(found: Carrier, remote: str, state: Round, made: str) -> bool:
    """Whether the remote took it; False when another clone was faster."""
    if not _is_bus_alone(found, state):
        raise SetupError(
            f"{found.branch} has commits that are not on {remote}, and the bus does not publish them for you",
            code="sync.unpushed",
            hint=hint.git("push", remote, found.branch),
        )
    done = remotes.push(found.home, remote, made, found.branch)
    if done.taken or done.overtaken:
        return done.taken
    raise SetupError(
        f"{remote} did not take the bus: {done.reason}",
        code="sync.refused" if done.refused else "sync.unreachable",
        hint=hint.tool("agent.bus_sync", "--push"),
    )
