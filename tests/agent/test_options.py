"""Options that no other test gives: each one changes what is written or shown as its help says."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tools.core import clock


@pytest.fixture(autouse=True)
def engineer(seat, git_repo):
    """The seat codex-1, and three paths of evidence."""
    seat("codex-1")
    for name in ("event.txt", "message.txt", "pointer.txt"):
        (git_repo / name).write_text("evidence\n")


PING = ("agent.bus_ping", "--task", "T", "--message-task", "T")


def test_a_ping_cites_evidence_for_its_event_and_for_its_message(run, lines):
    run(*PING, "--event-receipt", "event.txt", "--message-receipt", "message.txt")
    (event,), (message,) = lines("events"), lines("messages/T")
    assert (event["receipts"], message["receipts"]) == (["event.txt"], ["message.txt"])


def test_a_pings_message_has_a_type_and_data_of_its_own(run, lines):
    run(*PING, "--message-type", "note", "--message-meta", "shift=mid")
    (event,), (message,) = lines("events"), lines("messages/T")
    assert (message["type"], message["meta"]) == ("note", {"shift": "mid"})
    assert event["event"] == "status" and "meta" not in event


def test_a_ping_without_its_message_is_an_event(run, lines, store):
    run(*PING, "--skip-message")
    assert len(lines("events")) == 1 and store.names("messages") == []


def test_a_pointer_has_a_type_a_note_and_evidence_of_its_own(run, lines):
    pointer = ("--pointer-type", "request", "--pointer-note", "by noon", "--pointer-receipt", "pointer.txt")
    run("agent.directive_pointer", "--task", "BUS-COORD-0001", "--summary", "rebase", *pointer)
    (message,) = lines("messages/manager-report")
    assert (message["type"], message["note"], message["receipts"]) == ("request", "by noon", ["pointer.txt"])


def test_a_decisions_receipt_goes_where_the_event_says(run, git_repo):
    words = ("--event", "proposal", "--consensus-decision", "D-1", "--consensus-output", "kept.jsonl")
    run("agent.bus_event", "log", *words)
    (line,) = (git_repo / "_report/consensus/kept.jsonl").read_text().splitlines()
    assert json.loads(line)["decision_id"] == "D-1"


def test_the_status_of_live_claims_alone_leaves_the_finished_out(run):
    run("agent.bus_claim", "claim", "--task", "T-LIVE")
    run("agent.bus_claim", "claim", "--task", "T-DONE")
    run("agent.bus_claim", "release", "--task", "T-DONE")
    assert "T-DONE done" in run("agent.bus_status").out
    shown = run("agent.bus_status", "--active-only").out
    assert "T-LIVE" in shown and "T-DONE done" not in shown


def test_a_manager_that_is_ignored_does_not_alarm(run, seat):
    for name in ("manager-1", "manager-2"):
        seat(name, roles=["manager"])
        run("agent.session_boot", "--no-sync", "--focus", "manager")
    seat("codex-1")
    later = ("--dry-run", "--json", "--now", clock.to_text(clock.now() + timedelta(hours=1)))

    def stale(*more):
        return [alert["agent_id"] for alert in run("agent.bus_heartbeat", *later, *more).json["alerts"]]

    assert stale() == ["manager-1", "manager-2"]
    assert stale("--ignore-manager", "manager-1") == ["manager-2"]
