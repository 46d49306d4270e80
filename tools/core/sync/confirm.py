"""An operation on a task that is certain among clones: a compare-and-swap on the remote.

It is decided by the rules on what the remote has now: what is there is brought in, the operation is
done on the live bus, and the task's ref on the remote, `refs/teof/claims/<task>`, is moved from what
was seen to what was decided, together with this clone's newest records on a ref of its own. Whoever
is too late decides again on what is there then. Each value carries 128 random bits, so that an
answer that was lost is looked up and not repeated; a release is a new value, never a deletion. Where
the host takes no such refs the shared branch is the one thing that is compared and swapped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from tools.core import hint
from tools.core.context import Context
from tools.core.errors import SetupError, ToolkitError
from tools.core.fs import files
from tools.core.git import remotes
from tools.core.git.remotes import Move, Push
from tools.core.hint import Hint
from tools.core.models.bus import ASSIGNMENTS, CLAIMS
from tools.core.problem import Problem
from tools.core.store import merge
from tools.core.store.api import Replace, retry_stale
from tools.core.sync import bus_branch, door, exchange
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.clones import clone_id
from tools.core.sync.tree_format import object_of
from tools.core.sync.turn import Turn

REFS = "refs/teof/claims"
"""Where the remote has one ref for each task with a confirmed operation."""

_TOO_MUCH = 1 << 20
"""Bytes of records that go to the shared branch first, before a clone's own ref would carry them."""


class Acted(NamedTuple):
    """What an operation answered, and the task it was about; "" where it took none."""

    result: Any
    task: str


class Confirmed(NamedTuple):
    """What a confirmed operation answered, where it was confirmed, and what was left out."""

    result: Any
    remote: str
    problems: tuple[Problem, ...]


class _Grant(NamedTuple):
    """One try: the task's documents as they are to be on the remote, and the value of its ref."""

    task: str
    documents: Mapping[str, bytes]
    mark: str
    value: bytes


def confirm(
    context: Context, agent: str, act: Callable[[], Acted], *, patience: timedelta = exchange.PATIENCE
) -> Confirmed:
    """Does an operation so that it holds among all clones; raises what it raises, and when it was not certain.

    `act` decides and writes on the live bus, and is called again after a try that came too late.
    """
    carrier = _require_carrier(context)
    tries = exchange.Patience(patience)
    task = ""
    problems: tuple[Problem, ...] = ()
    while True:
        with remotes.exclusive(context.workspace), Turn(context, agent, carrier, None) as turn:
            if not turn.way.remote:
                raise _here_alone(
                    act, "there is no remote", "sync.no_remote", hint.git("remote", "add", "origin", hint.WORDS)
                )
            if turn.way.elsewhere:
                raise _here_alone(act, remotes.apart(turn.way), "remote.apart", remotes.OF_ITS_OWN)
            turn.memory.count(int(context.now.timestamp()), tries.losses + 1)
            _bring_in(turn, task)
            if turn.unreachable is not None:
                raise _here_alone(act, turn.unreachable.message, turn.unreachable.code, _AGAIN)
            acted = act()
            problems = (*problems, *turn.arrivals.problems)
            if not acted.task:
                return Confirmed(acted.result, turn.way.remote, problems)
            task = acted.task
            grant = _granted(context, task)
            answer = _send(turn, grant)
            if answer.taken:
                return Confirmed(acted.result, turn.way.remote, problems)
        if not answer.overtaken:
            failure = exchange.refused_error(turn.way.remote, answer)
            raise _unconfirmed(acted, failure.message, failure.code, _AGAIN)
        try:
            tries.wait()
        except ToolkitError as problem:
            problem.message = f"{task} is changed here but not confirmed: {problem.message}"
            raise


_AGAIN = hint.tool("agent.bus_sync", "--push")


def _require_carrier(context: Context) -> Carrier:
    carrier = exchange.ready_carrier(context)
    if carrier is None:
        raise SetupError(
            "no branch carries the bus here, so nothing can be confirmed",
            code="sync.no_remote",
            hint=hint.init("--bus", "branch"),
        )
    return carrier


def _here_alone(act: Callable[[], Acted], why: str, code: str, help_: Hint) -> SetupError:
    """Does it on what this clone has; what that says, a refusal too, may be out of date, and is never the answer."""
    try:
        return _unconfirmed(act(), why, code, help_)
    except ToolkitError as refusal:
        return SetupError(f"not confirmed: {why}; by what this clone has, {refusal.message}", code=code, hint=help_)


def _unconfirmed(acted: Acted, why: str, code: str, help_: Hint) -> SetupError:
    return SetupError(f"{acted.task} is changed here but not confirmed: {why}", code=code, hint=help_)


