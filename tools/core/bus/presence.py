"""Presence of agents: last signs of life, managers and their heartbeat, idle and retired agents.

The rules are the playbook's step 5 and `bus_heartbeat` in docs/commands.md. A stamp ahead of the
clock is no sign of life; the latest credible one counts. A sign exactly as old as the window is fresh.
"""

from __future__ import annotations

import os

from tools.core import clock, ids
from tools.core.bus import claim_documents
from tools.core.clock import datetime, timedelta
from tools.core.models.bus import MANAGER_ROLE, Assignment, Claim
from tools.core.models.entry import Entry, roles_in
from tools.core.models.manifest import Manifest
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.seats.seat import all_manifests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tools.core.context import Context
    from tools.core.store.contract import History

FRESH = "fresh"
STALE = "stale"
MISSING = "missing"
SIGNED_OFF = "signed off"
IDLE_FOCUS = "idle"


class Heartbeat(NamedTuple):
    """A manager's last handshake or status; `state` is fresh, stale, missing or signed off."""

    agent: str
    state: str
    at: datetime | None
    summary: str
    meta: Mapping[str, str]


_PARKED = "RETIRED_AGENTS"


def parked() -> frozenset[str]:
    """`RETIRED_AGENTS` of the dashboard's module (playbook, step 5), read from its source without loading it."""
    path = os.path.join(
        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "agent", "coord_dashboard.py"
    )
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if f"\n{_PARKED}: tuple[str, ...] = ()\n" in text:
        return frozenset()
    import ast  # only a list with names in it is worth its cost

    body = ast.parse(text).body
    for line in body:
        targets = (
            [line.target] if isinstance(line, ast.AnnAssign) else line.targets if isinstance(line, ast.Assign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == _PARKED for target in targets):
            return frozenset(ast.literal_eval(line.value))  # type: ignore[attr-defined]
    return frozenset()


def retired(history: History, always: Collection[str] | None = None) -> frozenset[str]:
    """Agents that were retired and not revived since; `always` names those a list retires (None: `parked`)."""
    marks = history.retirements()
    named = parked() if always is None else always
    return frozenset(name for name in {*named, *marks} if marks.get(name, "retired") == "retired")


def roles_of(handshake: Entry | None) -> frozenset[str]:
    """The roles a handshake announced."""
    return roles_in(handshake.record.meta) if handshake else frozenset()


def managers(
    history: History,
    now: datetime,
    *,
    manifests: Iterable[Manifest],
    assignments: Iterable[Assignment],
    claims: Iterable[Claim],
) -> list[str]:
    """Manager candidates: by manifest, by last handshake, or named by an assignment that is live."""
    live = {claim.task_id for claim in claims if claim.is_live}
    candidates = {seat.agent_id for seat in manifests if MANAGER_ROLE in seat.desired_roles}
    handshakes = history.last_entries(history.agents(), ["handshake"], now)
    candidates |= {agent for agent, handshake in handshakes.items() if MANAGER_ROLE in roles_of(handshake)}
    for assignment in assignments:
        # an engineer who assigned itself is not a manager
        has_manager = assignment.engineer and assignment.manager != assignment.engineer
        if has_manager and assignment.manager and assignment.task_id in live:
            candidates.add(assignment.manager)
    return sorted(name for name in candidates if ids.is_agent(name))


def managers_now(context: Context) -> list[str]:
    """The manager candidates of the bus as it is now, by the manifests of this clone."""
    documents = claim_documents.live(context.store)
    return managers(
        context.history,
        context.now,
        manifests=all_manifests(context.workspace),
        assignments=documents.assignments,
        claims=documents.claims,
    )


def heartbeats(history: History, agents: Collection[str], window: timedelta, now: datetime) -> list[Heartbeat]:
    """Each manager's last handshake or status against the window; a window of 0 switches the check off."""
    handshakes = history.last_entries(agents, ["handshake"], now)
    signs = history.last_entries(agents, ["handshake", "status"], now)
    return [_heartbeat(agent, handshakes.get(agent), signs.get(agent), window, now) for agent in agents]


def _heartbeat(agent: str, handshake: Entry | None, sign: Entry | None, window: timedelta, now: datetime) -> Heartbeat:
    if sign is None or sign.at is None:
        return Heartbeat(agent, MISSING if window else FRESH, None, "", {})
    state = STALE if window and now - sign.at > window else FRESH
    if handshake is not None and handshake.record.meta.get("focus") == IDLE_FOCUS:
        state = SIGNED_OFF
    return Heartbeat(agent, state, sign.at, sign.record.summary, sign.record.meta)


def idle_holders(
    claims: Iterable[Claim], last_seen_at: Mapping[str, datetime], window: timedelta, now: datetime
) -> list[tuple[Claim, datetime | None]]:
    """Active claims whose holder gave no sign inside the window, the claim itself being one."""
    if not window:
        return []
    idle = []
    for claim in claims:
        if claim.state != "active":
            continue
        claimed = clock.parse(claim.claimed_at)
        credible = [at for at in (last_seen_at.get(claim.agent_id), claimed) if at and clock.is_credible(at, now)]
        last_seen = max(credible, default=None)
        if last_seen is None or now - last_seen > window:
            idle.append((claim, last_seen))
    return idle
