"""An idle agent sees what is ready and takes it; nobody gets what another has."""

import json
import os
import subprocess
import sys

import pytest

PICK = "agent.idle_pickup"


@pytest.fixture(autouse=True)
def engineer(seat):
    seat("codex-2")


def listed(run, *more):
    return [(task["task_id"], task["state"]) for task in run(PICK, "list", "--json", *more).json["tasks"]]


def test_ready_tasks_come_best_first_and_others_only_when_asked_for(run, backlog):
    backlog(
        {
            "003-c.md": "Priority: high",
            "001-a.md": "",
            "002-b.md": "Depends: QUEUE-001",
            "004-d.md": "Status: done",
        }
    )
    assert listed(run) == [("QUEUE-003", "ready"), ("QUEUE-001", "ready")]
    assert ("QUEUE-002", "waiting") in listed(run, "--all")
    assert len(listed(run, "--all")) == 4


def test_a_released_task_is_ready_again_and_a_done_one_is_not_until_it_is_reopened(run, backlog):
    backlog({"001-a.md": "", "002-b.md": ""})
    for task, status in (("QUEUE-001", "released"), ("QUEUE-002", "done")):
        run("agent.bus_claim", "claim", "--task", task)
        run("agent.bus_claim", "release", "--task", task, "--status", status)
    assert listed(run) == [("QUEUE-001", "ready")]
    run(PICK, "claim", "--task", "QUEUE-002", code=4)
    run("agent.bus_claim", "claim", "--task", "QUEUE-002", "--reopen", "--reason", "regressed")
    run("agent.bus_claim", "release", "--task", "QUEUE-002", "--status", "released")
    assert listed(run) == [("QUEUE-001", "ready"), ("QUEUE-002", "ready")]


def test_what_is_assigned_to_an_agent_is_shown_to_it_and_only_it_may_take_it(run, seat, backlog, document):
    backlog({"001-a.md": ""})
    seat("codex-1", roles=["manager"])
    run("agent.task_assign", "--task", "QUEUE-001", "--engineer", "codex-2", "--no-auto-claim")
    run(PICK, "claim", "--task", "QUEUE-001", code=3)
    assert listed(run) == []
    assert listed(run, "--agent", "codex-2") == [("QUEUE-001", "assigned")]
    seat("codex-2")
    run(PICK, "claim", "--task", "QUEUE-001")
    assert document("assignments/QUEUE-001")["manager"] == "codex-1"
    assert document("claims/QUEUE-001")["agent_id"] == "codex-2"


def test_next_takes_the_best_and_leaves_assignment_claim_and_thread(run, backlog, document, lines, git_repo):
    backlog({"001-a.md": "", "002-b.md": "Priority: high"})
    plans = git_repo / "_plans"
    plans.mkdir()
    plan = {"status": "queued", "links": [{"type": "queue", "ref": "queue/002-b.md"}]}
    (plans / "2026-01-02-b.plan.json").write_text(json.dumps(plan))
    run(PICK, "next")
    assert document("assignments/QUEUE-002")["engineer"] == "codex-2"
    assert document("claims/QUEUE-002")["plan_id"] == "2026-01-02-b"
    assert [message["type"] for message in lines("messages/QUEUE-002")] == ["assignment"]
    assert run(PICK, "next", code=3).err.count("QUEUE-002") >= 1


def test_a_busy_agent_takes_more_only_with_evidence(run, backlog, git_repo, unchanged):
    backlog({"001-a.md": "", "002-b.md": ""})
    run(PICK, "next", "--allow-busy")
    assert not (git_repo / "_report/agent/codex-2/session_guard").exists()
    unchanged()
    run(PICK, "claim", "--task", "QUEUE-002", code=3)
    unchanged()
    run(PICK, "claim", "--task", "QUEUE-002", "--allow-busy")
    warnings = (git_repo / "_report/agent/codex-2/session_guard/warnings.jsonl").read_text()
    assert warnings.count("busy_override") == 1 and "is at work on QUEUE-001 and took another task" in warnings


def test_taking_what_is_mine_already_is_a_success(run, backlog, unchanged):
    backlog({"001-a.md": ""})
    run(PICK, "claim", "--task", "QUEUE-001")
    unchanged()
    assert "nothing to change" in run(PICK, "claim", "--task", "QUEUE-001").out
    unchanged()


def test_next_with_nothing_ready_exits_1_and_changes_nothing(run, backlog, document):
    backlog({"001-a.md": "Depends: QUEUE-002", "002-b.md": "Status: dropped"})
    run(PICK, "next", code=1)
    assert document("claims/QUEUE-001") is None


@pytest.mark.parametrize(("task", "code"), [("QUEUE-9", 2), ("QUEUE-001", 4), ("QUEUE-002", 4), ("QUEUE-003", 4)])
def test_what_cannot_be_taken_is_refused_and_nothing_changes(run, backlog, unchanged, task, code, seat):
    backlog({"001-a.md": "Depends: QUEUE-002", "002-b.md": "Status: dropped", "003-c.md": ""})
    seat("codex-3")
    run("agent.bus_claim", "claim", "--task", "QUEUE-003")
    seat("codex-2")
    unchanged()
    run(PICK, "claim", "--task", task, code=code)
    unchanged()


def test_a_damaged_claim_does_not_stop_next(run, backlog, raw_bus, document):
    backlog({"001-a.md": "", "002-b.md": ""})
    raw_bus["claims/QUEUE-001"] = b"{"
    assert listed(run) == [("QUEUE-002", "ready")]
    run(PICK, "next")
    assert document("claims/QUEUE-002")["agent_id"] == "codex-2"


def test_sixteen_who_ask_at_once_for_the_next_of_twenty_get_sixteen_different_tasks(git_repo, backlog, document):
    backlog({f"{n:03}-task.md": "" for n in range(1, 21)})
    (git_repo / "AGENT_MANIFEST.json").unlink()
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tools.agent.idle_pickup", "next", "--agent", f"agent-{n}", "--json"],
            cwd=git_repo,
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for n in range(16)
    ]
    answers = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 16, answers
    taken = {json.loads(out)["claim"]["task_id"]: json.loads(out)["claim"]["agent_id"] for out, _ in answers}
    assert len(taken) == 16
    assert {task: document(f"claims/{task}")["agent_id"] for task in taken} == taken
    assert {task: document(f"assignments/{task}")["engineer"] for task in taken} == taken


def test_next_names_a_file_of_the_backlog_it_cannot_read(run, backlog, git_repo):
    backlog({"001-a.md": ""})
    (git_repo / "queue" / "002-b.md").mkdir()
    assert "002-b.md" in run(PICK, "next").err
    assert "002-b.md" in run(PICK, "next", "--allow-busy", code=1).err
