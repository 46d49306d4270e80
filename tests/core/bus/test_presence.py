"""Signs of life: whose they are, which count, and what silence means."""

from datetime import timedelta

import pytest

from tools.core import clock
from tools.core.bus import presence as liveness
from tools.core.models.bus import Assignment
from tools.core.models.manifest import Manifest
from tools.core.store.files.index import open_index

WINDOW = timedelta(minutes=30)


@pytest.fixture
def known(workspace):
    """Asks something of the caught-up index."""

    def ask(question):
        with open_index(workspace) as index:
            return question(index)

    return ask


@pytest.fixture
def at(noon):
    return lambda **before: clock.to_text(noon - timedelta(**before))


def test_events_and_messages_are_signs_of_life_of_who_wrote_them(known, logged, noon, at):
    logged(ts=at(minutes=9), meta={"holder": "codex-2"})
    logged(ts=at(minutes=4), thread="T", to="codex-2")
    assert known(lambda index: liveness.last_sign(index, "codex-1", noon)) == noon - timedelta(minutes=4)
    assert known(lambda index: liveness.last_sign(index, "codex-2", noon)) is None


def test_a_stamp_from_the_future_is_passed_over_for_the_latest_credible_one(known, logged, noon, at):
    logged(ts=at(minutes=60))
    logged(ts=at(minutes=-6))
    assert known(lambda index: liveness.last_sign(index, "codex-1", noon)) == noon - timedelta(hours=1)
    logged(ts=at(minutes=-5))
    assert known(lambda index: liveness.last_sign(index, "codex-1", noon)) == noon + timedelta(minutes=5)


@pytest.mark.parametrize(("seconds", "state"), [(0, "fresh"), (1800, "fresh"), (1801, "stale")])
def test_exactly_at_the_window_is_fresh(known, logged, noon, at, seconds, state):
    logged(event="status", ts=at(seconds=seconds), summary="watching", meta={"shift": "mid"})
    beat = known(lambda index: liveness.heartbeat(index, "codex-1", WINDOW, noon))
    assert (beat.state, beat.summary, beat.meta) == (state, "watching", {"shift": "mid"})


def test_never_heard_of_is_missing_and_a_window_of_0_switches_off(known, logged, noon, at):
    logged(event="note", ts=at(minutes=1))
    assert known(lambda index: liveness.heartbeat(index, "codex-1", WINDOW, noon)).state == "missing"
    assert known(lambda index: liveness.heartbeat(index, "codex-1", timedelta(0), noon)).state == "fresh"


def test_who_signed_off_is_neither_stale_nor_missing(known, logged, noon, at):
    logged(event="handshake", ts=at(hours=9), meta={"focus": "idle"})
    assert known(lambda index: liveness.heartbeat(index, "codex-1", WINDOW, noon)).state == "signed off"


def test_managers_are_found_by_manifest_handshake_and_live_assignment(known, logged, noon, at, claim):
    logged(event="handshake", agent_id="by-roles", ts=at(hours=1), meta={"roles": "manager,reviewer"})
    logged(event="handshake", agent_id="by-focus", ts=at(hours=1), meta={"focus": "manager"})
    logged(event="handshake", agent_id="former", ts=at(hours=2), meta={"roles": "manager"})
    logged(event="handshake", agent_id="former", ts=at(hours=1), meta={"roles": "engineer"})
    given = [
        Assignment(task_id=task, engineer="x", manager=f"boss-{task}", assigned_at=at(hours=1)) for task in ("T", "U")
    ]
    held = {"T": claim(task_id="T"), "U": claim(task_id="U", status="done")}
    seat = Manifest(agent_id="by-manifest", desired_roles=("manager",))
    found = known(lambda index: liveness.managers(index, noon, manifests=[seat], assignments=given, claims=held))
    assert found == ["boss-T", "by-focus", "by-manifest", "by-roles"]


def test_only_active_claims_of_silent_holders_are_idle(claim, noon, at):
    silent = [
        claim(claimed_at=at(hours=5)),
        claim(task_id="P", status="paused", claimed_at=at(hours=5)),
        claim(task_id="N", claimed_at=at(hours=1)),
    ]
    found = liveness.idle_holders(silent, {"codex-1": None}, timedelta(hours=4), noon)
    assert [one.task_id for one, _ in found] == ["T"]
    assert liveness.idle_holders(silent, {"codex-1": noon}, timedelta(hours=4), noon) == []
    assert liveness.idle_holders(silent, {}, timedelta(0), noon) == []


def test_an_agent_is_retired_until_it_is_revived(known, logged, noon, at):
    logged(event="retired", agent_id="boss", ts=at(hours=3), meta={"agent": "codex-4"})
    logged(event="retired", agent_id="boss", ts=at(hours=3), meta={"agent": "codex-5"})
    logged(event="revived", agent_id="other", ts=at(hours=1), meta={"agent": "codex-5"})
    assert known(lambda index: liveness.retired(index, noon, ["listed"])) == {"codex-4", "listed"}
