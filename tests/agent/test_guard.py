"""Commits and pushes are kept off what others hold, and a commit says under which claim it was made."""

import pytest

from tests import fleet as fleets
from tests.conftest import git


@pytest.fixture
def change(fleet):
    """Changes and stages files of the agent's worktree."""

    def call(*names):
        for name in names:
            place = fleet.tree / name
            place.parent.mkdir(exist_ok=True)
            place.write_text(f"{place.read_text() if place.exists() else ''}more\n")
        git(fleet.tree, "add", "-A", "--", *names)

    return call


def claimed(run, fleet, task, *paths, who="tree"):
    given = [part for path in paths for part in ("--paths", path)]
    run("agent.bus_claim", "claim", "--task", task, *given, "--root", str(getattr(fleet, who)))


def test_a_staged_path_of_anothers_claim_is_a_finding_with_the_command_that_asks(fleet, change, run):
    claimed(run, fleet, "T-1", "lib/**", who="main")
    change(fleets.HELD, "src/free.py")
    said = run("agent.guard", "staged", code=1).out
    assert f"{fleets.HELD}:1: error" in said and "manager-1 with T-1" in said and "src/free.py" not in said
    assert "bus_message --task T-1 --type request" in said


def test_both_sides_of_a_rename_are_looked_at(fleet, run):
    claimed(run, fleet, "T-1", "lib/**", who="main")
    git(fleet.tree, "mv", fleets.HELD, "moved.py")
    assert fleets.HELD in run("agent.guard", "staged", code=1).out


def test_a_reason_lets_it_pass_and_is_recorded(fleet, change, run, monkeypatch):
    claimed(run, fleet, "T-1", "lib/**", who="main")
    change(fleets.HELD)
    monkeypatch.setenv("TEOF_GUARD_REASON", "agreed in the thread")
    run("agent.guard", "staged")
    kept = (fleet.tree / "_report/agent/codex-1/session_guard/warnings.jsonl").read_text()
    assert '"path_override"' in kept and "agreed in the thread" in kept


def test_without_a_seat_or_a_bus_there_is_nothing_to_say(fleet, change, run, git_repo, tmp_path):
    claimed(run, fleet, "T-1", "lib/**", who="main")
    change(fleets.HELD)
    (fleet.tree / "AGENT_MANIFEST.json").unlink()
    assert run("agent.guard", "staged").out == ""


@pytest.fixture
def message(fleet, tmp_path, run):
    """The message of a commit after the guard has seen it."""

    def call(text="Do it\n", *source):
        place = tmp_path / "MESSAGE"
        place.write_text(text)
        run("agent.guard", "message", str(place), *source)
        return place.read_text()

    return call


def test_the_only_active_claim_is_named_with_its_fence(fleet, run, message):
    claimed(run, fleet, "T-1")
    assert message() == "Do it\n\nTask: T-1\nFence: 1\n"
    assert message("Do it\n\nTask: T-9\nFence: 4\n") == "Do it\n\nTask: T-9\nFence: 4\n"


@pytest.mark.parametrize("source", ["merge", "squash"])
def test_messages_that_git_writes_itself_stay_as_they_are(fleet, run, message, source):
    claimed(run, fleet, "T-1")
    assert message("Merge\n", source) == "Merge\n"


def test_of_several_claims_the_branch_decides_then_the_paths(fleet, change, run, message):
    claimed(run, fleet, "T-1", "src/**")
    claimed(run, fleet, "T-2", "docs/**")
    assert "Task:" not in message()
    change("src/a.py")
    assert "Task: T-1" in message()
    git(fleet.tree, "switch", "-q", "-c", "agent/codex-1/t-2")
    assert "Task: T-2" in message()


def commit(fleet, change, name, task="", fence=1):
    change(name)
    trailers = f"\n\nTask: {task}\nFence: {fence}" if task else ""
    git(fleet.tree, "commit", "-qm", f"Change {name}{trailers}")


def in_range(run, *more, code=0):
    return run("agent.guard", "range", "main..HEAD", "--json", *more, code=code).json


def rules(document):
    return [(row["rule"], row["severity"]) for row in document["findings"]]


