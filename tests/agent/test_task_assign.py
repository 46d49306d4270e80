"""Giving out work: assignment, message, event and claim agree, or nothing has happened."""

import json
import os
import subprocess
import sys

import pytest

ASSIGN = "agent.task_assign"


@pytest.fixture(autouse=True)
def manager(seat):
    seat("codex-1", roles=["manager"])


def assign(run, *more, code=0, task="QUEUE-1", engineer="codex-2"):
    return run(ASSIGN, "--task", task, "--engineer", engineer, *more, code=code)


def test_an_assignment_leaves_document_claim_event_and_one_message_in_two_threads(run, document, lines):
    assign(run, "--note", "begin with the tests", "--plan", "2026-01-02-login")
    given, claim = document("assignments/QUEUE-1"), document("claims/QUEUE-1")
    assert (given["engineer"], given["manager"], given["plan_id"]) == ("codex-2", "codex-1", "2026-01-02-login")
    assert (claim["agent_id"], claim["status"], claim["plan_id"]) == ("codex-2", "active", "2026-01-02-login")
    assert claim["branch"] == given["branch"] == "agent/codex-2/queue-1"
    (said,), (copy,) = lines("messages/QUEUE-1"), lines("messages/agent-codex-2")
    assert (said["id"], said["type"], said["to"]) == (copy["id"], "assignment", "codex-2")
    assert [event["event"] for event in lines("events")] == ["assign", "claim"]
    assert {event["agent_id"] for event in lines("events")} == {"codex-1"}
    assert lines("events")[1]["meta"]["holder"] == "codex-2"


def test_a_plan_without_a_file_is_warned_about(run):
    assert "warning: plan 2026-01-02-login" in assign(run, "--plan", "2026-01-02-login").err


def test_without_auto_claim_it_is_only_reserved(run, document, git_repo, seat):
    assign(run, "--no-auto-claim")
    assert document("claims/QUEUE-1") is None
    seat("codex-3")
    run("agent.bus_claim", "claim", "--task", "QUEUE-1", code=3)
    seat("codex-2")
    run("agent.bus_claim", "claim", "--task", "QUEUE-1")


def test_an_identical_assignment_adds_nothing_and_the_missing_part_is_completed(run, document, unchanged):
    assign(run, "--no-auto-claim", "--note", "x")
    assert assign(run, "--note", "x", "--json").json["changed"]
    assert document("claims/QUEUE-1")["agent_id"] == "codex-2"
    unchanged()
    assert not assign(run, "--note", "x", "--json").json["changed"]
    unchanged()


def test_the_scaffold_is_laid_out_and_completed_by_running_it_again(run, git_repo):
    assign(run, "--scaffold")
    folder = git_repo / "_report/agent/codex-2/QUEUE-1"
    (folder / "notes.md").unlink()
    assert "notes.md" in assign(run, "--scaffold").out
    assert len(list(folder.iterdir())) == 5


@pytest.mark.parametrize("more", [[], ["--no-auto-claim"], ["--scaffold"]])
def test_a_task_in_other_hands_is_refused_and_nothing_changes(run, seat, unchanged, more):
    seat("codex-3")
    run("agent.bus_claim", "claim", "--task", "QUEUE-1")
    seat("codex-1", roles=["manager"])
    unchanged()
    refused = assign(run, *more, code=4)
    assert "codex-3" in refused.err
    assert "--reassign" in refused.err
    unchanged()


def test_a_task_that_is_reserved_for_another_is_refused(run, unchanged):
    assign(run, "--no-auto-claim")
    unchanged()
    assert "codex-2" in assign(run, engineer="codex-3", code=4).err
    unchanged()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--task", "QUEUE-1", "--engineer", "codex-2", "--reassign"], 2),
        (["--task", "QUEUE-1", "--engineer", "codex-2", "--reason", "why"], 2),
        (["--task", "manager-report", "--engineer", "codex-2"], 4),
        (["--task", "BUS-COORD-0001", "--engineer", "codex-2"], 4),
        (["--task", "../x", "--engineer", "codex-2"], 2),
        (["--task", "QUEUE-1", "--engineer", "-x"], 2),
        (["--task", "QUEUE-1", "--engineer", "codex-2", "--agent", "codex-9"], 3),
        (["--task", "queue-9", "--engineer", "codex-2"], 2),
        (["--task", "QUEUE-8", "--engineer", "codex-2"], 4),
        (["--task", "QUEUE-7", "--engineer", "codex-2", "--scaffold"], 6),
    ],
)
def test_every_refusal_leaves_every_file_as_it_was(run, git_repo, unchanged, arguments, code, tmp_path):
    run("agent.bus_claim", "claim", "--task", "QUEUE-9")
    run("agent.bus_claim", "claim", "--task", "QUEUE-8")
    run("agent.bus_claim", "release", "--task", "QUEUE-8")
    (git_repo / "_report/agent/codex-2").mkdir(parents=True)
    (git_repo / "_report/agent/codex-2/QUEUE-7").symlink_to(tmp_path)
    unchanged()
    run(ASSIGN, *arguments, code=code)
    unchanged()


