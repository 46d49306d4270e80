"""Whether a manager watches and whether holders are at work: the check behind `bus_heartbeat`.

An alert's identity, `meta.alert` of its event, says whom it is about and since when, so that an
unchanged alert is not raised again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tools.core import clock, versions
from tools.core.bus import claim_documents, presence
from tools.core.context import Context
from tools.core.models.bus import Assignment, Claim
from tools.core.models.entry import Entry, Query
from tools.core.models.manifest import Manifest
from tools.core.problem import Problem
from tools.core.seats.seat import bound_manifests
from tools.core.store.api import History

AGENT_WINDOW = timedelta(minutes=240)


class Alert(NamedTuple):
    """Something a manager should act on."""

    identity: str
    kind: str  # manager_stale, manager_missing, manager_away, agent_idle
    agent: str
    task: str
    since: datetime | None
    text: str


class Check(NamedTuple):
    """The result of one check; a window of 0 means that its check is off."""

    now: datetime
    manager_window: timedelta
    agent_window: timedelta
    managers: list[presence.Heartbeat]
    idle: list[dict[str, Any]]
    alerts: list[Alert]
    raised: Mapping[str, bool]  # alerts that were raised before and are unchanged
    problems: list[Problem]


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
        claims={claim.task_id: claim for claim in claims},
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


def check(
    context: Context,
    *,
    manager_window: timedelta,
    agent_window: timedelta,
    ignored_managers: Collection[str],
    retired: Collection[str] | None = None,
) -> Check:
    """Looks at the bus once."""
    claims, problems = claim_documents.all_claims(context.store)
    assignments, more_problems = claim_documents.all_assignments(context.store)
    history = context.history
    manifests = bound_manifests(context.workspace)
    current = pulse(
        history,
        Participants(claims, assignments, manifests, history.open_requests()),
        Windows(manager_window, agent_window),
        ignored_managers=ignored_managers,
        retired=retired,
        now=context.now,
    )
    before = raised_before(history) if current.alerts else set()
    raised = {alert.identity: alert.identity in before for alert in current.alerts}
    problems = [*problems, *more_problems, *history.problems()]
    idle = [
        {"agent_id": claim.agent_id, "task_id": claim.task_id, "last_seen": clock.to_text(at) if at else None}
        for claim, at in current.idle
    ]
    return Check(context.now, manager_window, agent_window, current.managers, idle, current.alerts, raised, problems)


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
            alerts.append(Alert(f"manager_away:{beat.agent}:{since}", "manager_away", beat.agent, "", beat.at, text))
        else:
            text = f"manager {beat.agent} is {beat.state}, last heartbeat {since}"
            kind = f"manager_{beat.state}"
            alerts.append(Alert(f"{kind}:{beat.agent}:{since}", kind, beat.agent, "", beat.at, text))
    return alerts


def _waits_for(entry: Entry, agent: str) -> bool:
    return getattr(entry.record, "to", "") in ("", agent) and entry.agent != agent


def _idle_alert(claim: Claim, at: datetime | None) -> Alert:
    since = clock.to_text(at) if at else "never"
    silence = f"given no sign of life since {since}" if at else "never given a sign of life"
    text = f"{claim.agent_id} holds {claim.task_id} and has {silence}"
    identity = f"agent_idle:{claim.agent_id}:{claim.task_id}:{since}"
    return Alert(identity, "agent_idle", claim.agent_id, claim.task_id, at, text)


def raised_before(history: History) -> set[str]:
    """The identities of the alerts that were raised last."""
    alerts, _ = history.select(Query(kinds=["alert"], messages=False), 200)
    return {identity for entry in alerts for identity in entry.record.meta.get("alert", "").split()}


def as_document(result: Check) -> dict[str, Any]:
    """The receipt of a check (formats, `heartbeat-<stamp>.json`)."""

    def named(*states: str) -> list[str]:
        return [beat.agent for beat in result.managers if beat.state in states]

    return {
        "version": versions.HEARTBEAT,
        "ts": clock.to_text(result.now),
        "manager": {
            "window_minutes": result.manager_window.total_seconds() / 60,
            "candidates": [beat.agent for beat in result.managers],
            "active": named(presence.FRESH),
            "stale": named(presence.STALE),
            "missing": named(presence.MISSING),
            "signed_off": named(presence.SIGNED_OFF),
        },
        "agent_window_minutes": result.agent_window.total_seconds() / 60,
        "agent_idle": result.idle,
        "alerts": [
            {
                "id": alert.identity,
                "kind": alert.kind,
                "agent_id": alert.agent,
                "task_id": alert.task or None,
                "since": clock.to_text(alert.since) if alert.since else None,
                "text": alert.text,
                "raised_before": result.raised[alert.identity],
            }
            for alert in result.alerts
        ],
    }
