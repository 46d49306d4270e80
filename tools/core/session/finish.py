"""The end of a task: checks run as evidence, the branch judged, pushed when asked, then all records in one commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tools.core import hint
from tools.core.bus import claim_documents, claims, posts
from tools.core.bus.rules import claim_rules, release_rules
from tools.core.context import Context
from tools.core.errors import ConflictError, GuardError, SetupError, UsageError
from tools.core.git import refs, remotes
from tools.core.git.branches import current_branch
from tools.core.models.bus import EVENTS, Claim, stream_of
from tools.core.models.record import to_mapping
from tools.core.receipts.run import About, record
from tools.core.session import push_ready
from tools.core.session.push_ready import Check
from tools.core.store.api import Append, Change, retry_stale

Show = Callable[[bytes], None]


class Finished(NamedTuple):
    """What a task's end wrote; `record` is None when it had ended already."""

    claim: Claim
    receipts: tuple[str, ...]
    record: dict[str, object] | None


def the_claim(context: Context, task: str | None) -> Claim:
    """The claim that ends: the named one, or the seat's only active one; UsageError when that is not clear."""
    agent = context.seat.agent_id
    if task is not None:
        claim = claim_documents.of_task(context.store, task).claim
        if claim is None:
            raise GuardError(
                f"{task} is not claimed", code="claim.none", hint=hint.tool("agent.bus_claim", "claim", "--task", task)
            )
        return claim
    present = claim_documents.live_claims(context.store).claims
    active = sorted(claim.task_id for claim in present if claim.agent_id == agent and claim.state == "active")
    if len(active) != 1:
        held = f"{agent} holds {', '.join(active)}; name one with --task" if active else f"{agent} holds no active task"
        advice = hint.tool("agent.done", "--task", active[0]) if active else hint.tool("agent.next")
        raise UsageError(held, code="done.task", hint=advice)
    return next(claim for claim in present if claim.task_id == active[0])


def require_mine(context: Context, claim: Claim) -> None:
    """GuardError for another's claim, ConflictError where it changed hands and came back with another fence."""
    agent, show = context.seat.agent_id, hint.tool("agent.bus_claim", "show", "--task", claim.task_id)
    if claim.agent_id != agent:
        raise GuardError(
            f"{claim.task_id} is {claim.agent_id}'s ({claim.state}), not {agent}'s", code="claim.owner", hint=show
        )
    fence = push_ready.fence_taken(context, claim.task_id)
    if fence is not None and fence != claim.fence:
        raise ConflictError(
            f"{claim.task_id} changed hands: {agent} took fence {fence}, it is {claim.fence}",
            code="claim.fence",
            hint=show,
        )


def run_checks(
    context: Context, claim: Claim, commands: Sequence[Sequence[str]], show: Show
) -> tuple[tuple[str, ...], bool]:
    """The receipts of commands, run until one fails; whether all passed."""
    receipts: list[str] = []
    about = About(context.seat.agent_id, task_id=claim.task_id)
    for command in commands:
        recorded = record(context.workspace, command, about, context.now, name=None, show=show)
        receipts.append(recorded.place.name)
        if recorded.receipt.exit_status:
            return tuple(receipts), False
    return tuple(receipts), True


def findings(context: Context) -> tuple[Check, ...]:
    """What keeps the branch from being pushed."""
    checks = push_ready.verdict(context, required=(), allowed=())
    return tuple(check for check in checks if check.status == push_ready.FAIL)


def override(context: Context, claim: Claim, reason: str) -> None:
    """Records that a task ended without the verdict on its branch."""
    message = f"{context.seat.agent_id} finished {claim.task_id} without checking the branch"
    claims.record_override(context, claim_rules.Override("check_override", message, reason))


def push(context: Context) -> str:
    """Pushes the current branch to its remote; SetupError with the remote's words when that fails."""
    root = context.workspace.root
    branch = current_branch(root)
    route = remotes.route(root, branch)
    if branch is None or not route.remote:
        raise SetupError(
            "there is no branch or no remote to push to", code="push.nowhere", hint=hint.git("remote", "-v")
        )
    commit, _ = refs.head(root)
    pushed = remotes.push(root, route.remote, [remotes.Move(f"refs/heads/{branch}", commit, "")])
    if not pushed.taken:
        raise SetupError(
            f"the push to {route.remote} failed: {pushed.reason or 'the branch there has commits that are not here'}",
            code="push.failed",
            hint=hint.git("push", "-u", route.remote, branch),
        )
    remotes.track(root, branch, route.remote)
    return route.remote


def finish(context: Context, task: str, *, status: str, summary: str, receipts: Sequence[str]) -> Finished:
    """Message, event and release in one commit; a task that this seat had finished already stays as it is."""

    def attempt() -> Finished:
        held = claim_documents.of_task(context.store, task)
        outcome = release_rules.release(
            held.claim, task, context.seat.agent_id, status, None, claim_rules.Facts(context.now, held.assignment)
        )
        if not outcome.event:
            return Finished(outcome.claim, tuple(receipts), None)
        message = posts.MessageDraft(task, "status", summary, branch=outcome.claim.branch, receipts=receipts)
        changes: list[Change] = [Append(stream_of(task), to_mapping(posts.message_of(context, message)))]
        if status == "done":
            end = posts.EventDraft(
                "complete", summary, task, outcome.claim.plan_id, branch=outcome.claim.branch, receipts=receipts
            )
            changes.append(Append(EVENTS, to_mapping(posts.event_of(context, end))))
        written = context.store.commit([*changes, *claims.claim_changes(context, held, outcome)])
        return Finished(outcome.claim, tuple(receipts), written[0])

    finished: Finished = retry_stale(attempt)
    return finished
