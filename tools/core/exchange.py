"""The bus of this clone and the remote's made one, record by record, then committed and, if asked, pushed.

A round, under the lock of git work: fetch; bring the remote's records into the live bus (lines are
appended, documents replaced while they are what was decided on); commit what the live bus has now on
top of the remote's; push. Each step may be the last one of a dying process: records that came stay,
a commit that was not made is made by the next round, one that was not pushed is pushed by it. The
bus's lock is taken for the moments of reading and writing, never across a git process.

In a committed log the remote's lines come first, so that no line of any clone's history ever moves.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.core import carrier, clock, files, git, ids, locks, merge, remotes, store
from tools.core.carrier import Blob, Carrier
from tools.core.errors import BusyError, ConflictError, DataError, SetupError, ToolkitError, UsageError
from tools.core.records import Event, claim_from, to_mapping
from tools.core.store import ASSIGNMENTS, CLAIMS, EVENTS, Append, FileStore, Replace
from tools.core.workspace import Workspace

PUSHES = 5
"""How often a push that lost against another clone's is repeated."""

_LOST = (
    "fetch first",
    "non-fast-forward",
    "stale info",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
)
_PLAIN = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)*(?:[A-Za-z0-9][A-Za-z0-9._-]*|\.gitignore|\.gitattributes)")
_UNSHARED = re.compile(r"(?:^|/)(?:\.git|\.cache|\.torn|\.journal[^/]*|[^/]*\.tmp|[^/]*\.lock)(?:/|$)")
_LARGEST = 1 << 32


class Conflict(NamedTuple):
    """A live claim of this clone that another clone's had beaten to the remote."""

    task: str
    holder: str
    loser: str


class Exchanged(NamedTuple):
    """What an exchange did; `commit` is "" where nothing carries the bus."""

    carrier: Carrier | None
    remote: str
    commit: str = ""
    committed: bool = False
    received: int = 0
    pushed: bool = False
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[str, ...] = ()


class _Round(NamedTuple):
    ours: str  # the branch's commit
    theirs: str  # the remote's, "" when it has none
    base: str
    received: int
    conflicts: list[Conflict]
    problems: list[str]


def exchange(
    workspace: Workspace,
    bus: FileStore,
    agent: str,
    now: datetime,
    *,
    push: bool = False,
    remote: str | None = None,
    with_files: bool = False,
) -> Exchanged:
    """Makes the bus and the remote's one; with `with_files` a code branch that carries it is brought forward too.

    Raises SetupError when the remote gives no answer (what is here is committed all the same),
    BusyError when every push lost.
    """
    found = carrier.find(workspace)
    if found is None or not (found.is_own or remotes.commit_of(found.folder, "HEAD")):
        return Exchanged(None, "")
    bus.recover()
    with remotes.exclusive(workspace):
        way = remotes.route(found.folder, found.branch, remote)
        target = found.branch if found.is_own or not way.upstream else way.upstream
        seen: list[Conflict] = []
        received = 0
        for attempt in range(PUSHES + 1):
            unreachable = _fetch(found, way, target)
            state = _receive(workspace, bus, agent, now, found, way.ref(target) if way.remote else "")
            seen += state.conflicts
            received += state.received
            made = _commit(workspace, found, state, agent)
            moved = _bring_forward(found, state, made, with_files)
            done = Exchanged(
                found,
                way.remote,
                made,
                moved and made != state.ours,
                received,
                False,
                tuple(seen),
                tuple(state.problems),
            )
            if unreachable is not None:
                raise unreachable
            if not push or not way.remote:
                return done
            if made == state.theirs or _push(found, way.remote, state, made):
                return done._replace(pushed=True)
            time.sleep(random.uniform(0.0, 0.05 * 2**attempt))
    raise BusyError(
        f"{PUSHES + 1} pushes of the bus lost against those of other clones",
        code="sync.contention",
        hint="python -m tools.agent.bus_sync --push",
    )


def _fetch(found: Carrier, way: remotes.Route, target: str) -> SetupError | None:
    """The remote's branch, if it has it: a pattern matches nothing without failing."""
    if not way.remote:
        return None
    try:
        remotes.fetch(found.home, way.remote, f"+refs/heads/{target}*:{way.ref(target)}*")
    except SetupError as problem:
        return problem
    return None


# -- receiving -----------------------------------------------------------------------------------


def _receive(workspace: Workspace, bus: FileStore, agent: str, now: datetime, found: Carrier, ref: str) -> _Round:
    ours = remotes.commit_of(found.folder, f"refs/heads/{found.branch}")
    theirs = remotes.commit_of(found.folder, ref) if ref else ""
    base = carrier.merge_base(found, ours, theirs)
    state = _Round(ours, theirs, base, 0, [], [])
    if not theirs or theirs == base:
        return state
    remote_tree, base_tree = carrier.tree(found, theirs), carrier.tree(found, base)
    changed = {name: blob for name, blob in remote_tree.items() if base_tree.get(name) != blob}
    oids = [blob.oid for name, blob in changed.items()]
    oids += [base_tree[name].oid for name in changed if name in base_tree]
    known = carrier.contents(found, oids)
    received = 0
    for name in sorted(changed, key=lambda name: not name.endswith(".jsonl")):  # events before what they tell of
        before = known[base_tree[name].oid] if name in base_tree else None
        try:
            received += _take_in(workspace, bus, agent, now, name, known[changed[name].oid], before, state.conflicts)
        except (DataError, UsageError) as problem:
            state.problems.append(f"{workspace.bus.name}/{name} of the remote was left out: {problem.message}")
    return state._replace(received=received)


