"""The heartbeat check: what alarms, what does not, and that nothing is raised twice."""

import json
from datetime import timedelta

import pytest

from tests.acting import context_of
from tools.core import clock
from tools.core.reports import heartbeat


@pytest.fixture
def check(workspace, store, noon):
    def ask(manager=30, agent=240, **more):
        windows = {"manager_window": timedelta(minutes=manager), "agent_window": timedelta(minutes=agent)}
        return heartbeat.check(
            context_of(workspace, store=store, now=noon), **{**windows, "ignored_managers": (), **more}
        )

    return ask


def kinds(check):
    return [row.kind for row in check.board.alerts]


def test_a_missing_manager_alarms_until_it_beats_or_is_ignored(check, seat, logged, noon):
    seat("boss", roles=["manager"])
    assert kinds(check()) == ["manager_missing"]
    assert kinds(check(manager=0)) == kinds(check(ignored_managers=["boss"])) == kinds(check(retired=["boss"])) == []
    logged(agent_id="boss", event="status", ts=clock.to_text(noon - timedelta(minutes=30)))
    assert kinds(check()) == [] and kinds(check(manager=29)) == ["manager_stale"]


def test_a_manager_who_signed_off_alarms_only_while_requests_wait(check, seat, logged, noon):
    seat("boss", roles=["manager"])
    logged(agent_id="boss", event="handshake", ts=clock.to_text(noon - timedelta(hours=3)), meta={"focus": "idle"})
    assert kinds(check()) == []
    logged(thread="T", type="request", to="somebody-else")
    assert kinds(check()) == []
    logged(thread="T", type="request")
    assert kinds(check()) == ["manager_away"]


def test_a_silent_holder_is_idle(check, store, claim, noon):
    from tools.core.models.record import to_mapping
    from tools.core.store.api import Replace

    store.commit([Replace("claims/T", to_mapping(claim(claimed_at=clock.to_text(noon - timedelta(minutes=241)))), "")])
    assert kinds(check()) == ["agent_idle"] and kinds(check(agent=241)) == kinds(check(agent=0)) == []
    assert heartbeat.as_document(check())["agent_idle"] == [
        {"agent_id": "codex-1", "last_seen": "2026-01-31T07:59:00Z", "task_id": "T"}
    ]


def test_an_alert_is_raised_once_and_each_check_leaves_its_receipt(run, seat, git_repo, store):
    seat("boss", roles=["manager"])
    for code, raised in ((1, 1), (1, 1)):
        receipt = run(
            "agent.bus_heartbeat", "--fail-on-alert", "--now", "2026-01-31T12:00:00Z", "--json", code=code
        ).json
        assert json.loads((git_repo / receipt["receipt"]).read_text())["manager"]["missing"] == ["boss"]
        assert len(store.read("events").records) == len(store.read("messages/manager-report").records) == raised
    event = store.read("events").records[0].record
    assert event["event"] == "alert" and event["severity"] == "high" and event["receipts"]


@pytest.mark.parametrize(
    ("flags", "events", "messages"), [(["--dry-run"], 0, 0), (["--no-bus-event"], 0, 1), (["--no-bus-message"], 1, 0)]
)
def test_a_rehearsal_raises_only_what_it_may(run, seat, store, flags, events, messages):
    seat("boss", roles=["manager"])
    run("agent.bus_heartbeat", *flags)
    assert (len(store.read("events").records), len(store.read("messages/manager-report").records)) == (events, messages)
