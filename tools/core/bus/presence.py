"""Who is there: last signs of life, managers and their heartbeat, who has gone idle or retired.

The rules are the playbook's step 5 and `bus_heartbeat` in docs/commands.md. A stamp that lies ahead
of the clock is no sign of life; the latest credible one counts. Exactly at a window is fresh.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.bus import feed
from tools.core.models.bus import Assignment, Claim
from tools.core.models.entry import Entry
from tools.core.models.manifest import Manifest
from tools.core.seats.seat import MANAGER_ROLE
from tools.core.store.files.index import Index, Row

FRESH = "fresh"
STALE = "stale"
MISSING = "missing"
SIGNED_OFF = "signed off"
IDLE_FOCUS = "idle"


class Heartbeat(NamedTuple):
    """A manager's last sign that somebody is watching; `state` is fresh, stale, missing or signed off."""

    agent: str
    state: str
    at: datetime | None
    summary: str
    meta: Mapping[str, str]


def last_sign(index: Index, agent: str, now: datetime) -> datetime | None:
    """The latest credible event or message that an agent wrote itself."""
    latest = _latest(now)
    found = [
        index.ask("SELECT MAX(at) FROM entries WHERE agent=? AND kind=? AND at<=?", (agent, kind, latest))[0][0]
        for kind in index.distinct("kind", agent=agent)
    ]
    return _moment(max((at for at in found if at is not None), default=None))


def last_signs(index: Index, agents: Iterable[str], now: datetime) -> dict[str, datetime | None]:
    """`last_sign` of several agents."""
    return {agent: last_sign(index, agent, now) for agent in agents}


def _latest(now: datetime) -> int:
    return int((now + clock.CREDIBLE_AHEAD).timestamp())


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, clock.UTC)


def agents_seen(index: Index) -> list[str]:
    """Every agent that wrote something, by name."""
    return [name for name in index.distinct("agent") if ids.is_agent(name)]


def last_entry(index: Index, agent: str, kinds: Sequence[str], now: datetime) -> Entry | None:
    """The latest credible entry of some kinds by an agent."""
    rows = []
    for kind in kinds:
        rows += index.ask(
            "SELECT at, seq, stream, number, raw FROM entries WHERE agent=? AND kind=? AND at<=?"
            " ORDER BY at DESC, seq DESC LIMIT 1",
            (agent, kind, _latest(now)),
        )
    return feed.entry_of(Row(*max(rows)[1:])) if rows else None


@functools.cache
def parked() -> frozenset[str]:
    """`RETIRED_AGENTS` of the dashboard's module (playbook, step 5), read from its source without loading it."""
    import ast  # only boards and heartbeat checks ask

    path = os.path.join(
        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "agent", "coord_dashboard.py"
    )
    with open(path, encoding="utf-8") as source:
        body = ast.parse(source.read()).body
    for line in body:
        targets = (
            [line.target] if isinstance(line, ast.AnnAssign) else line.targets if isinstance(line, ast.Assign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "RETIRED_AGENTS" for target in targets):
            return frozenset(ast.literal_eval(line.value))  # type: ignore[attr-defined]
    return frozenset()


def retired(index: Index, now: datetime, always: Collection[str] | None = None) -> frozenset[str]:
    """Agents that were retired and not revived since; `always` names those a list retires (None: `parked`)."""
    found = set(parked() if always is None else always)
    for whom in index.distinct("subject"):
        rows = index.ask(
            "SELECT kind FROM entries WHERE subject=? AND at IS NOT NULL ORDER BY at DESC, seq DESC LIMIT 1", (whom,)
        )
        if rows and rows[0][0] == "retired":
            found.add(whom)
        elif rows:
            found.discard(whom)
    return frozenset(found)


def roles_of(handshake: Entry | None) -> frozenset[str]:
    """The roles a handshake announced."""
    if handshake is None:
        return frozenset()
    words = handshake.record.meta.get("roles", "") + "," + handshake.record.meta.get("focus", "")
    return frozenset(word.strip() for word in words.replace(" ", ",").split(",") if word.strip())


def managers(
    index: Index,
    now: datetime,
    *,
    manifests: Iterable[Manifest],
    assignments: Iterable[Assignment],
    claims: Mapping[str, Claim],
) -> list[str]:
    """Manager candidates: by manifest, by last handshake, or named by an assignment that is live."""
    found = {seat.agent_id for seat in manifests if MANAGER_ROLE in seat.desired_roles}
    for agent in index.distinct("agent"):
        if MANAGER_ROLE in roles_of(last_entry(index, agent, ["handshake"], now)):
            found.add(agent)
    for given in assignments:
        claim = claims.get(given.task_id)
        by_another = given.engineer and given.manager != given.engineer  # who helps itself manages nobody
        if by_another and given.manager and claim is not None and claim.is_live:
            found.add(given.manager)
    return sorted(name for name in found if ids.is_agent(name))


def heartbeat(index: Index, agent: str, window: timedelta, now: datetime) -> Heartbeat:
    """A manager's last handshake or status against the window; a window of 0 switches the check off."""
    handshake = last_entry(index, agent, ["handshake"], now)
    entry = last_entry(index, agent, ["handshake", "status"], now)
    if entry is None or entry.at is None:
        return Heartbeat(agent, MISSING if window else FRESH, None, "", {})
    state = STALE if window and now - entry.at > window else FRESH
    if handshake is not None and handshake.record.meta.get("focus") == IDLE_FOCUS:
        state = SIGNED_OFF
    return Heartbeat(agent, state, entry.at, entry.record.summary, entry.record.meta)


def idle_holders(
    claims: Iterable[Claim], signs: Mapping[str, datetime | None], window: timedelta, now: datetime
) -> list[tuple[Claim, datetime | None]]:
    """Active claims whose holder gave no sign inside the window, the claim itself being one."""
    if not window:
        return []
    found = []
    for claim in claims:
        if claim.state != "active":
            continue
        claimed = clock.parse(claim.claimed_at)
        known = [at for at in (signs.get(claim.agent_id), claimed) if at and clock.is_credible(at, now)]
        last = max(known, default=None)
        if last is None or now - last > window:
            found.append((claim, last))
    return found