def _take_in(
    workspace: Workspace,
    bus: FileStore,
    agent: str,
    now: datetime,
    name: str,
    theirs: bytes,
    base: bytes | None,
    conflicts: list[Conflict],
) -> int:
    """Brings one file of the remote into the live bus; how many records or documents came."""
    kind, _, rest = name.partition("/")
    if name == "events/events.jsonl":
        return bus.adopt(EVENTS, merge.lines_of(theirs))
    if kind == store.MESSAGES and rest.endswith(".jsonl"):
        return bus.adopt(store.stream_of(rest.removesuffix(".jsonl")), merge.lines_of(theirs))
    if kind in (CLAIMS, ASSIGNMENTS) and rest.endswith(".json"):
        document = f"{kind}/{rest.removesuffix('.json')}"
        done: int = store.retry_stale(lambda: _document(bus, agent, now, document, theirs, base, conflicts))
        return done
    return _other_file(workspace, name, theirs, base)


def _document(
    bus: FileStore, agent: str, now: datetime, name: str, theirs: bytes, base: bytes | None, conflicts: list[Conflict]
) -> int:
    place = bus.place(name)
    other = files.parse_object(theirs, place.name)
    before = _object(base, place.name)
    current = bus.get(name)
    if current is None:
        bus.commit([Replace(name, other, "")])
        return 1
    kind, _, task = name.partition("/")
    rule = merge.assignment(current.content, other, before)
    if kind == CLAIMS:
        rule = merge.claim(task, current.content, other, before)
    if rule == merge.OURS:
        return 0
    changes: list[store.Change] = [Replace(name, other, current.version)]
    lost = None
    if rule == merge.CONFLICT:
        lost = Conflict(task, claim_from(other, task).agent_id, claim_from(current.content, task).agent_id)
        changes.insert(0, Append(EVENTS, to_mapping(_conflict_event(lost, agent, current.content, now))))
    bus.commit(changes)
    if lost:
        conflicts.append(lost)
    return 1


def _object(data: bytes | None, name: str) -> dict[str, object] | None:
    try:
        return None if data is None else files.parse_object(data, name)
    except DataError:
        return None


def _conflict_event(lost: Conflict, agent: str, claim: Mapping[str, object], now: datetime) -> Event:
    return Event(
        id=ids.new_record_id(),
        ts=clock.to_text(now),
        agent_id=agent,
        event="conflict",
        summary=f"{lost.loser} lost {lost.task}: {lost.holder} had claimed it on the remote first",
        task_id=lost.task,
        severity="medium",
        meta={"holder": lost.holder, "loser": lost.loser, "lost_claimed_at": str(claim.get("claimed_at", ""))},
    )


def _other_file(workspace: Workspace, name: str, theirs: bytes, base: bytes | None) -> int:
    """A map or settings file: theirs where this clone did not change it."""
    if not _PLAIN.fullmatch(name) or _UNSHARED.search(name):
        raise UsageError("it is no file of a bus", code="bus.file")
    place = workspace.bus.child(name)
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        live = files.read_bytes(place)
        if live == theirs or live not in (None, base):
            return 0
        files.replace(place, theirs)
    return 1


# -- committing ----------------------------------------------------------------------------------


def _commit(workspace: Workspace, found: Carrier, state: _Round, agent: str) -> str:
    """A commit that has all that the remote, the branch and the live bus have; an old one that has it already."""
    top, parents = _top(found, state)
    top_tree, our_tree = carrier.tree(found, top), carrier.tree(found, state.ours)
    live = _snapshot(workspace)
    doubtful = {name for name, data in live.items() if _oid(top, data) != getattr(top_tree.get(name), "oid", "")}
    doubtful |= {name for name, blob in our_tree.items() if top_tree.get(name) != blob}
    trees: Sequence[Mapping[str, Blob]] = (top_tree, our_tree)
    known = carrier.contents(found, [part[name].oid for part in trees for name in doubtful if name in part])
    changed = {}
    for name in sorted(doubtful):
        versions = [known[part[name].oid] if name in part else None for part in trees]
        data = _together(name, versions[0], versions[1], live.get(name))
        if data != versions[0]:
            changed[name] = data
    return carrier.commit(found, top, parents, changed, agent=agent, message=f"Bus of {agent}")


