"""The verbs agents want: prime, next, wait, done, worktree."""

import json
import os
import threading
import time

import pytest

from tests.acting import context_of
from tests.conftest import RawBus, git
from tools.core.setup import init
from tools.core.workspace import Workspace


@pytest.fixture
def backlog(fleet):
    """Commits backlog files in the agent's worktree."""

    def write(**texts):
        for name, text in texts.items():
            (fleet.tree / "queue" / f"{name}.md").write_text(f"# Task: {name}\n{text}\n")
        os.rename(fleet.tree / "queue", fleet.tree / "q")
        os.rename(fleet.tree / "q", fleet.tree / "queue")
        for path in (fleet.tree / "queue").glob("t*.md"):
            path.rename(path.with_name(path.name.replace("t", "00", 1).replace(".md", "-x.md")))
        git(fleet.tree, "add", "-A")
        git(fleet.tree, "commit", "-qm", "tasks")

    return write


# -- prime -------------------------------------------------------------------------------------------


def test_prime_says_what_a_session_needs_and_writes_nothing(fleet, run, backlog):
    backlog(t1="Goal: go")
    run(
        "agent.bus_message",
        "--task",
        "T-9",
        "--type",
        "request",
        "--summary",
        "s",
        "--target",
        "codex-1",
        "--root",
        str(fleet.main),
    )
    first = run("agent.prime")
    assert "You are codex-1" in first.out and "QUEUE-001" in first.out and "1 unread" in first.out
    assert run("agent.prime").out == first.out and len(first.out.encode()) <= 2000
    assert run("agent.prime", "--json").json["ready"] == ["QUEUE-001"]
    assert not (fleet.main / "_bus/.cache/told").exists()


def test_prime_without_a_seat_or_a_bus_is_0_and_says_how_to_begin(fleet, run, tmp_path, monkeypatch):
    (fleet.tree / "AGENT_MANIFEST.json").unlink()
    assert "init --agent" in run("agent.prime").out
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", str(other))
    assert run("agent.prime", "--root", str(other), "--json").json == {"bus": False, "seat": None}


# -- next --------------------------------------------------------------------------------------------


def test_next_claims_the_best_ready_task_with_its_paths_and_stands_on_its_branch(fleet, run, backlog):
    backlog(t1="Priority: low", t2="Priority: high\nGoal: fast\nAcceptance: tests\nPaths:\n- src/**\n- docs/a.md")
    told = run("agent.next")
    assert "now holds QUEUE-002" in told.out and "goal: > fast" in told.out and len(told.out.encode()) <= 2500
    assert git(fleet.tree, "branch", "--show-current") == "agent/codex-1/queue-002"
    claim = json.loads(RawBus(fleet.main)["claims/QUEUE-002"])
    assert claim["paths"] == ["src/**", "docs/a.md"]
    assert "holds QUEUE-002" in run("agent.next").out and "QUEUE-001" not in run("agent.next").out


def test_next_with_a_task_of_no_backlog_and_a_plan(fleet, run):
    document = run("agent.next", "--task", "FREE-1", "--paths", "src/**", "--plan", "--json").json
    assert document["claim"]["paths"] == ["src/**"] and document["claim"]["plan_id"].endswith("-free-1")
    assert (fleet.tree / "_plans" / f"{document['claim']['plan_id']}.plan.json").exists()


def test_next_tells_of_neighbours(fleet, run):
    run("agent.bus_claim", "claim", "--task", "T-1", "--paths", "src/a/**", "--root", str(fleet.main))
    assert "near: manager-1 holds T-1 with src/a/**" in run("agent.next", "--task", "FREE-1", "--paths", "src/**").out


def test_next_with_uncommitted_work_is_3_and_names_the_way(fleet, run, backlog):
    backlog(t1="Goal: go")
    (fleet.tree / "dirty.txt").write_text("x")
    assert "--no-switch" in run("agent.next", code=3).err
    run("agent.next", "--no-switch")
    assert git(fleet.tree, "branch", "--show-current") == "agent/codex-1/work"


def test_next_with_nothing_ready_is_1(fleet, run):
    run("agent.next", code=1)


@pytest.mark.parametrize("command", [["agent.next"], ["agent.idle_pickup", "next"]])
def test_where_nothing_is_ready_here_the_branch_with_more_tasks_is_named(fleet, run, command):
    (fleet.main / "queue").mkdir(exist_ok=True)
    (fleet.main / "queue/001-x.md").write_text("# Task: X\n")
    assert "and not here" not in run(*command, code=1).err  # nothing to merge while it is not committed
    git(fleet.main, "add", "queue")
    git(fleet.main, "commit", "-qm", "tasks")
    said = run(*command, code=1).err
    assert "1 task is on main and not here" in said and "hint: git merge main" in said
    git(fleet.tree, "merge", "-q", "main")
    run(*command)


