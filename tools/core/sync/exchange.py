"""Unites the bus of this clone with the remote's, record by record, then commits and, on request, pushes it.

A push that lost against another clone's is a new turn, until the patience ends; the wait before it
is random and grows with every loss, so that many clones do not meet again and again. Agents of one
clone that waited for each other find their records in what the first of them pushed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from tools.core import clock, hint
from tools.core.context import Context
from tools.core.errors import BusyError, ConflictError, SetupError, ToolkitError
from tools.core.git import refs, remotes
from tools.core.git.remotes import Push
from tools.core.models.evidence import Warning
from tools.core.models.record import MAX_SUMMARY
from tools.core.problem import Problem
from tools.core.receipts.write import record_warning
from tools.core.store import signpost
from tools.core.sync import bus_commits, live, memory
from tools.core.sync.arrivals import Conflict
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.joining import newcomer
from tools.core.sync.turn import Turn

PATIENCE = timedelta(seconds=120)
"""How long a push that loses against other clones' is tried again."""

_REWRITE = "rewrite_accepted"
"""The code of the warning that a followed rewrite leaves."""

LONGEST_WAIT = 20.0
"""Seconds that are waited at most before a push is tried again."""


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
    rewritten: bool = False
    is_on_server: bool = False


class Patience:
    """How long something is tried again, and how long is waited between two tries."""

    def __init__(self, length: timedelta) -> None:
        self._began = self._turn = time.monotonic()
        self._end = self._began + length.total_seconds()
        self.losses = 0

    def wait(self) -> None:
        """Waits after a lost try; BusyError when the patience has ended."""
        now = time.monotonic()
        self.losses += 1
        if now >= self._end:
            raise BusyError(
                f"{self.losses} pushes of the bus lost against those of other clones in {now - self._began:.0f} s",
                code="sync.contention",
                hint=hint.tool("agent.bus_sync", "--push"),
            )
        longest = min((now - self._turn) * 2 ** min(self.losses, 10), LONGEST_WAIT, self._end - now)
        time.sleep(random.uniform(0.0, longest))
        self._turn = time.monotonic()


def exchange(  # noqa: PLR0913  # the options of bus_sync, by name
    context: Context,
    agent: str,
    *,
    push: bool = False,
    remote: str | None = None,
    with_files: bool = False,
    patience: timedelta = PATIENCE,
    accepts_rewrite: bool = False,
    is_export: bool = False,
) -> Exchanged:
    """Unites the bus with the remote's; with `with_files` a code branch that carries it is brought forward too.

    A bus on a server is only looked for elsewhere, unless its files are what an export left.

    Raises SetupError when the remote gives no answer (what is here is committed all the same),
    BusyError when every push lost.
    """
    carrier = ready_carrier(context)
    if carrier is None:
        return Exchanged(None, "")
    if not is_export and signpost.address_of(context.workspace) is not None:
        _look(context, agent, carrier, remote)
        if signpost.address_of(context.workspace) is not None:
            return Exchanged(carrier, "", is_on_server=True)
    began, tries = time.monotonic(), Patience(patience)
    total = Exchanged(carrier, "")
    while True:
        with remotes.exclusive(context.workspace):
            if push and remote is None and _is_sent_since(context, began):
                way = remotes.route(carrier.folder, carrier.branch)
                return total._replace(remote=way.remote, pushed=bool(way.remote))
            with Turn(context, agent, carrier, remote) as turn:
                if push:
                    remotes.require_one_place(turn.way)
                turn.memory.count(int(context.now.timestamp()), tries.losses + 1)
                total, answer = _turn(turn, total, push=push, with_files=with_files, accepts_rewrite=accepts_rewrite)
        if answer is None or answer.taken:
            lost = newcomer.follow(context, agent, carrier)
            return total._replace(conflicts=(*total.conflicts, *lost))
        if not answer.overtaken:
            raise refused_error(total.remote, answer)
        tries.wait()


def _look(context: Context, agent: str, carrier: Carrier, remote: str | None) -> None:
    """Fetches the branch of a bus that is on a server and follows a signpost that is newer."""
    with remotes.exclusive(context.workspace), Turn(context, agent, carrier, remote) as turn:
        turn.fetch()
    newcomer.follow(context, agent, carrier)


def ready_carrier(context: Context) -> Carrier | None:
    """What carries the bus, once a journal that a dead process left is finished; None for a plain folder."""
    carrier = bus_commits.find(context.workspace)
    if carrier is None or not (carrier.is_own or refs.commit_of(carrier.folder, "HEAD")):
        return None
    context.store.recover()
    return carrier