def _top(found: Carrier, state: _Round) -> tuple[str, list[str]]:
    """Whose tree the commit begins with, and its parents; commits of people stay out of a bus's merge."""
    if not state.theirs or state.theirs == state.base or not _is_bus_alone(found, state):
        return state.ours, [state.ours]
    if state.ours == state.base:
        return state.theirs, [state.theirs]
    return state.theirs, [state.ours, state.theirs]


def _is_bus_alone(found: Carrier, state: _Round) -> bool:
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
        folders[:] = [name for name in folders if not _UNSHARED.search(name)]
        for name in names:
            path = name if inside == "." else f"{inside}/{name}"
            if not _UNSHARED.search(path) and _PLAIN.fullmatch(path) and not os.path.islink(os.path.join(top, name)):
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
    meant = _object(live, name) if name.endswith(".json") else None
    for committed in (top, ours):
        if committed is not None and name.endswith(".json") and (meant is None or _object(committed, name) == meant):
            return committed  # the same in other bytes, or damaged here: what git has stays
    return live


def _bring_forward(found: Carrier, state: _Round, made: str, with_files: bool) -> bool:
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
        forward(found.folder, made)
    except SetupError:
        carrier.set_index(found, made, state.ours)
        raise
    return True


def forward(folder: str, commit: str) -> None:
    """Fast-forwards the branch that is checked out; SetupError when local changes are in the way."""
    answer = git.ask(folder, "merge", "--ff-only", "--quiet", "--no-verify", commit)
    if answer.code:
        words = " ".join(answer.error.split())
        raise SetupError(
            f"local changes are in the way of a fast-forward: {words[:300]}", code="sync.blocked", hint="git status -sb"
        )


# -- pushing -------------------------------------------------------------------------------------


def _push(found: Carrier, remote: str, state: _Round, made: str) -> bool:
    """Whether the remote took it; False when another clone was faster."""
    if not _is_bus_alone(found, state):
        raise SetupError(
            f"{found.branch} has commits that are not on {remote}, and the bus does not publish them for you",
            code="sync.unpushed",
            hint=f"git push {remote} {found.branch}",
        )
    answer = git.ask(
        found.home, "push", "--no-verify", "--porcelain", "--", remote, f"{made}:refs/heads/{found.branch}"
    )
    if not answer.code:
        return True
    said = f"{answer.text} {answer.error}"
    if any(mark in said for mark in _LOST):
        return False
    refused = next((line[1:].strip() for line in answer.text.splitlines() if line.startswith("!")), "")
    raise SetupError(
        f"{remote} did not take the bus: {refused or git.failed(['push'], answer).message}",
        code="sync.refused" if refused else "sync.unreachable",
        hint="python -m tools.agent.bus_sync --push",
    )


def lost_error(conflicts: Sequence[Conflict]) -> ToolkitError:
    """The refusal that tells which claims were lost to whom."""
    told = "; ".join(f"{one.loser} lost {one.task} to {one.holder}" for one in conflicts)
    return ConflictError(
        f"another clone was first: {told}",
        code="sync.conflict",
        hint=f"python -m tools.agent.bus_claim show --task {conflicts[0].task}",
        details={"conflicts": [one._asdict() for one in conflicts]},
    )


def sentence(done: Exchanged, push: bool) -> str:
    """One line about an exchange."""
    if done.carrier is None:
        return "no branch carries the bus here: _bus/ is a plain folder and stays in this clone"
    told = [
        f"bus on {done.carrier.branch}: {'committed ' + done.commit[:10] if done.committed else 'nothing to commit'}"
    ]
    if not done.remote:
        told.append("no remote")
    else:
        told.append(f"{done.received} new from {done.remote}")
        told.append(f"pushed to {done.remote}" if done.pushed else "not pushed (--push)" if not push else "not pushed")
    return ", ".join(told)


def confirm(workspace: Workspace, bus: FileStore, agent: str, task: str, now: datetime) -> Exchanged:
    """Carries a claim to the remote; raises unless it arrived and is the agent's still.

    Whatever stops it, the local claim stays, and the hint says how to try again.
    """
    again = "python -m tools.agent.bus_sync --push"
    try:
        done = exchange(workspace, bus, agent, now, push=True)
    except ToolkitError as problem:
        problem.message = f"{task} is claimed here but not confirmed: {problem.message}"
        problem.hint = again
        raise
    if done.carrier is None or not done.remote:
        why = "there is no remote" if done.carrier else "no branch carries the bus here"
        raise SetupError(
            f"{task} is claimed here but not confirmed: {why}",
            code="sync.no_remote",
            hint="git remote add origin <url>" if done.carrier else "python -m tools init --bus branch",
        )
    document = bus.get(f"{CLAIMS}/{task}")
    claim = claim_from(document.content, task) if document else None
    if claim is None or not claim.is_live or claim.agent_id != agent:
        holder = claim.agent_id if claim else "nobody"
        raise ConflictError(
            f"{task} was not confirmed: on the remote it is held by {holder}",
            code="claim.lost",
            hint=f"python -m tools.agent.bus_claim show --task {task}",
            details={"task_id": task, "holder": holder},
        )
    return done
