"""One agent id in two clones: who works under a name that is taken is told, and so is who has it.

A handshake names the clone it was made in. Two sessions that follow each other are one agent that moved;
two that were alive within the same half hour may be two, which only their people can tell.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from tools.core.bus.presence import IDLE_FOCUS
from tools.core.bus.rules.claim_rules import STALE_AFTER
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.models.entry import Entry, Query
from tools.core.sync.clones import clone_id

CLONE = "clone"
"""The name under which a handshake carries its clone's id."""

WINDOW = timedelta(minutes=30)
"""At a boot elsewhere, a session that gave no sign for longer is taken for over."""

_HANDSHAKES = 50
"""Handshakes of an agent that are looked at, the newest."""


class Session(NamedTuple):
    """A session of an agent that has not signed off: its clone, and when it booted there."""

    clone: str
    began: str

    def __str__(self) -> str:
        return f"clone {self.clone} since {self.began}"


def clone_of(context: Context) -> str:
    """The id of this clone; "" outside git, and where git's folder cannot be written."""
    try:
        return clone_id.of(context.workspace)
    except (ToolkitError, OSError):
        return ""


def elsewhere(context: Context, agent: str, here: str) -> Session | None:
    """The session that an agent has, or had a moment ago, in another clone; None where its last was here."""
    last = _handshakes(context, agent)[-1:]
    if not here or not last or last[0].record.meta.get(CLONE, here) == here or _is_over(last[0]):
        return None
    word = context.history.last_words([agent], context.now).get(agent)
    if word is None or word.at is None or context.now - word.at > WINDOW:
        return None
    return _session(last[0])


def at_once(context: Context, agent: str) -> list[Session]:
    """The sessions that an agent began lately in several clones and did not end; [] where there is one."""
    newest = {entry.record.meta.get(CLONE, ""): entry for entry in _handshakes(context, agent)}
    sessions = [_session(entry) for clone, entry in newest.items() if clone and not _is_over(entry)]
    return sessions if len(sessions) > 1 else []


def _handshakes(context: Context, agent: str) -> list[Entry]:
    query = Query(agents=[agent], kinds=["handshake"], since=context.now - STALE_AFTER, messages=False)
    return context.history.select(query, _HANDSHAKES)[0]


def _is_over(handshake: Entry) -> bool:
    return bool(handshake.record.meta.get("focus") == IDLE_FOCUS)


def _session(handshake: Entry) -> Session:
    return Session(handshake.record.meta.get(CLONE, ""), handshake.record.ts)
