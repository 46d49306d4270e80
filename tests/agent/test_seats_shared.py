"""Seats that share a checkout: variants count, a replaced seat stays, and only those with the right retire."""

from __future__ import annotations

import json
import re

import pytest


def manifest(root, agent, *roles, active=False):
    name = "AGENT_MANIFEST.json" if active else f"AGENT_MANIFEST.{agent}.json"
    content = {"agent_id": agent, "branch_prefix": f"agent/{agent}/", "desired_roles": list(roles)}
    (root / name).write_text(json.dumps(content))


@pytest.fixture
def shared(git_repo):
    """codex-1 is active, and the manager's seat lies beside it."""
    manifest(git_repo, "codex-1", active=True)
    manifest(git_repo, "boss", "manager")
    return git_repo


def test_a_manager_whose_seat_is_a_variant_is_a_candidate_and_a_retired_one_is_not(run, shared, monkeypatch):
    assert [row["agent_id"] for row in run("agent.bus_status", "--json").json["managers"]] == ["boss"]
    assert run("agent.bus_heartbeat", "--dry-run", "--json").json["manager"]["missing"] == ["boss"]
    run("agent.claim_seed", "--task", "T", "--agent", "codex-2", code=3)
    monkeypatch.setenv("TEOF_MANIFEST", "AGENT_MANIFEST.boss.json")
    run("agent.manifest_helper", "retire", "boss", "--reason", "on leave")
    assert run("agent.bus_status", "--json").json["managers"] == []


def test_a_variant_with_another_agents_id_and_the_template_are_no_candidates(run, shared):
    (shared / "AGENT_MANIFEST.x.json").write_text('{"agent_id": "y", "desired_roles": ["manager"]}')
    (shared / "AGENT_MANIFEST.template.json").write_text('{"agent_id": "template", "desired_roles": ["manager"]}')
    assert [row["agent_id"] for row in run("agent.bus_status", "--json").json["managers"]] == ["boss"]


def test_a_status_says_when_a_silent_manager_was_last_active(run, shared, monkeypatch):
    monkeypatch.setenv("TEOF_MANIFEST", "AGENT_MANIFEST.boss.json")
    run("agent.bus_event", "log", "--event", "note", "--summary", "reading")
    said = run("agent.bus_status").out
    assert re.search(r"boss missing, last heartbeat never, last active \d+s ago", said), said


def test_a_seat_that_is_replaced_can_be_activated_again(run, git_repo):
    manifest(git_repo, "codex-2", active=True)
    manifest(git_repo, "codex-5")
    run("agent.manifest_helper", "activate", "codex-5")
    run("agent.manifest_helper", "activate", "codex-2")
    assert run("agent.manifest_helper", "show", "--json").json["manifest"]["agent_id"] == "codex-2"


def test_an_override_of_the_seat_says_who_acts_here_and_how_to_bind(run, shared):
    said = run("agent.session_boot", "--agent", "boss", "--allow-manifest-mismatch", "--no-sync").err
    assert "later commands here still act as codex-1" in said and "manifest_helper env boss" in said


def test_only_a_manager_or_the_agent_itself_retires_an_agent(run, shared, raw_bus):
    run("agent.manifest_helper", "retire", "boss", code=3)
    run("agent.bus_event", "log", "--event", "retired", "--summary", "x", "--extra", "agent=boss", code=3)
    assert raw_bus["events"] is None
    run("agent.manifest_helper", "retire", "codex-1", "--reason", "done for good")
    assert b"done for good" in raw_bus["events"]


def test_an_alert_is_muted_by_the_checks_own_event_alone(run, shared):
    alert = run("agent.bus_heartbeat", "--dry-run", "--json").json["alerts"][0]
    run("agent.bus_event", "log", "--event", "alert", "--summary", "x", "--extra", f"alert={alert['id']}")
    assert not run("agent.bus_heartbeat", "--json").json["alerts"][0]["raised_before"]
    assert run("agent.bus_heartbeat", "--dry-run", "--json").json["alerts"][0]["raised_before"]


def test_looking_at_the_board_writes_nothing(run, shared, unchanged):
    unchanged()
    assert run("agent.coord_dashboard", "show").out.startswith("RED: 1 alert.")
    unchanged()
