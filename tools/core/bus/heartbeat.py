"""Whether somebody watches and whether holders are at work: the check behind `bus_heartbeat`.

An alert's identity is `meta.alert` of its event: who it is about and since when, so that one that is
unchanged is not raised again.
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
from tools.core.seats import seat as seats
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
    """One heartbeat check; windows of 0 were switched off."""

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


def pulse(
    history: History,
    *,
    claims: Sequence[Claim],
    assignments: Sequence[Assignment],
    manifests: Sequence[Manifest],
    waiting: Sequence[Entry],
    manager_window: timedelta,
    agent_window: timedelta,
    ignored_managers: Collection[str] = (),
    retired: Collection[str] | None = None,
    now: datetime,
) -> Pulse:
    """Judges what was read of the bus; a window of 0 switches its check off."""
    away = presence.retired(history, retired)
    names = presence.managers(
        history, now, manifests=manifests, assignments=assignments, claims={claim.task_id: claim for claim in claims}
    )
    gone = away | set(ignored_managers)
    beats = presence.heartbeats(history, [name for name in names if name not in gone], manager_window, now)
    active = [claim for claim in claims if claim.state == "active" and claim.agent_id not in away]
    signs = history.last_seen({claim.agent_id for claim in active}, now)
    idle = presence.idle_holders(active, signs, agent_window, now)
    alerts = [*_manager_alerts(beats, waiting, manager_window), *(_idle_alert(claim, at) for claim, at in idle)]
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
    found = pulse(
        history,
        claims=claims,
        assignments=assignments,
        manifests=seats.manifests(context.workspace),
        waiting=history.open_requests(),
        manager_window=manager_window,
        agent_window=agent_window,
        ignored_managers=ignored_managers,
        retired=retired,
        now=context.now,
    )
    before = raised_before(history) if found.alerts else set()
    raised = {alert.identity: alert.identity in before for alert in found.alerts}
    problems = [*problems, *more_problems, *history.problems()]
    idle = [
        {"agent_id": claim.agent_id, "task_id": claim.task_id, "last_seen": clock.to_text(at) if at else None}
        for claim, at in found.idle
    ]
    return Check(context.now, manager_window, agent_window, found.managers, idle, found.alerts, raised, problems)


def _manager_alerts(beats: Sequence[presence.Heartbeat], waiting: Sequence[Entry], window: timedelta) -> list[Alert]:
    found = []
    for beat in beats:
        if not window or beat.state == presence.FRESH:
            continue
        since = clock.to_text(beat.at) if beat.at else "never"
        if beat.state == presence.SIGNED_OFF:
            addressed = [entry for entry in waiting if _waits_for(entry, beat.agent)]
            if not addressed:
                continue
            text = f"manager {beat.agent} has signed off and {len(addressed)} requests wait"
            found.append(Alert(f"manager_away:{beat.agent}:{since}", "manager_away", beat.agent, "", beat.at, text))
        else:
            text = f"manager {beat.agent} is {beat.state}, last heartbeat {since}"
            kind = f"manager_{beat.state}"
            found.append(Alert(f"{kind}:{beat.agent}:{since}", kind, beat.agent, "", beat.at, text))
    return found


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


def as_document(found: Check) -> dict[str, Any]:
    """The receipt of a check (formats, `heartbeat-<stamp>.json`)."""

    def named(*states: str) -> list[str]:
        return [beat.agent for beat in found.managers if beat.state in states]

    return {
        "version": versions.HEARTBEAT,
        "ts": clock.to_text(found.now),
        "manager": {
            "window_minutes": found.manager_window.total_seconds() / 60,
            "candidates": [beat.agent for beat in found.managers],
            "active": named(presence.FRESH),
            "stale": named(presence.STALE),
            "missing": named(presence.MISSING),
            "signed_off": named(presence.SIGNED_OFF),
        },
        "agent_window_minutes": found.agent_window.total_seconds() / 60,
        "agent_idle": found.idle,
        "alerts": [
            {
                "id": alert.identity,
                "kind": alert.kind,
                "agent_id": alert.agent,
                "task_id": alert.task or None,
                "since": clock.to_text(alert.since) if alert.since else None,
                "text": alert.text,
                "raised_before": found.raised[alert.identity],
            }
            for alert in found.alerts
        ],
    }