def test_acting_as_another_manager_needs_a_manager_seat(run, seat, document, unchanged):
    assign(run, "--manager", "codex-7")
    assert document("assignments/QUEUE-1")["manager"] == "codex-7"
    seat("codex-4")
    unchanged()
    assign(run, "--manager", "codex-7", task="QUEUE-2", code=3)
    unchanged()


def test_a_done_task_names_the_command_that_reopens_it(run):
    run("agent.bus_claim", "claim", "--task", "QUEUE-1")
    run("agent.bus_claim", "release", "--task", "QUEUE-1")
    assert "--reopen --reason" in assign(run, code=4).err


def test_reassigning_moves_a_live_claim_with_evidence(run, document, lines, git_repo):
    assign(run)
    assign(run, "--reassign", "--reason", "on leave", engineer="codex-3")
    claim = document("claims/QUEUE-1")
    assert (claim["agent_id"], claim["fence"], claim["branch"]) == ("codex-3", 2, "agent/codex-3/queue-1")
    assert (claim["taken_from"]["agent_id"], claim["taken_from"]["reason"]) == ("codex-2", "on leave")
    assert document("assignments/QUEUE-1")["engineer"] == "codex-3"
    assert lines("events")[-1]["event"] == "takeover"
    warnings = (git_repo / "_report/agent/codex-1/session_guard/warnings.jsonl").read_text()
    assert [json.loads(line)["reason"] for line in warnings.splitlines()] == ["on leave"]


def test_an_engineer_may_pass_its_own_claim_on(run, seat, document):
    seat("codex-2")
    run("agent.bus_claim", "claim", "--task", "QUEUE-1")
    assign(run, "--reassign", "--reason", "wrong skills", engineer="codex-3")
    assert document("claims/QUEUE-1")["agent_id"] == "codex-3"


def test_a_claim_paused_by_recovery_may_be_assigned_on(run, document):
    assign(run)
    run("agent.bus_claim", "pause", "--task", "QUEUE-1", "--notes", "gone", "--force", "--reason", "crashed")
    assign(run, engineer="codex-3")
    claim = document("claims/QUEUE-1")
    assert (claim["agent_id"], claim["status"], claim["taken_from"]["reason"]) == ("codex-3", "active", "gone")


def test_a_task_given_back_may_be_assigned_anew_and_the_holder_s_own_pause_stays(run, seat, document):
    assign(run)
    seat("codex-2")
    run("agent.bus_claim", "release", "--task", "QUEUE-1", "--status", "paused")
    seat("codex-1", roles=["manager"])
    assign(run, "--note", "more to know")
    assert document("claims/QUEUE-1")["status"] == "paused"
    seat("codex-2")
    run("agent.bus_claim", "release", "--task", "QUEUE-1", "--status", "released")
    seat("codex-1", roles=["manager"])
    assign(run, engineer="codex-3")
    assert document("claims/QUEUE-1")["agent_id"] == "codex-3"


def test_of_eight_who_assign_one_task_to_different_engineers_one_wins_and_all_records_agree(
    git_repo, document, lines, store
):
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tools.agent.task_assign", "--task", "QUEUE-1", "--engineer", f"engineer-{n}"],
            cwd=git_repo,
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for n in range(8)
    ]
    for process in started:
        process.communicate(timeout=120)
    assert sorted(process.returncode for process in started) == [0] + [4] * 7
    winner = f"engineer-{[process.returncode for process in started].index(0)}"
    assert document("assignments/QUEUE-1")["engineer"] == winner
    assert document("claims/QUEUE-1")["agent_id"] == winner
    assert [message["to"] for message in lines("messages/QUEUE-1")] == [winner]
    events = lines("events")
    assert [event["event"] for event in events] == ["assign", "claim"]
    assert events[0]["meta"]["engineer"] == events[1]["claim"]["agent_id"] == winner
    assert [name for name in store.names("messages") if name.startswith("agent-")] == [f"agent-{winner}"]
