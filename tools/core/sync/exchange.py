"""The bus of this clone and the remote's made one, record by record, then committed and, if asked, pushed.

A round, under the lock of git work: fetch; bring the remote's records into the live bus (lines are
appended, documents replaced while they are what was decided on); commit what the live bus has now on
top of the remote's; push. Each step may be the last one of a dying process: records that came stay,
a commit that was not made is made by the next round, one that was not pushed is pushed by it. The
bus's lock is taken for the moments of reading and writing, never across a git process.

In a committed log the remote's lines come first, so that no line of any clone's history ever moves.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import BusyError, ConflictError, SetupError, ToolkitError
from tools.core.git import refs, remotes
from tools.core.models.bus import CLAIMS
from tools.core.models.lenient import claim_from
from tools.core.problem import Problem
from tools.core.store.api import Store
from tools.core.sync import bus_commits as carrier
from tools.core.sync import outgoing as departures
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.incoming import Conflict, Round, receive
from tools.core.workspace import Workspace

PUSHES = 5
"""How often a push that lost against another clone's is repeated."""


class Exchanged(NamedTuple):
    """What an exchange did; `commit` is "" where nothing carries the bus."""

    carrier: Carrier | None
    remote: str
    commit: str = ""
    committed: bool = False
    received: int = 0
    pushed: bool = False
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()


def exchange(
    workspace: Workspace,
    bus: Store,
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
    if found is None or not (found.is_own or refs.commit_of(found.folder, "HEAD")):
        return Exchanged(None, "")
    bus.recover()
    with remotes.exclusive(workspace):
        way = remotes.route(found.folder, found.branch, remote)
        total = Exchanged(found, way.remote)
        for attempt in range(PUSHES + 1):
            state, total = _round(workspace, bus, agent, now, total, way, with_files)
            if not push or not way.remote:
                return total
            if total.commit == state.theirs or departures.push(found, way.remote, state, total.commit):
                return total._replace(pushed=True)
            time.sleep(random.uniform(0.0, 0.05 * 2**attempt))
    raise BusyError(
        f"{PUSHES + 1} pushes of the bus lost against those of other clones",
        code="sync.contention",
        hint=hint.tool("agent.bus_sync", "--push"),
    )


def _round(
    workspace: Workspace,
    bus: Store,
    agent: str,
    now: datetime,
    total: Exchanged,
    way: remotes.Route,
    with_files: bool,
) -> tuple[Round, Exchanged]:
    """One round but for the push; a remote that gave no answer is told once what is here is committed."""
    found = total.carrier
    assert found is not None  # `exchange` returned where nothing carries the bus
    target = found.branch if found.is_own or not way.upstream else way.upstream
    unreachable = _fetch(found, way, target)
    state = receive(workspace, bus, agent, now, found, way.ref(target) if way.remote else "")
    made = departures.commit(workspace, found, state, agent)
    moved = departures.bring_forward(found, state, made, with_files)
    if unreachable is not None:
        raise unreachable
    return state, total._replace(
        commit=made,
        committed=total.committed or moved,
        received=total.received + state.received,
        conflicts=(*total.conflicts, *state.conflicts),
        problems=tuple(state.problems),
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


def lost_error(conflicts: Sequence[Conflict]) -> ToolkitError:
    """The refusal that tells which claims were lost to whom."""
    told = "; ".join(f"{one.loser} lost {one.task} to {one.holder}" for one in conflicts)
    return ConflictError(
        f"another clone was first: {told}",
        code="sync.conflict",
        hint=hint.tool("agent.bus_claim", "show", "--task", conflicts[0].task),
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


def confirm(workspace: Workspace, bus: Store, agent: str, task: str, now: datetime) -> Exchanged:
    """Carries a claim to the remote; raises unless it arrived and is the agent's still.

    Whatever stops it, the local claim stays, and the hint says how to try again.
    """
    again = hint.tool("agent.bus_sync", "--push")
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
            hint=hint.git("remote", "add", "origin", hint.WORDS) if done.carrier else hint.init("--bus", "branch"),
        )
    document = bus.get(f"{CLAIMS}/{task}")
    claim = claim_from(document.content, task) if document else None
    if claim is None or not claim.is_live or claim.agent_id != agent:
        holder = claim.agent_id if claim else "nobody"
        raise ConflictError(
            f"{task} was not confirmed: on the remote it is held by {holder}",
            code="claim.lost",
            hint=hint.tool("agent.bus_claim", "show", "--task", task),
            details={"task_id": task, "holder": holder},
        )
    return done