# -- wait --------------------------------------------------------------------------------------------


def later(seconds, action):
    thread = threading.Timer(seconds, action)
    thread.start()
    return thread


def send(fleet, run, *more):
    run(
        "agent.bus_message",
        "--task",
        "T-9",
        "--type",
        "request",
        "--summary",
        "please",
        *more,
        "--root",
        str(fleet.main),
    )


def test_unread_mail_ends_a_wait_at_once_and_read_mail_does_not(fleet, run):
    send(fleet, run, "--target", "codex-1")
    assert "please" in run("agent.wait", "--timeout", "5s").out
    run("agent.bus_inbox", "--mark-read")
    assert run("agent.wait", "--timeout", "1s", code=1).out.strip() == "nothing came"


def test_mail_that_comes_ends_a_wait(fleet, run):
    from tools.core.bus import posts
    from tools.core.context import Context
    from tools.core.seats.seat import Seat

    context = Context(fleet.space, seat=Seat("manager-1", None))
    draft = posts.MessageDraft("T-9", "note", "here it is", to="codex-1")
    thread = later(0.7, lambda: posts.post(context, messages=[draft]))
    begun = time.monotonic()
    assert "here it is" in run("agent.wait", "--timeout", "20s").out and time.monotonic() - begun < 10
    thread.join()


def test_an_answer_to_a_message_of_mine_ends_a_wait_for_a_reply(fleet, run):
    from tools.core.bus import posts
    from tools.core.context import Context
    from tools.core.seats.seat import Seat

    asked = run("agent.bus_message", "--task", "T-9", "--type", "request", "--summary", "may I?", "--json").json[
        "message"
    ]["id"]
    context = Context(fleet.space, seat=Seat("manager-1", None))
    draft = posts.MessageDraft("T-9", "note", "yes", reply_to=asked)
    thread = later(0.7, lambda: posts.post(context, messages=[draft]))
    assert "reply: manager-1 note in T-9: yes" in run("agent.wait", "--for", "reply", "--timeout", "20s").out
    thread.join()


def test_a_release_and_a_ready_task_end_a_wait(fleet, run, backlog):
    run("agent.wait", "--for", "release", "--task", "T-1", "--timeout", "5s")
    run("agent.bus_claim", "claim", "--task", "T-1", "--root", str(fleet.main))
    run("agent.wait", "--for", "release", "--task", "T-1", "--timeout", "1s", code=1)
    run("agent.wait", "--for", "ready", "--timeout", "1s", code=1)
    backlog(t1="Goal: go")
    assert "ready: QUEUE-001" in run("agent.wait", "--for", "ready", "--timeout", "5s").out


def test_a_wait_writes_nothing_and_needs_a_seat(fleet, run):
    bus = fleet.main / "_bus"
    before = sorted(path for path in bus.rglob("*") if bus / ".cache" not in path.parents)
    run("agent.wait", "--timeout", "1s", code=1)
    assert sorted(path for path in bus.rglob("*") if bus / ".cache" not in path.parents) == before
    run("agent.wait", "--for", "release", code=2)
    (fleet.tree / "AGENT_MANIFEST.json").unlink()
    run("agent.wait", "--timeout", "1s", code=7)


# -- done --------------------------------------------------------------------------------------------


@pytest.fixture
def at_work(fleet, run):
    run("agent.bus_claim", "claim", "--task", "T-1")
    return fleet


def claim_of(fleet, task="T-1"):
    return json.loads(RawBus(fleet.main)[f"claims/{task}"])["status"]


def test_done_runs_checks_tells_the_thread_and_releases_in_one_commit(at_work, run):
    done = run("agent.done", "--run", "echo fine", "--summary", "all good", "--json").json
    assert claim_of(at_work) == "done" and len(done["receipts"]) == 1
    thread = RawBus(at_work.main)["messages/T-1"].decode()
    events = RawBus(at_work.main)["events"].decode()
    assert "all good" in thread and done["receipts"][0] in thread
    assert '"event":"complete"' in events and '"event":"release"' in events
    assert run("agent.done", "--task", "T-1").out == "T-1 is done already: nothing changed\n"


def test_a_check_that_fails_stops_all_that_follows(at_work, run):
    run("agent.done", "--run", "false", "--run", "touch reached", code=1)
    assert claim_of(at_work) == "active" and not (at_work.tree / "reached").exists()


def test_a_branch_that_is_not_ready_stops_it_unless_a_reason_is_recorded(at_work, run):
    (at_work.tree / "dirty.txt").write_text("x")
    assert "tree: 1 path is not committed" in run("agent.done", code=1).out and claim_of(at_work) == "active"
    run("agent.done", "--no-check", code=2)
    run("agent.done", "--no-check", "--reason", "only notes")
    kept = (at_work.tree / "_report/agent/codex-1/session_guard/warnings.jsonl").read_text()
    assert claim_of(at_work) == "done" and "check_override" in kept


