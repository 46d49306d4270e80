"""Whether a manager watches and whether holders are at work: two of the conditions that alarm."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tools.core import clock
from tools.core.bus import presence
from tools.core.models.bus import Assignment, Claim
from tools.core.models.entry import Entry
from tools.core.models.manifest import Manifest

if TYPE_CHECKING:
    from tools.core.store.contract import History

AGENT_WINDOW = timedelta(minutes=240)


class Alert(NamedTuple):
    """A manager or a holder who gives no sign of life."""

    kind: str  # manager_stale, manager_missing, manager_away, agent_idle
    agent: str
    task: str
    since: datetime | None
    text: str


class Pulse(NamedTuple):
    """Who watches and who is at work; the part of a check that the dashboard shares."""

    managers: list[presence.Heartbeat]
    idle: list[tuple[Claim, datetime | None]]
    alerts: list[Alert]
    retired: frozenset[str]


class Windows(NamedTuple):
    """How long a manager and a holder may be silent; 0 switches the check off."""

    manager: timedelta
    agent: timedelta


class Participants(NamedTuple):
    """The documents that say who manages and who holds what, and the requests that wait for an answer."""

    claims: Sequence[Claim]
    assignments: Sequence[Assignment]
    manifests: Sequence[Manifest]
    requests: Sequence[Entry]


def pulse(
    history: History,
    participants: Participants,
    windows: Windows,
    *,
    ignored_managers: Collection[str] = (),
    retired: Collection[str] | None = None,
    now: datetime,
) -> Pulse:
    """Judges managers and holders by their last signs of life; `retired` replaces the dashboard's list."""
    claims = participants.claims
    away = presence.retired(history, retired)
    names = presence.managers(
        history,
        now,
        manifests=participants.manifests,
        assignments=participants.assignments,
        claims=claims,
    )
    gone = away | set(ignored_managers)
    beats = presence.heartbeats(history, [name for name in names if name not in gone], windows.manager, now)
    active = [claim for claim in claims if claim.state == "active" and claim.agent_id not in away]
    last_seen = history.last_seen({claim.agent_id for claim in active}, now)
    idle = presence.idle_holders(active, last_seen, windows.agent, now)
    alerts = [
        *_manager_alerts(beats, participants.requests, windows.manager),
        *(_idle_alert(claim, at) for claim, at in idle),
    ]
    return Pulse(beats, idle, alerts, away)


def _manager_alerts(beats: Sequence[presence.Heartbeat], requests: Sequence[Entry], window: timedelta) -> list[Alert]:
    alerts = []
    for beat in beats:
        if not window or beat.state == presence.FRESH:
            continue
        since = clock.to_text(beat.at) if beat.at else "never"
        if beat.state == presence.SIGNED_OFF:
            addressed = [entry for entry in requests if _waits_for(entry, beat.agent)]
            if not addressed:
                continue
            text = f"manager {beat.agent} has signed off and {len(addressed)} requests wait"
            alerts.append(Alert("manager_away", beat.agent, "", beat.at, text))
        else:
            text = f"manager {beat.agent} is {beat.state}, last heartbeat {since}"
            alerts.append(Alert(f"manager_{beat.state}", beat.agent, "", beat.at, text))
    return alerts


def _waits_for(entry: Entry, agent: str) -> bool:
    return getattr(entry.record, "to", "") in ("", agent) and entry.agent != agent


def _idle_alert(claim: Claim, at: datetime | None) -> Alert:
    since = clock.to_text(at) if at else "never"
    silence = f"given no sign of life since {since}" if at else "never given a sign of life"
    text = f"{claim.agent_id} holds {claim.task_id} and has {silence}"
    return Alert("agent_idle", claim.agent_id, claim.task_id, at, text)
