"""Signs of life: whose they are, which count, and what silence means."""

from datetime import timedelta

import pytest

from tools.core import clock
from tools.core.bus import presence
from tools.core.models.bus import Assignment
from tools.core.models.manifest import Manifest

WINDOW = timedelta(minutes=30)


@pytest.fixture
def at(noon):
    return lambda **before: clock.to_text(noon - timedelta(**before))


@pytest.mark.parametrize(("seconds", "state"), [(0, "fresh"), (1800, "fresh"), (1801, "stale")])
def test_exactly_at_the_window_is_fresh(store, logged, noon, at, seconds, state):
    logged(event="status", ts=at(seconds=seconds), summary="watching", meta={"shift": "mid"})
    beat = presence.heartbeats(store.history, ["codex-1"], WINDOW, noon)[0]
    assert (beat.state, beat.summary, beat.meta) == (state, "watching", {"shift": "mid"})


def test_never_heard_of_is_missing_and_a_window_of_0_switches_off(store, logged, noon, at):
    logged(event="note", ts=at(minutes=1))
    assert presence.heartbeats(store.history, ["codex-1"], WINDOW, noon)[0].state == "missing"
    assert presence.heartbeats(store.history, ["codex-1"], timedelta(0), noon)[0].state == "fresh"


def test_who_signed_off_is_neither_stale_nor_missing(store, logged, noon, at):
    logged(event="handshake", ts=at(hours=9), meta={"focus": "idle"})
    assert presence.heartbeats(store.history, ["codex-1"], WINDOW, noon)[0].state == "signed off"


def test_managers_are_found_by_manifest_handshake_and_live_assignment(store, logged, noon, at, claim):
    logged(event="handshake", agent_id="by-roles", ts=at(hours=1), meta={"roles": "manager,reviewer"})
    logged(event="handshake", agent_id="by-focus", ts=at(hours=1), meta={"focus": "manager"})
    logged(event="handshake", agent_id="former", ts=at(hours=2), meta={"roles": "manager"})
    logged(event="handshake", agent_id="former", ts=at(hours=1), meta={"roles": "engineer"})
    assignments = [
        Assignment(task_id=task, engineer="x", manager=f"boss-{task}", assigned_at=at(hours=1)) for task in ("T", "U")
    ]
    held = [claim(task_id="T"), claim(task_id="U", status="done")]
    seat = Manifest(agent_id="by-manifest", desired_roles=("manager",))
    managers = presence.managers(store.history, noon, manifests=[seat], assignments=assignments, claims=held)
    assert managers == ["boss-T", "by-focus", "by-manifest", "by-roles"]


def test_only_active_claims_of_silent_holders_are_idle(claim, noon, at):
    silent = [
        claim(claimed_at=at(hours=5)),
        claim(task_id="P", status="paused", claimed_at=at(hours=5)),
        claim(task_id="N", claimed_at=at(hours=1)),
    ]
    idle = presence.idle_holders(silent, {}, timedelta(hours=4), noon)
    assert [claim.task_id for claim, _ in idle] == ["T"]
    assert presence.idle_holders(silent, {"codex-1": noon}, timedelta(hours=4), noon) == []
    assert presence.idle_holders(silent, {}, timedelta(0), noon) == []


def test_an_agent_is_retired_until_it_is_revived(store, logged, noon, at):
    logged(event="retired", agent_id="boss", ts=at(hours=3), meta={"agent": "codex-4"})
    logged(event="retired", agent_id="boss", ts=at(hours=3), meta={"agent": "codex-5"})
    logged(event="revived", agent_id="other", ts=at(hours=1), meta={"agent": "codex-5"})
    assert presence.retired(store.history, ["listed"]) == {"codex-4", "listed"}
