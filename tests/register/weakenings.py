"""The protocol of confirmed operations, weakened in one place at a time; the histories must show each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.core.bus.rules import claim_rules
from tools.core.git import remotes
from tools.core.git.remotes import Push
from tools.core.models.record import replace
from tools.core.store import merge
from tools.core.sync import confirm
from tools.core.sync.turn import Turn


def decide_before_fetching() -> None:
    """The operation is decided on what the clone has, then the remote is fetched."""
    real = confirm.confirm

    def hasty(context: Any, agent: str, act: Callable[[], Any], **more: Any) -> Any:
        acted = [act()]
        return real(context, agent, lambda: acted.pop() if acted else act(), **more)

    confirm.confirm = hasty


def expect_no_old_value() -> None:
    """The task's ref is moved whatever it names."""
    real = remotes.push

    def blunt(folder: str, remote: str, moves: Any, **more: Any) -> Push:
        listing = remotes.git.run(folder, "ls-remote", remote)
        now = {line.split("\t")[1]: line.split("\t")[0] for line in listing.split("\n") if line}
        return real(folder, remote, [move._replace(old=now.get(move.ref, "")) for move in moves], **more)

    remotes.push = blunt


def repeat_without_deciding() -> None:
    """A try that came too late is pushed again on top of what is there."""
    real = confirm.confirm

    def stubborn(context: Any, agent: str, act: Callable[[], Any], **more: Any) -> Any:
        acted: list[Any] = []

        def once() -> Any:
            if not acted:
                acted.append(act())
            return acted[0]

        return real(context, agent, once, **more)

    confirm.confirm = stubborn


def take_a_loss_for_a_success() -> None:
    """A push that another clone's was faster than counts as taken."""
    real = confirm._send_refs
    confirm._send_refs = lambda turn, grant: real(turn, grant)._replace(taken=True, overtaken=False)


def take_a_lost_answer_for_a_success() -> None:
    """What was pushed without an answer is not looked up."""
    confirm._looked_up = lambda turn, task, value: Push(taken=True)


def take_a_lost_answer_for_a_refusal() -> None:
    """A push whose answer was lost counts as another clone's success."""
    from tools.core.errors import ConflictError

    def refused(turn: Turn, task: str, value: str) -> Push:
        raise ConflictError(f"{task} went to another clone", code="claim.held")

    confirm._looked_up = refused


def leave_the_tasks_ref_alone() -> None:
    """Only the clone's own records are pushed."""
    real = remotes.push
    remotes.push = lambda folder, remote, moves, **more: real(folder, remote, list(moves)[-1:], **more)


def grow_the_fence_only_for_another_holder() -> None:
    """Who takes a task again gets the fence it had."""
    real = claim_rules._taken

    def kept(current: Any, request: Any, facts: Any) -> Any:
        claim = real(current, request, facts)
        is_same = current is not None and current.agent_id == request.agent
        return replace(claim, fence=current.fence) if is_same else claim

    claim_rules._taken = kept


def keep_what_is_here() -> None:
    """What the remote says of documents is never the truth."""
    merge.claim = lambda task, ours, theirs, base: merge.OURS


def ignore_what_clones_put_beside_their_claims() -> None:
    """Neither other clones' records nor the task's own value are brought in, but the value is expected."""

    def blind(turn: Turn, task: str) -> None:
        tracking = f"refs/teof/{turn.way.remote}/claims/{task}"
        turn.fetch(*([f"+{confirm.REFS}/{task}:{tracking}"] if task else []))
        held = turn.objects.get(tracking) if task else None
        if held is not None:
            turn.memory.values[task] = held.name
        turn.receive()

    real = Turn._sources
    Turn._sources = lambda self: [source for source in real(self) if "/clones/" not in source.ref]
    confirm._bring_in = blind


ALL = (
    decide_before_fetching,
    expect_no_old_value,
    repeat_without_deciding,
    take_a_loss_for_a_success,
    take_a_lost_answer_for_a_success,
    take_a_lost_answer_for_a_refusal,
    leave_the_tasks_ref_alone,
    grow_the_fence_only_for_another_holder,
    keep_what_is_here,
    ignore_what_clones_put_beside_their_claims,
)
