"""The verdict: what waits makes a board amber, each with a command that clears it, and every view says the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.core.board.test_build import NOW, put_claim, put_event, put_message, put_plan, taken
from tools.core import clock
from tools.core.store.api import Replace

STAMP = "2026-01-02T11:55:00Z"


def waiting(board):
    assert board.verdict == ("red" if board.alerts else "amber" if board.reminders else "green")
    return [(row.kind, row.agent_id, row.task_id) for row in board.reminders]


@pytest.fixture
def queued(git_repo):
    """Puts a task into the backlog."""

    def put(task, **fields):
        (git_repo / "queue").mkdir(exist_ok=True)
        lines = [f"# Task: {task}", "Status: open", *(f"{key}: {value}" for key, value in fields.items())]
        (git_repo / f"queue/{task.partition('-')[2]}-x.md").write_text("\n".join(lines) + "\n")

    return put


def put_assignment(store, task, engineer, hours):
    at = clock.to_text(NOW - timedelta(hours=hours))
    given = {"task_id": task, "engineer": engineer, "manager": "boss", "assigned_at": at}
    store.commit([Replace(f"assignments/{task}", given, store.version(f"assignments/{task}"))])


def test_a_request_to_this_manager_waits_and_one_between_others_does_not(workspace, store):
    put_message(store, "T-1", "codex-1", "request", minutes=60 * 20, to="boss")
    put_message(store, "T-2", "codex-1", "request", minutes=60 * 20, to="codex-3")
    board = taken(workspace, reader="boss")
    assert waiting(board) == [("request_for_you", "codex-1", "T-1")]
    assert "--reply-to" in board.reminders[0].command


def test_a_request_that_alarms_does_not_wait_as_well(workspace, store):
    put_message(store, "T-1", "codex-1", "request", minutes=60 * 25, to="boss")
    board = taken(workspace, reader="boss")
    assert [row.kind for row in board.alerts] == ["request_waiting"] and waiting(board) == []


def test_a_holder_who_signed_off_waits_before_its_silence_alarms(workspace, store):
    put_claim(store, "T-1", agent_id="off")
    put_event(store, "off", "handshake", minutes=30, meta={"focus": "idle"})
    assert waiting(taken(workspace)) == [("holder_away", "off", "T-1")]


def test_an_assignment_waits_once_its_engineer_has_not_started_within_the_window(workspace, store):
    put_assignment(store, "T-1", "codex-2", hours=3)
    assert waiting(taken(workspace)) == []
    put_assignment(store, "T-1", "codex-2", hours=26)
    assert waiting(taken(workspace)) == [("assignment_waiting", "codex-2", "T-1")]
    put_claim(store, "T-1")
    assert waiting(taken(workspace)) == []


def test_a_claim_that_was_seeded_and_never_touched_is_not_a_start(workspace, store):
    put_assignment(store, "T-1", "codex-2", hours=26)
    seeded = clock.to_text(NOW - timedelta(hours=26))
    put_claim(store, "T-1", status="paused", claimed_at=seeded)
    assert waiting(taken(workspace)) == [("assignment_waiting", "codex-2", "T-1")]


def test_free_agents_wait_while_tasks_are_ready(workspace, store, queued):
    put_event(store, "codex-2", "handshake", minutes=20)
    put_event(store, "codex-3", "handshake", minutes=1)
    put_event(store, "codex-4", "handshake", minutes=20, meta={"focus": "idle"})
    assert waiting(taken(workspace)) == []
    queued("QUEUE-001")
    board = taken(workspace)
    assert waiting(board) == [("agents_idle", "codex-2", "QUEUE-001")]
    assert board.reminders[0].command.endswith("task_assign --task QUEUE-001 --engineer codex-2")


def test_a_hold_waits_until_its_author_or_a_manager_lifts_it_or_the_task_is_done(workspace, store):
    put_event(store, "codex-2", "hold", minutes=9, task_id="T-1", summary="flaky")
    put_event(store, "codex-9", "hold", minutes=8, task_id="T-1", meta={"hold": "lifted"})
    assert waiting(taken(workspace)) == [("hold", "codex-2", "T-1")]
    put_event(store, "codex-2", "hold", minutes=7, task_id="T-1", meta={"hold": "lifted"})
    assert waiting(taken(workspace)) == []


def test_overlapping_paths_of_two_holders_wait(workspace, store):
    put_claim(store, "T-1", paths=["src/"])
    put_claim(store, "T-2", agent_id="codex-3", paths=["src/a.py"])
    assert [kind for kind, *_ in waiting(taken(workspace))] == ["overlap"]


def test_a_task_finished_without_evidence_waits_until_a_record_or_a_plan_cites_some(workspace, store, git_repo):
    put_claim(store, "T-1", status="done", released_at=STAMP)
    put_claim(store, "T-2", status="done", released_at=STAMP, plan_id="2026-01-01-x")
    put_plan(git_repo, "2026-01-01-x", status="done", receipts=["README.md"])
    board = taken(workspace)
    assert waiting(board) == [("unproven", "codex-2", "T-1")]
    put_event(store, "codex-2", "note", task_id="T-1", receipts=("README.md",))
    assert waiting(taken(workspace)) == []


def test_a_finding_of_the_backlog_waits(workspace, queued):
    queued("QUEUE-001", Priority="urgent")
    board = taken(workspace)
    assert waiting(board) == [("findings", "", "")] and "priority" in board.reminders[0].text


def test_a_decision_waits_a_day_after_it_was_proposed(workspace, store):
    put_message(store, "D-1", "codex-2", "proposal", minutes=60, meta={"decision_id": "D-1"})
    assert waiting(taken(workspace)) == []
    put_message(store, "D-2", "codex-2", "proposal", minutes=60 * 25, meta={"decision_id": "D-2"})
    assert waiting(taken(workspace)) == [("decision_overdue", "codex-2", "")]


def test_every_view_has_the_same_verdict(run, seat, git_repo):
    seat("boss", roles=["manager"])
    run("agent.bus_event", "log", "--event", "status", "--summary", "here")
    run("agent.bus_event", "log", "--event", "hold", "--summary", "wait for the audit")
    sentence = "AMBER: 1 thing waits for you."
    assert run("agent.coord_dashboard", "report").out.startswith(sentence)
    assert sentence in run("agent.manager_report").out
    assert sentence in run("agent.bus_status", "--preset", "manager").out
    assert sentence in run("agent.session_brief", "--task", "T-1").out
    assert sentence in run("agent.bus_heartbeat", "--dry-run").out
    assert run("agent.bus_status", "--preset", "manager", "--json").json["board"]["verdict"] == "amber"
    assert run("agent.bus_heartbeat", "--dry-run", "--json").json["verdict"] == "amber"


def test_every_alert_of_the_board_is_one_of_the_heartbeat(run, seat, store):
    seat("boss", roles=["manager"])
    put_message(store, "T-1", "codex-1", "request", minutes=60 * 25)
    board = run("agent.coord_dashboard", "report", "--json").json
    check = run("agent.bus_heartbeat", "--dry-run", "--json").json
    assert [row["kind"] for row in check["alerts"]] == [row["kind"] for row in board["alerts"]]
    assert [row["kind"] for row in board["alerts"]] == ["manager_missing", "request_waiting"]
