"""The manager's report and heartbeat."""

import json

import pytest

REPORT = "agent.manager_report"


@pytest.fixture(autouse=True)
def manager(seat):
    seat("codex-1", roles=["manager"])


def test_the_report_tells_of_each_task_who_has_it_what_was_cited_and_what_was_said(run, git_repo):
    run("agent.task_assign", "--task", "QUEUE-1", "--engineer", "codex-2", "--plan", "2026-01-02-x")
    (git_repo / "notes.txt").write_text("x")
    said = ("agent.bus_message", "--task", "QUEUE-1", "--type", "status", "--summary", "half | done")
    run(*said, "--receipt", "notes.txt")
    found = run(REPORT, "--json").json
    (task,) = found["tasks"]
    assert (task["task_id"], task["who"], task["state"], task["plan_id"]) == (
        "QUEUE-1",
        "codex-2",
        "active",
        "2026-01-02-x",
    )
    assert (task["receipts"], task["messages"], task["last"]) == (["notes.txt"], 2, "half | done")
    text = (git_repo / found["path"]).read_text()
    assert "half \\| done" in text
    assert "None" not in text.replace("None.", "").replace("None open.", "")


def test_every_message_since_then_is_in_the_report_once(run, git_repo):
    run("agent.bus_message", "--task", "QUEUE-1", "--type", "note", "--summary", "first", "--target", "codex-2")
    run("agent.bus_message", "--task", "manager-report", "--type", "status", "--summary", "second")
    found = run(REPORT, "--since", "7d", "--json").json
    assert [(row["task_id"], row["summary"]) for row in found["messages"]] == [
        ("QUEUE-1", "first"),
        ("manager-report", "second"),
    ]
    said = (git_repo / found["path"]).read_text().partition("## Messages since (2)")[2].partition("\n## ")[0]
    assert said.index("first") < said.index("second")
    for number in range(60):
        run("agent.bus_message", "--task", "QUEUE-1", "--type", "note", "--summary", f"more {number}")
    text = (git_repo / run(REPORT, "--json").json["path"]).read_text()
    assert "… 12 before: `python -m tools.agent.bus_watch --since" in text and "more 59" in text


def test_plans_are_held_to_their_strict_rules(run, git_repo):
    (git_repo / "_plans").mkdir()
    (git_repo / "_plans/2026-01-02-x.plan.json").write_text(json.dumps({"plan_id": "2026-01-02-x", "status": "done"}))
    assert any("2026-01-02-x.plan.json" in line for line in run(REPORT, "--json").json["plan_findings"])


def test_the_heartbeat_is_the_seat_s_cites_the_report_and_reaches_status_and_board(run, lines):
    run("agent.bus_event", "log", "--event", "handshake", "--extra", "roles=manager")
    path = run(
        REPORT, "--log-heartbeat", "--heartbeat-shift", "mid", "--heartbeat-meta", "cadence=daily", "--json"
    ).json["path"]
    beat = lines("events")[-1]
    assert (beat["event"], beat["agent_id"], beat["receipts"]) == ("status", "codex-1", [path])
    assert beat["meta"] == {"cadence": "daily", "shift": "mid"}
    assert "shift=mid" in run("agent.bus_status", "--preset", "manager").out
    (row,) = run("agent.coord_dashboard", "report", "--json").json["managers"]
    assert (row["state"], row["meta"]["shift"]) == ("fresh", "mid")


def test_without_asking_there_is_no_heartbeat(run, lines):
    run(REPORT)
    assert lines("events") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--heartbeat-shift", "mid"], 2),
        (["--log-heartbeat", "--heartbeat-meta", "summary=x"], 2),
        (["--log-heartbeat", "--heartbeat-meta", "x"], 2),
        (["--log-heartbeat", "--heartbeat-summary", "a\nb"], 2),
        (["--agent", "codex-9"], 3),
        (["--since", "yesterday"], 2),
    ],
)
def test_every_refusal_leaves_every_file_as_it_was(run, unchanged, arguments, code):
    unchanged()
    run(REPORT, *arguments, code=code)
    unchanged()


def test_another_manager_s_report_needs_a_manager_seat(run, seat, unchanged):
    run(REPORT, "--manager", "codex-7")
    seat("codex-2")
    unchanged()
    run(REPORT, "--manager", "codex-7", code=3)
    unchanged()


def test_a_heartbeat_carries_its_summary_and_metadata_to_status_and_board(git_repo, run, seat):
    seat("boss", roles=["manager"])
    run("agent.manager_report", "--log-heartbeat", "--heartbeat-summary", "on watch", "--heartbeat-shift", "mid")
    status = run("agent.bus_status", "--preset", "manager").out
    assert "on watch" in status and "shift=mid" in status
    (beat,) = run("agent.coord_dashboard", "report", "--json").json["managers"]
    assert (beat["summary"], beat["meta"]) == ("on watch", {"shift": "mid"})


def test_a_saved_session_is_such_a_heartbeat_too(git_repo, run, seat):
    seat("boss", roles=["manager"])
    run("agent.manifest_helper", "session-save", "late", "--heartbeat-meta", "shift=late")
    assert "shift=late" in run("agent.bus_status", "--preset", "manager").out
    (beat,) = run("agent.coord_dashboard", "report", "--json").json["managers"]
    assert beat["meta"]["shift"] == "late" and beat["meta"]["session_label"] == "late"