def _bring_in(turn: Turn, task: str) -> None:
    """Fetches and brings in all that is new, and what the task's ref says after a try that came too late."""
    tracking = f"refs/teof/{turn.way.remote}/claims/{task}"
    turn.fetch(*([f"+{REFS}/{task}:{tracking}"] if task else []))
    turn.receive()
    if not task or turn.unreachable is not None:
        return
    value = turn.objects.get(tracking, door.MAX_DOCUMENT)
    if value is None:
        return
    if not turn.receiver.arbiter.take_value(task, value.data or b""):
        raise SetupError(  # to go on would be to decide on what is older
            f"{task} is not confirmed: this clone cannot take in what {turn.way.remote} has of it:"
            f" {turn.arrivals.problems[-1]}",
            code="sync.left_out",
            hint=_AGAIN,
        )
    turn.memory.values[task] = value.name


def _granted(context: Context, task: str) -> _Grant:
    """The documents of a task as they are now, marked as the outcome of one more confirmed operation."""
    contents: dict[str, dict[str, object]] = {}
    for kind in (CLAIMS, ASSIGNMENTS):
        document = context.store.get(f"{kind}/{task}")
        if document is not None:
            contents[kind] = document.content
    count = max((merge.grant_of(content).operations for content in contents.values()), default=0) + 1
    mark = f"{count}-{os.urandom(16).hex()}"
    marked = {kind: {**content, "grant": mark} for kind, content in contents.items()}
    value = {"task_id": task, "grant": mark, **marked}
    documents = {f"{kind}/{task}": files.dump_json(content) for kind, content in marked.items()}
    return _Grant(task, documents, mark, files.dump_json(value))


# -- sending ---------------------------------------------------------------------------------------


def _send(turn: Turn, grant: _Grant) -> Push:
    turn.survey(grant.documents)
    if turn.confirms_on_branch:
        return _send_branch(turn, grant)
    if not turn.theirs or turn.lacking.size() > _TOO_MUCH:
        turn.survey()  # the branch may say that an operation is confirmed only once its ref does
        answer = _send_branch(turn, None)
        if not answer.taken:
            return answer
        turn.objects.listed.clear()
        turn.theirs = turn.ours = turn.made
        turn.survey(grant.documents)
    answer = _send_refs(turn, grant)
    if answer.refused and not answer.overtaken and not turn.are_refs_in_use:
        turn.memory.refuses_refs.append(turn.way.remote)
        turn.survey(grant.documents)
        return _send_branch(turn, grant)
    return answer


def _send_branch(turn: Turn, grant: _Grant | None) -> Push:
    """Swaps the shared branch; an answer that was lost is looked up."""
    turn.build()
    turn.objects.write()
    answer = Push(taken=True) if turn.made == turn.theirs else turn.push()
    if not (answer.taken or answer.overtaken or answer.refused):
        turn.fetch()
        is_there = turn.unreachable is None and turn.objects.commit(turn.way.ref(turn.target)) == turn.made
        answer = Push(taken=True) if is_there else answer
    if answer.taken:
        if grant is not None:
            _keep(turn.context, grant)
        turn.bring_forward(with_files=False)
        turn.remember(sent=True)
    return answer


def _send_refs(turn: Turn, grant: _Grant) -> Push:
    """Swaps the task's ref and this clone's own; an answer that was lost is looked up."""
    own = f"{bus_branch.CLONES}/{clone_id.of(turn.context.workspace)}"
    like = turn.theirs
    lent = turn.builder.lent(turn.theirs, turn.lacking, like)
    value = turn.objects.add("blob", grant.value, like)
    turn.objects.write()
    moves = [
        Move(f"{REFS}/{grant.task}", value, turn.memory.values.get(grant.task, "")),
        Move(own, lent, turn.clones_now.get(own.replace(bus_branch.CLONES, turn.clones), "")),
    ]
    answer = remotes.push(turn.carrier.home, turn.way.remote, moves)
    if not (answer.taken or answer.overtaken or answer.refused):
        answer = _looked_up(turn, grant.task, value) or answer
    if answer.taken:
        _keep(turn.context, grant)
        turn.memory.values[grant.task] = value
        turn.made = ""
        turn.remember(sent=False)
    return answer


def _looked_up(turn: Turn, task: str, value: str) -> Push | None:
    """Whether a push whose answer was lost had been taken; None where the remote does not say."""
    tracking = f"refs/teof/{turn.way.remote}/claims/{task}"
    try:
        absent = remotes.fetch_only(turn.carrier.home, turn.way.remote, [f"+{REFS}/{task}:{tracking}"])
    except SetupError:
        return None
    present = None if absent else turn.objects.get(tracking)
    return Push(taken=True) if present is not None and present.name == value else Push(overtaken=True)


def _keep(context: Context, grant: _Grant) -> None:
    """Marks the live documents as confirmed; another operation of this clone may have changed them since.

    It comes before the clone remembers the value that it sent: who dies between the two is too late at its
    next try, and never counts one operation twice.
    """
    for name, data in grant.documents.items():
        confirmed = object_of(data, name) or {}

        def mark(name: str = name, confirmed: Mapping[str, object] = confirmed) -> None:
            document = context.store.get(name)
            if document is not None and merge.grant_of(document.content) < merge.grant_of(confirmed):
                context.store.commit([Replace(name, {**document.content, "grant": grant.mark}, document.version)])

        retry_stale(mark)
