"""An agent that loses a task learns of it: by an event, a line in the inbox, and once at its next command about it.

A task is lost to a takeover, to a manager who moves it, or to a claim that the remote had first. The
message in the inbox is the record; which losses a seat has seen lies in its session's folder.
"""

from __future__ import annotations

from tools.core import clock, hint, ids
from tools.core.bus import claim_documents
from tools.core.bus.rules import claim_rules
from tools.core.context import Context
from tools.core.errors import ConflictError, DataError
from tools.core.fs import files
from tools.core.models.bus import Claim, Message, stream_of
from tools.core.models.record import MAX_SUMMARY, to_mapping
from tools.core.plain import NamedTuple
from tools.core.store.api import Append
from tools.core.workspace import Place, Workspace

CONFLICT = "conflict"
TAKEOVER = "takeover"
_RECENT = 200
"""Messages of an inbox that are searched for a loss; older ones have been read or never will be."""


class Loss(NamedTuple):
    """Which agent lost a task, to which claim, and in which words it learns of it."""

    loser: str
    claim: Claim
    summary: str
    kind: str  # conflict or takeover


def notices(context: Context, outcome: claim_rules.Outcome, before: Claim | None) -> list[Append]:
    """The message to a holder who loses a live claim by this change; [] when no holder does."""
    claim = outcome.claim
    if before is None or not before.is_live or before.agent_id == claim.agent_id or not ids.is_agent(before.agent_id):
        return []
    reason = claim.taken_from.reason if claim.taken_from else ""
    summary = f"{before.agent_id} lost {claim.task_id} to {claim.agent_id}: {' '.join(reason.split())}"
    return [notice(context, context.seat.agent_id, Loss(before.agent_id, claim, summary, TAKEOVER))]


def notice(context: Context, sender: str, loss: Loss) -> Append:
    """The line in a loser's inbox."""
    message = Message(
        id=ids.new_record_id(),
        ts=clock.to_text(context.now),
        sender=sender,
        type=loss.kind,
        task_id=loss.claim.task_id,
        summary=loss.summary[:MAX_SUMMARY],
        to=loss.loser,
        meta={"holder": loss.claim.agent_id},
    )
    return Append(stream_of(ids.inbox_of(loss.loser)), to_mapping(message))


def require_seen(context: Context, task: str) -> None:
    """ConflictError, once, when the seat had the task and another has it now: its command rests on old news."""
    if not task or ids.is_thread_only(task):
        return
    claim = _claim(context, task)
    agent = context.seat.agent_id
    if claim is None or not claim.is_live or claim.agent_id == agent:
        return
    loss = _last_loss(context, agent, task)
    seen = _seen(context.workspace, agent)
    if loss is None or loss in seen:
        return
    files.replace(_place(context.workspace, agent), files.dump_json({"told": [*seen, loss][-_RECENT:]}))
    from tools.core.bus.rules.claim_refusals import claim_details

    raise ConflictError(
        f"{agent} lost {task}: {claim.agent_id} holds it ({claim.state} since {claim.claimed_at})",
        code="claim.lost",
        hint=hint.tool("agent.bus_claim", "show", "--task", task),
        details=claim_details(claim),
    )


def has_notice(context: Context, loser: str, claim: Claim) -> bool:
    """Whether the inbox of a loser has the notice of a claim that came first."""
    records = [entry.record for entry in context.store.tail(stream_of(ids.inbox_of(loser)), _RECENT).records]
    return any(
        record.get("type") == CONFLICT
        and record.get("task_id") == claim.task_id
        and (record.get("meta") or {}) == {"holder": claim.agent_id}
        for record in records
    )


def _claim(context: Context, task: str) -> Claim | None:
    try:
        return claim_documents.of_task(context.store, task).claim
    except DataError:
        return None


def _last_loss(context: Context, agent: str, task: str) -> str | None:
    """The id of the newest message that tells an agent of the loss of a task."""
    records = [entry.record for entry in context.store.tail(stream_of(ids.inbox_of(agent)), _RECENT).records]
    losses = [one for one in records if one.get("type") in (CONFLICT, TAKEOVER) and one.get("task_id") == task]
    return str(losses[-1].get("id")) if losses else None


def _place(workspace: Workspace, agent: str) -> Place:
    return workspace.session(agent).child("lost.json")


def _seen(workspace: Workspace, agent: str) -> list[str]:
    try:
        content = files.read_json(_place(workspace, agent)) or {}
    except DataError:
        return []
    seen = content.get("told")
    return [str(record_id) for record_id in seen] if isinstance(seen, list) else []