def test_a_push_comes_before_the_records(at_work, run, tmp_path):
    assert "no branch or no remote" in run("agent.done", "--push", code=7).err and claim_of(at_work) == "active"
    git(tmp_path, "init", "-q", "--bare", str(tmp_path / "origin.git"))
    git(at_work.tree, "remote", "add", "origin", str(tmp_path / "origin.git"))
    run("agent.done", "--push")
    assert git(tmp_path / "origin.git", "branch", "--list", "agent/*").strip() == "agent/codex-1/work"


def test_another_holder_a_lost_fence_and_two_claims_are_refused(at_work, run):
    run("agent.bus_claim", "claim", "--task", "T-2", "--root", str(at_work.main))
    run("agent.done", "--task", "T-2", code=3)
    run("agent.bus_claim", "claim", "--task", "T-3")
    assert "T-1, T-3" in run("agent.done", code=2).err
    bus = RawBus(at_work.main)
    bus["claims/T-1"] = bus["claims/T-1"].replace(b'"fence": 1', b'"fence": 3')
    run("agent.done", "--task", "T-1", code=4)


# -- worktree ----------------------------------------------------------------------------------------


def test_a_worktree_is_made_with_a_seat_beside_the_main_checkout(fleet, run, tmp_path):
    added = run("agent.worktree", "add", "claude-1", "--run", "touch ran", "--json").json
    tree = tmp_path / "repo-claude-1"
    assert added["path"] == str(tree) and (tree / "ran").exists()
    assert json.loads((tree / "AGENT_MANIFEST.json").read_text())["agent_id"] == "claude-1"
    assert (fleet.main / "_report/session/claude-1").is_dir()
    assert run("agent.worktree", "add", "claude-1", "--json").json["is_new"] is False
    assert {row["agent"] for row in run("agent.worktree", "list", "--json").json["worktrees"]} == {
        "manager-1",
        "codex-1",
        "claude-1",
    }


def test_git_sees_nothing_in_a_new_seat_so_the_first_task_can_be_taken(git_repo, run, tmp_path):
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-first.md").write_text("# Task: First\nId: T-1\n")
    git(git_repo, "add", "queue")
    git(git_repo, "commit", "-qm", "a task")
    main = context_of(Workspace(str(git_repo), str(git_repo)))
    init.prepare(main, agent="manager-1", roles=["manager"], bus=None, dry_run=False)
    run("agent.worktree", "add", "codex-1")
    tree = tmp_path / f"{git_repo.name}-codex-1"
    assert git(tree, "status", "--porcelain") == ""
    git(git_repo, "add", "--", ".gitignore", ".gitattributes", "_plans", "_report", "queue")
    git(git_repo, "commit", "-qm", "Make ready")
    git(tree, "merge", "-q", git(git_repo, "rev-parse", "HEAD").strip())
    assert run("agent.next", "--root", str(tree), "--json").json["claim"]["task_id"] == "T-1"


def test_a_taken_path_is_2_and_a_seat_that_sits_elsewhere_is_4(fleet, run, tmp_path):
    (tmp_path / "repo-claude-1").mkdir()
    run("agent.worktree", "add", "claude-1", code=2)
    run("agent.worktree", "add", "codex-1", "--path", str(tmp_path / "new"), code=4)


def test_a_worktree_is_told_how_the_programs_that_are_set_up_are_started(fleet, run):
    assert run("agent.worktree", "add", "claude-1", "--json").json["launch"] == []
    run("agent.setup", "claude", "git", "--no-mcp", "--no-instructions")
    added = run("agent.worktree", "add", "claude-1", "--json").json
    assert added["launch"] == [f"cd {added['path']} && claude"]
    assert "opencode" not in run("agent.worktree", "add", "claude-2").out


def test_a_worktree_with_work_or_claims_goes_only_by_force_and_its_branch_stays(fleet, run, tmp_path):
    run("agent.worktree", "add", "claude-1")
    tree = tmp_path / "repo-claude-1"
    (tree / "work.txt").write_text("x")
    run("agent.worktree", "remove", "claude-1", code=3)
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "work")
    run("agent.worktree", "remove", "claude-1", code=3)
    git(fleet.main, "branch", "kept", "agent/claude-1/work")
    run("agent.bus_claim", "claim", "--task", "T-1", "--root", str(tree))
    run("agent.worktree", "remove", "claude-1", code=4)
    run("agent.worktree", "remove", "claude-1", "--force", code=2)
    run("agent.worktree", "remove", "claude-1", "--force", "--reason", "gone")
    assert not tree.exists() and git(fleet.main, "branch", "--list", "agent/claude-1/work")
    assert "worktree_removed" in (fleet.tree / "_report/agent/codex-1/session_guard/warnings.jsonl").read_text()