def test_a_commit_under_a_claim_of_ones_own_is_clean(fleet, change, run):
    claimed(run, fleet, "T-1", "src/**")
    commit(fleet, change, "src/a.py", "T-1")
    assert in_range(run)["findings"] == []


def test_a_path_of_anothers_active_claim_is_an_error_on_the_changed_line(fleet, change, run):
    claimed(run, fleet, "T-1", "src/**")
    claimed(run, fleet, "T-2", "lib/**", who="main")
    commit(fleet, change, fleets.HELD, "T-1")
    found = in_range(run, code=1)["findings"]
    assert [(row["rule"], row["path"], row["line"]) for row in found] == [("guard.path", fleets.HELD, 2)]


def taken_over(run, fleet):
    run(
        "agent.bus_claim",
        "pause",
        "--task",
        "T-1",
        "--notes",
        "gone quiet",
        "--force",
        "--reason",
        "r",
        "--root",
        str(fleet.main),
    )
    claimed(run, fleet, "T-1", who="main")


def test_a_superseded_fence_names_both_holders_when_and_why(fleet, change, run):
    claimed(run, fleet, "T-1")
    commit(fleet, change, "src/a.py", "T-1")
    taken_over(run, fleet)
    (row,) = in_range(run, code=1)["findings"]
    assert row["rule"] == "guard.fence"
    assert all(words in row["message"] for words in ("codex-1", "manager-1", "gone quiet", "fence 2"))


def test_work_that_was_finished_stays_good_whoever_takes_the_task_later(fleet, change, run):
    claimed(run, fleet, "T-1")
    commit(fleet, change, "src/a.py", "T-1")
    run("agent.bus_claim", "release", "--task", "T-1")
    run("agent.bus_claim", "claim", "--task", "T-1", "--reopen", "--reason", "more", "--root", str(fleet.main))
    assert in_range(run)["findings"] == []


@pytest.mark.parametrize(("who", "severity", "code"), [("main", "note", 0), ("tree", "error", 1)])
def test_only_a_manager_accepts_superseded_work(fleet, change, run, who, severity, code):
    claimed(run, fleet, "T-1")
    commit(fleet, change, "src/a.py", "T-1")
    taken_over(run, fleet)
    run("agent.bus_event", "log", "--event", "note", "--task", "T-1", code=4)  # the loser learns that it lost
    run(
        "agent.bus_event",
        "log",
        "--event",
        "note",
        "--task",
        "T-1",
        "--extra",
        "accept_fence=1",
        "--root",
        str(getattr(fleet, who)),
    )
    assert rules(in_range(run, code=code)) == [("guard.fence", severity)]


def test_unknown_tasks_and_missing_trailers_are_told_apart_and_graver_when_strict(fleet, change, run):
    commit(fleet, change, "src/a.py", "NOPE")
    commit(fleet, change, "src/b.py")
    assert rules(in_range(run)) == [("guard.task", "warning"), ("guard.untold", "note")]
    assert rules(in_range(run, "--strict", code=1)) == [("guard.task", "error"), ("guard.untold", "warning")]


def test_a_fence_that_the_bus_does_not_know_yet_is_7_with_the_fetch(fleet, change, run):
    claimed(run, fleet, "T-1")
    commit(fleet, change, "src/a.py", "T-1", 5)
    assert "older than the commit" in run("agent.guard", "range", "main..HEAD", code=7).err


@pytest.mark.parametrize("form", ["text", "github", "sarif", "json"])
def test_every_form_shows_the_finding(fleet, change, run, form):
    claimed(run, fleet, "T-2", "lib/**", who="main")
    commit(fleet, change, fleets.HELD)
    assert "guard.path" in run("agent.guard", "range", "main..HEAD", "--format", form, code=1).out


@pytest.mark.parametrize("revisions", ["nope..HEAD", "--all", "HEAD..nope"])
def test_what_is_no_range_is_2(fleet, run, revisions):
    run("agent.guard", "range", "--", revisions, code=2)