def _is_sent_since(context: Context, moment: float) -> bool:
    """Whether another process of this clone pushed all that is here while this one waited for it."""
    remembered = memory.load(context.workspace)
    return remembered.pushed_at >= moment and live.is_all_sent(context.workspace, remembered)


def _turn(
    turn: Turn, total: Exchanged, *, push: bool, with_files: bool, accepts_rewrite: bool
) -> tuple[Exchanged, Push | None]:
    """One turn; an unreachable remote is raised once what is here is committed."""
    turn.fetch()
    turn.receive(accepts_rewrite=accepts_rewrite)
    turn.survey()
    made = turn.build()
    turn.objects.write()
    is_pushed = push and bool(turn.way.remote) and turn.unreachable is None
    answer = None
    if is_pushed and made != turn.theirs:
        _require_bus_alone(turn)
        answer = turn.push()
    is_lost = answer is not None and answer.overtaken
    moved = False if is_lost else turn.bring_forward(with_files=with_files)
    has_all = (answer.taken if answer else is_pushed) or not turn.way.remote
    if not is_lost:
        turn.remember(sent=has_all)
    if turn.unreachable is not None:
        raise turn.unreachable
    return _added(total, turn, moved=moved, has_all=has_all), answer


def _added(total: Exchanged, turn: Turn, *, moved: bool, has_all: bool) -> Exchanged:
    return total._replace(
        remote=turn.way.remote,
        commit=turn.made,
        committed=total.committed or moved,
        received=total.received + turn.arrivals.received,
        pushed=has_all and bool(turn.way.remote),
        conflicts=(*total.conflicts, *turn.arrivals.conflicts),
        problems=(*total.problems, *turn.arrivals.problems),
        rewritten=total.rewritten or bool(turn.arrivals.gone),
    )


def _require_bus_alone(turn: Turn) -> None:
    if not turn.is_bus_alone:
        raise SetupError(
            f"{turn.carrier.branch} has commits that are not on {turn.way.remote}, and the bus does not publish them for you",
            code="sync.unpushed",
            hint=hint.git("push", turn.way.remote, turn.carrier.branch),
        )


def record_rewrite(context: Context, done: Exchanged, reason: str) -> None:
    """Leaves evidence that a remote's rewritten history was followed: a warning record."""
    record_warning(
        context.workspace,
        Warning(
            ts=clock.to_text(context.now),
            agent_id=context.seat.agent_id,
            code=_REWRITE,
            message=f"the rewritten bus of {done.remote} was followed: {'; '.join(map(str, done.problems))}"[
                :MAX_SUMMARY
            ],
            reason=reason,
        ),
    )


def refused_error(remote: str, answer: Push) -> SetupError:
    """The refusal of a push, in the remote's own words where it gave any."""
    if "checked out" in answer.refused:  # another clone, whose bus is in use: a bare repository is for exchange
        help_ = hint.git("remote", "set-url", remote, hint.WORDS)
    elif "author" in answer.refused.lower() or "committer" in answer.refused.lower():
        help_ = hint.git("config", "bus.email", hint.WORDS)
    else:
        help_ = hint.tool("agent.bus_sync", "--push")
    return SetupError(
        f"{remote} did not take the bus: {answer.reason}",
        code="sync.refused" if answer.refused else "sync.unreachable",
        hint=help_,
    )


def lost_error(conflicts: Sequence[Conflict]) -> ToolkitError:
    """The refusal that names which claims were lost to whom."""
    losses = "; ".join(f"{conflict.loser} lost {conflict.task} to {conflict.holder}" for conflict in conflicts)
    return ConflictError(
        f"another clone was first: {losses}",
        code="sync.conflict",
        hint=hint.tool("agent.bus_claim", "show", "--task", conflicts[0].task),
        details={"conflicts": [conflict._asdict() for conflict in conflicts]},
    )


def sentence(done: Exchanged, *, push: bool) -> str:
    """One line about an exchange."""
    if done.is_on_server:
        return "the bus is on a server: nothing to exchange"
    if done.carrier is None:
        return "no branch carries the bus here: _bus/ is a plain folder and stays in this clone"
    parts = [
        f"bus on {done.carrier.branch}: {'committed ' + done.commit[:10] if done.committed else 'nothing to commit'}"
    ]
    if not done.remote:
        parts.append("no remote")
    else:
        parts.append(f"{done.received} new from {done.remote}")
        parts.append(f"pushed to {done.remote}" if done.pushed else "not pushed (--push)" if not push else "not pushed")
    return ", ".join(parts)
