"""The backlog says what the claims say, one line a file."""

import json

import pytest


@pytest.fixture(autouse=True)
def hands(seat, run, backlog):
    seat("codex-1")
    backlog({"001-a.md": "Status: open\r\nGoal: x\r", "002-b.md": "", "003-c.md": "Status: in_progress"})
    backlog({"004-d.md": "Status: dropped", "005-e.md": "Status: open"})
    for task in ("QUEUE-001", "QUEUE-002", "QUEUE-003", "QUEUE-004"):
        run("agent.bus_claim", "claim", "--task", task)
    run("agent.bus_claim", "release", "--task", "QUEUE-002", "--status", "done")
    run("agent.bus_claim", "release", "--task", "QUEUE-003", "--status", "released")


def test_live_is_in_progress_done_is_done_released_is_open_and_dropped_stays(run, git_repo):
    run("agent.task_sync")
    text = {path.name[:3]: path.read_bytes() for path in (git_repo / "queue").iterdir()}
    assert text["001"] == b"# Task: 001-a\nStatus: in_progress\r\nGoal: x\r\n"
    assert text["002"] == b"# Task: 002-b\nStatus: done\n\n"
    assert b"Status: open" in text["003"]
    assert b"Status: dropped" in text["004"]
    assert b"Status: open" in text["005"]


def test_the_receipt_says_what_was_changed_and_a_second_run_changes_nothing(run, git_repo):
    (receipt,) = [run("agent.task_sync", "--json").json["receipt"]]
    changed = [edit["task_id"] for edit in json.loads((git_repo / receipt).read_text())["changes"]]
    assert changed == ["QUEUE-001", "QUEUE-002", "QUEUE-003"]
    assert run("agent.task_sync", "--json").json["changes"] == []


def test_a_rehearsal_says_the_same_and_writes_nothing(run, unchanged):
    unchanged()
    assert "QUEUE-002 open -> done" in run("agent.task_sync", "--dry-run").out
    unchanged()
