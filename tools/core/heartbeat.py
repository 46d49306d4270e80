"""Whether somebody watches and whether holders are at work: the check behind `bus_heartbeat`.

An alert's identity is `meta.alert` of its event: who it is about and since when, so that one that is
unchanged is not raised again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tools.core import bus, clock, feed, index, liveness, seats
from tools.core.store import FileStore
from tools.core.workspace import Workspace

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
    managers: list[liveness.Heartbeat]
    idle: list[dict[str, Any]]
    alerts: list[Alert]
    raised: Mapping[str, bool]  # alerts that were raised before and are unchanged
    problems: list[str]
    losses: list[str]


def check(
    workspace: Workspace,
    store: FileStore,
    *,
    manager_window: timedelta,
    agent_window: timedelta,
    ignored_managers: Collection[str],
    retired: Collection[str] = (),
    now: datetime,
) -> Check:
    """Looks at the bus once."""
    claims, problems = bus.all_claims(store)
    assignments, more_problems = bus.all_assignments(store)
    by_task = {claim.task_id: claim for claim in claims}
    with index.open_index(workspace) as known:
        gone = liveness.retired(known, now, retired) | set(ignored_managers)
        names = liveness.managers(
            known, now, manifests=seats.manifests(workspace), assignments=assignments, claims=by_task
        )
        beats = [liveness.heartbeat(known, name, manager_window, now) for name in names if name not in gone]
        holders = {claim.agent_id for claim in claims if claim.state == "active"}
        away = liveness.retired(known, now, retired)
        signs = liveness.last_signs(known, holders - away, now)
        waiting = feed.open_requests(known)
        idle = [
            {"agent_id": claim.agent_id, "task_id": claim.task_id, "last_seen": clock.to_text(at) if at else None}
            for claim, at in liveness.idle_holders(
                (claim for claim in claims if claim.agent_id not in away), signs, agent_window, now
            )
        ]
        alerts = [*_manager_alerts(beats, waiting, manager_window), *map(_idle_alert, idle)]
        before = _raised_before(known, now) if alerts else set()
        raised = {alert.identity: alert.identity in before for alert in alerts}
        problems = [*problems, *more_problems, *map(str, known.problems())]
        losses = index.losses(known)
    return Check(now, manager_window, agent_window, beats, idle, alerts, raised, problems, losses)


def _manager_alerts(beats: list[liveness.Heartbeat], waiting: list[feed.Entry], window: timedelta) -> list[Alert]:
    found = []
    for beat in beats:
        if not window or beat.state == liveness.FRESH:
            continue
        since = clock.to_text(beat.at) if beat.at else "never"
        if beat.state == liveness.SIGNED_OFF:
            addressed = [entry for entry in waiting if getattr(entry.record, "to", "") in ("", beat.agent)]
            if not addressed:
                continue
            text = f"manager {beat.agent} has signed off and {len(addressed)} requests wait"
            found.append(Alert(f"manager_away:{beat.agent}:{since}", "manager_away", beat.agent, "", beat.at, text))
        else:
            text = f"manager {beat.agent} is {beat.state}, last heartbeat {since}"
            kind = f"manager_{beat.state}"
            found.append(Alert(f"{kind}:{beat.agent}:{since}", kind, beat.agent, "", beat.at, text))
    return found


def _idle_alert(row: dict[str, Any]) -> Alert:
    since = row["last_seen"] or "never"
    silence = f"given no sign of life since {since}" if row["last_seen"] else "never given a sign of life"
    text = f"{row['agent_id']} holds {row['task_id']} and has {silence}"
    identity = f"agent_idle:{row['agent_id']}:{row['task_id']}:{since}"
    return Alert(identity, "agent_idle", row["agent_id"], row["task_id"], clock.parse(row["last_seen"]), text)


def _raised_before(known: index.Index, now: datetime) -> set[str]:
    """The identities of the alerts that were raised last."""
    alerts, _ = feed.select(known, feed.Query(kinds=["alert"], messages=False), 200, now)
    return {identity for entry in alerts for identity in entry.record.meta.get("alert", "").split()}


def as_document(found: Check) -> dict[str, Any]:
    """The receipt of a check (formats, `heartbeat-<stamp>.json`)."""

    def named(*states: str) -> list[str]:
        return [beat.agent for beat in found.managers if beat.state in states]

    return {
        "version": 1,
        "ts": clock.to_text(found.now),
        "manager": {
            "window_minutes": found.manager_window.total_seconds() / 60,
            "candidates": [beat.agent for beat in found.managers],
            "active": named(liveness.FRESH),
            "stale": named(liveness.STALE),
            "missing": named(liveness.MISSING),
            "signed_off": named(liveness.SIGNED_OFF),
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
