"""The handshake of a session: what it says, and whether its agent is at work in another clone as well."""

from __future__ import annotations

from collections.abc import Mapping

from tools.core import hint, ids
from tools.core.bus import losses, posts
from tools.core.bus.presence import IDLE_FOCUS
from tools.core.context import Context
from tools.core.hint import Note
from tools.core.models.record import MAX_SUMMARY
from tools.core.seats.guards import Guarded

SANDBOX = "sandbox"
"""The state of a sync that a sandbox prevents."""


def log(context: Context, guarded: Guarded, focus: str, summary: str, sync: tuple[str, str]) -> Mapping[str, object]:
    """Logs the handshake, which names this clone; a session of the same agent in another clone is told with it.

    `sync` is the state and the sentence of the sync.
    """
    from tools.core.sync.clones import twins  # what else of a session is asked for needs no exchange

    draft = _draft(guarded, focus, summary, sync)
    agent, here = context.seat.agent_id, twins.clone_of(context)
    meta = {**draft.meta, twins.CLONE: here} if here else draft.meta
    twin = twins.elsewhere(context, agent, here) if focus != IDLE_FOCUS else None
    if twin is None:
        return posts.post(context, draft._replace(meta=meta)).records[0]
    text = f"{agent} is in two clones: it boots here, in clone {here}, and has not signed off in {twin}"
    new_id = hint.tool("agent.manifest_helper", "new", hint.WORDS)
    context.warn([Note(f"{text}; if both go on, give this one another id", new_id)])
    message = posts.MessageDraft(ids.inbox_of(agent), losses.CONFLICT, text, to=agent, meta={twins.CLONE: twin.clone})
    return posts.post(context, draft._replace(meta={**meta, "twin": twin.clone}), [message]).records[0]


def _draft(guarded: Guarded, focus: str, summary: str, sync: tuple[str, str]) -> posts.EventDraft:
    seat, (state, sentence) = guarded.seat, sync
    meta = {"focus": focus, "roles": ",".join(seat.manifest.desired_roles) if seat.manifest else ""}
    if state == SANDBOX:
        meta["sync"] = SANDBOX
    elif state.startswith(("sync.", "git.", "lock.")):
        meta["sync"] = sentence
    text = summary or f"{seat.agent_id} online" + (f"; focus={focus}" if focus else "")
    return posts.EventDraft(
        "handshake",
        text[:MAX_SUMMARY],
        branch=guarded.branch or "",
        meta={key: value for key, value in meta.items() if value},
    )
