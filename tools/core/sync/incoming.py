"""What another clone's bus brings into the live one: records that are missing here, documents that won.

Logs come before documents, so that nobody sees a claim before the event that tells of it. A name
that is no bus's is left out and told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.errors import DataError, UsageError
from tools.core.fs import files, locks
from tools.core.git import objects, refs
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES, Event, stream_of
from tools.core.models.lenient import claim_from
from tools.core.models.record import to_mapping
from tools.core.problem import Problem
from tools.core.store import merge
from tools.core.store.api import Append, Change, Replace, Store, retry_stale
from tools.core.sync import bus_commits as carrier
from tools.core.sync.bus_commits import Carrier
from tools.core.workspace import Workspace

_PLAIN = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)*(?:[A-Za-z0-9][A-Za-z0-9._-]*|\.gitignore|\.gitattributes)")
_UNSHARED = re.compile(r"(?:^|/)(?:\.git|\.cache|\.torn|\.journal[^/]*|[^/]*\.tmp|[^/]*\.lock)(?:/|$)")


class Conflict(NamedTuple):
    """A live claim of this clone that another clone's had beaten to the remote."""

    task: str
    holder: str
    loser: str


class Round(NamedTuple):
    """Where a round began, and what came: commits are "" where there are none."""

    ours: str  # the branch's commit
    theirs: str  # the remote's, "" when it has none
    base: str
    received: int
    conflicts: list[Conflict]
    problems: list[Problem]


def is_shared(name: str) -> bool:
    """Whether a file of the bus, by its path in it, is for all clones and has a name that no trick is in."""
    return _PLAIN.fullmatch(name) is not None and _UNSHARED.search(name) is None


def receive(workspace: Workspace, bus: Store, agent: str, now: datetime, found: Carrier, ref: str) -> Round:
    ours = refs.commit_of(found.folder, f"refs/heads/{found.branch}")
    theirs = refs.commit_of(found.folder, ref) if ref else ""
    base = refs.merge_base(found.folder, ours, theirs) if ours and theirs else ""
    state = Round(ours, theirs, base, 0, [], [])
    if not theirs or theirs == base:
        return state
    remote_tree, base_tree = carrier.tree(found, theirs), carrier.tree(found, base)
    changed = {path: entry for path, entry in remote_tree.items() if base_tree.get(path) != entry}
    blobs = [entry.name for entry in changed.values()]
    blobs += [base_tree[path].name for path in changed if path in base_tree]
    known = objects.require_contents(found.folder, blobs)
    received = 0
    for name in sorted(changed, key=lambda name: not name.endswith(".jsonl")):  # events before what they tell of
        before = known[base_tree[name].name] if name in base_tree else None
        try:
            received += _take_in(workspace, bus, agent, now, name, known[changed[name].name], before, state.conflicts)
        except (DataError, UsageError) as error:
            problem = error.problem_in(workspace.bus.child(name).name)
            state.problems.append(problem._replace(reason=f"the remote's was left out: {problem.reason}"))
    return state._replace(received=received)


def _take_in(
    workspace: Workspace,
    bus: Store,
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
    if kind == MESSAGES and rest.endswith(".jsonl"):
        return bus.adopt(stream_of(rest.removesuffix(".jsonl")), merge.lines_of(theirs))
    if kind in (CLAIMS, ASSIGNMENTS) and rest.endswith(".json"):
        document = f"{kind}/{rest.removesuffix('.json')}"
        done: int = retry_stale(lambda: _document(bus, agent, now, document, theirs, base, conflicts))
        return done
    return _other_file(workspace, name, theirs, base)


def _document(
    bus: Store, agent: str, now: datetime, name: str, theirs: bytes, base: bytes | None, conflicts: list[Conflict]
) -> int:
    place = bus.where(name)
    other = files.parse_object(theirs, place)
    before = object_of(base, place)
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
    changes: list[Change] = [Replace(name, other, current.version)]
    lost = None
    if rule == merge.CONFLICT:
        lost = Conflict(task, claim_from(other, task).agent_id, claim_from(current.content, task).agent_id)
        changes.insert(0, Append(EVENTS, to_mapping(_conflict_event(lost, agent, current.content, now))))
    bus.commit(changes)
    if lost:
        conflicts.append(lost)
    return 1


def object_of(data: bytes | None, name: str) -> dict[str, object] | None:
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
    if not is_shared(name):
        raise UsageError("it is no file of a bus", code="bus.file")
    place = workspace.bus.child(name)
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        live = files.read_bytes(place)
        if live == theirs or live not in (None, base):
            return 0
        files.replace(place, theirs)
    return 1