def test_the_bus_of_a_ref_is_read_from_its_commit(fleet, change, run):
    claimed(run, fleet, "T-2", "lib/**", who="main")
    run("agent.bus_sync", "--root", str(fleet.main), code=None)
    run("agent.bus_claim", "release", "--task", "T-2", "--root", str(fleet.main))
    commit(fleet, change, fleets.HELD)
    assert rules(in_range(run, "--bus", "bus", code=1))[0] == ("guard.path", "error")
    assert ("guard.path", "error") not in rules(in_range(run))


# -- in git's hooks ------------------------------------------------------------------------------------


@pytest.fixture
def guarded(fleet, run, tmp_path):
    run("agent.setup", "git")
    git(tmp_path, "init", "-q", "--bare", str(tmp_path / "origin.git"))
    git(fleet.tree, "remote", "add", "origin", str(tmp_path / "origin.git"))
    return fleet


def test_a_commit_of_a_held_file_is_stopped_and_of_a_free_one_gets_trailers(guarded, change, run):
    claimed(run, guarded, "T-1", "src/**")
    claimed(run, guarded, "T-2", "lib/**", who="main")
    change(fleets.HELD)
    stopped = fleets.sh("git commit -qm held", guarded.tree)
    assert stopped.returncode == 1 and b"guard.path" in stopped.stdout + stopped.stderr
    git(guarded.tree, "reset", "-q", "--hard")
    change("src/a.py")
    git(guarded.tree, "commit", "-qm", "free")
    assert git(guarded.tree, "log", "-1", "--format=%(trailers)").split() == ["Task:", "T-1", "Fence:", "1"]


def test_a_push_of_anothers_branch_and_of_held_work_is_stopped(guarded, change, run):
    change("src/a.py")
    git(guarded.tree, "commit", "-qm", "free")
    assert fleets.sh("git push -q origin HEAD:refs/heads/agent/claude-1/x", guarded.tree).returncode == 1
    git(guarded.tree, "push", "-q", "origin", "HEAD")
    change(fleets.HELD)
    git(guarded.tree, "commit", "-qm", "soon held")
    claimed(run, guarded, "T-2", "lib/**", who="main")
    assert fleets.sh("git push -q origin HEAD", guarded.tree).returncode == 1


def test_a_hook_that_was_there_still_runs_and_reads_what_git_tells_it(fleet, change, run, tmp_path):
    hook = fleet.main / ".git/hooks/pre-push"
    hook.write_text(f"#!/bin/sh\ncat > '{tmp_path}/told'\n")
    hook.chmod(0o755)
    run("agent.setup", "git")
    git(tmp_path, "init", "-q", "--bare", str(tmp_path / "origin.git"))
    git(fleet.tree, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(fleet.tree, "push", "-q", "origin", "HEAD")
    assert "refs/heads/agent/codex-1/work" in (tmp_path / "told").read_text()
    run("agent.setup", "git", "--remove")
    assert hook.read_text() == f"#!/bin/sh\ncat > '{tmp_path}/told'\n"


def test_a_missing_launcher_and_a_failing_guard_warn_and_let_pass(guarded, change):
    launcher = guarded.main / ".git/teof/guard"
    text = launcher.read_text()
    for content in (None, text.replace("__main__.py", "gone.py"), text.replace("    teof.main()", "    teof.gone()")):
        launcher.unlink(missing_ok=True)
        if content is not None:
            launcher.write_text(content)
        change("src/a.py")
        done = fleets.sh("git commit -qm free", guarded.tree)
        assert done.returncode == 0 and b"nothing was checked" in done.stderr


def test_a_script_of_another_language_and_a_tracked_folder_are_left_to_a_person(fleet, run):
    (fleet.main / ".git/hooks/pre-commit").write_text("#!/usr/bin/env python3\n")
    manual = run("agent.setup", "git", "--json").json["manual"]
    assert [row["why"] for row in manual] == ["it is no script of sh or bash"]
    run("agent.setup", "git", "--remove")
    (fleet.main / ".husky").mkdir()
    (fleet.main / ".husky/pre-commit").write_text("#!/bin/sh\n")
    git(fleet.main, "add", "-A")
    git(fleet.main, "config", "core.hooksPath", ".husky")
    assert len(run("agent.setup", "git", "--json").json["manual"]) == 3
