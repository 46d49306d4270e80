"""`init`: any repository becomes one that several agents share, and nothing in it is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT, git
from tools.core.context import Context
from tools.core.errors import SetupError
from tools.core.workspace import Workspace, find

pytestmark = pytest.mark.slow


@pytest.fixture
def init(spawn):
    """Runs `python -m tools init` as a process in a folder; returns its JSON."""

    def call(folder, *arguments, code=0):
        done = spawn("-m", "tools", "init", "--json", *arguments, cwd=folder)
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout if code == 0 else done.stderr)

    return call


def command(spawn, folder, name, *arguments, code=0):
    done = spawn("-m", f"tools.agent.{name}", *arguments, cwd=folder)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


def files_of(folder):
    """Every file below a folder with its bytes, git's own and the cache left out."""
    found = {}
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", ".cache")]
        found.update({path: path.read_bytes() for path in (Path(top, name) for name in names)})
    return found


def commit_all(folder, message="ready"):
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


@pytest.fixture
def ready(git_repo, init, spawn):
    """A repository that `init` made ready and whose bus holds uncommitted records."""
    init(git_repo, "--agent", "codex-1")
    commit_all(git_repo)
    command(spawn, git_repo, "bus_claim", "claim", "--task", "QUEUE-1")
    command(spawn, git_repo, "bus_message", "--task", "QUEUE-1", "--type", "note", "--summary", "begun")
    return git_repo


def test_a_second_run_finds_nothing_to_do(git_repo, init):
    assert init(git_repo, "--agent", "codex-1")["steps"]
    before = files_of(git_repo)
    assert init(git_repo, "--agent", "codex-1")["steps"] == []
    assert files_of(git_repo) == before


def test_a_dry_run_says_the_same_and_writes_nothing(git_repo, init):
    before = files_of(git_repo)
    foretold = init(git_repo, "--agent", "codex-1", "--dry-run")["steps"]
    assert files_of(git_repo) == before
    assert init(git_repo, "--agent", "codex-1")["steps"] == foretold


def test_the_bus_is_a_worktree_of_a_branch_that_shares_no_commit_with_the_code(git_repo, init):
    init(git_repo)
    assert git(git_repo / "_bus", "symbolic-ref", "--short", "HEAD") == "bus"
    assert git(git_repo, "rev-list", "--max-parents=0", "bus") == git(git_repo, "rev-parse", "bus")
    assert git(git_repo / "_bus", "status", "--porcelain") == ""
    assert sorted(git(git_repo, "ls-tree", "--name-only", "bus").split()) == [
        ".gitattributes",
        ".gitignore",
        "README.md",
    ]


def test_lines_that_are_there_already_are_not_added_again_and_others_stay(git_repo, init):
    (git_repo / ".gitignore").write_text("/build/\n_bus/.cache/")
    init(git_repo)
    lines = (git_repo / ".gitignore").read_text().splitlines()
    assert lines[:2] == ["/build/", "_bus/.cache/"]
    assert len(lines) == len(set(lines))
    assert "/_bus/" in lines


def test_no_code_branch_ever_sees_the_bus_even_one_without_the_ignore_line(git_repo, init):
    git(git_repo, "branch", "old")
    init(git_repo)
    commit_all(git_repo)
    git(git_repo, "switch", "-q", "old")
    assert git(git_repo, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "steps",
    [
        [["switch", "-qc", "other"], ["switch", "-q", "main"]],
        [["stash", "-qu"], ["stash", "pop", "-q"]],
        [["stash", "-qu"]],
        [["clean", "-qxfd"]],
        [["reset", "-q", "--hard"]],
    ],
    ids=lambda steps: steps[0][0] + str(len(steps)),
)
def test_git_in_the_main_worktree_leaves_the_bus_as_it_was(ready, spawn, steps):
    before = files_of(ready / "_bus")
    (ready / "README.md").write_text("changed\n")
    (ready / "new.txt").write_text("untracked\n")
    for arguments in steps:
        git(ready, *arguments)
    assert files_of(ready / "_bus") == before
    command(spawn, ready, "bus_claim", "release", "--task", "QUEUE-1", "--agent", "codex-1")


def test_a_pull_leaves_the_bus_as_it_was(ready, tmp_path, spawn):
    git(tmp_path, "clone", "-q", "--bare", str(ready), "origin.git")
    git(tmp_path, "clone", "-q", "origin.git", "other")
    (tmp_path / "other" / "work.txt").write_text("work\n")
    commit_all(tmp_path / "other", "work")
    git(tmp_path / "other", "push", "-q", "origin", "main")
    before = files_of(ready / "_bus")
    git(ready, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(ready, "pull", "-q", "origin", "main")
    assert (ready / "work.txt").exists()
    assert files_of(ready / "_bus") == before


def test_a_folder_with_live_records_becomes_the_worktree_and_keeps_them(git_repo, init, spawn, seat):
    seat("codex-1")
    command(spawn, git_repo, "bus_claim", "claim", "--task", "QUEUE-1")
    before = files_of(git_repo / "_bus")
    init(git_repo)
    after = files_of(git_repo / "_bus")
    assert before.items() <= after.items()
    changed = git(git_repo / "_bus", "status", "--porcelain", "-uall").splitlines()
    assert changed == ["?? claims/QUEUE-1.json", "?? events/events.jsonl"]
    assert "codex-1" in command(spawn, git_repo, "bus_claim", "show", "--task", "QUEUE-1")


def test_a_fresh_clone_gets_the_bus_of_its_remote(ready, tmp_path, init, spawn):
    command(spawn, ready, "bus_sync")
    git(tmp_path, "clone", "-q", "--bare", str(ready), "origin.git")
    git(tmp_path, "clone", "-q", "origin.git", "clone")
    init(tmp_path / "clone", "--agent", "codex-2")
    refused = spawn("-m", "tools.agent.bus_claim", "claim", "--task", "QUEUE-1", cwd=tmp_path / "clone")
    assert refused.returncode == 4
    assert "codex-1" in refused.stderr
    assert git(tmp_path / "clone", "config", "branch.bus.remote") == "origin"


def test_a_clone_of_one_branch_asks_its_remote_for_the_bus(ready, tmp_path, init, spawn):
    command(spawn, ready, "bus_sync")
    git(tmp_path, "clone", "-q", "--single-branch", "-b", "main", str(ready), "clone")
    init(tmp_path / "clone")
    assert (tmp_path / "clone" / "_bus" / "claims" / "QUEUE-1.json").exists()


def test_records_of_the_folder_and_of_the_remote_are_both_kept(ready, tmp_path, init, spawn, seat):
    command(spawn, ready, "bus_sync")
    git(tmp_path, "clone", "-q", str(ready), "clone")
    clone = tmp_path / "clone"
    seat("codex-2", root=clone)
    command(spawn, clone, "bus_claim", "claim", "--task", "QUEUE-2")
    init(clone)
    told = command(spawn, clone, "bus_watch", "--limit", "20")
    assert "codex-1 claimed QUEUE-1" in told
    assert "codex-2 claimed QUEUE-2" in told
    assert {"QUEUE-1.json", "QUEUE-2.json"} <= set(os.listdir(clone / "_bus" / "claims"))


def test_a_remote_that_does_not_answer_is_told_and_is_no_obstacle(git_repo, init):
    git(git_repo, "remote", "add", "origin", str(git_repo.parent / "nowhere.git"))
    done = init(git_repo)
    assert any("origin did not answer" in note for note in done["notes"])
    assert (git_repo / "_bus" / ".git").is_file()


def test_a_tracked_bus_is_left_as_it_is_and_the_way_out_is_named(git_repo, init):
    (git_repo / "_bus").mkdir()
    (git_repo / "_bus" / "notes.md").write_text("ours\n")
    commit_all(git_repo)
    done = init(git_repo)
    assert not (git_repo / "_bus" / ".git").exists()
    assert "/_bus/" not in (git_repo / ".gitignore").read_text().splitlines()
    (move,) = [hint for hint in done["hints"] if hint.startswith("git rm")]
    subprocess.run(["bash", "-c", move.replace("python -m", f"{sys.executable} -m")], cwd=git_repo, check=True)
    assert (git_repo / "_bus" / "notes.md").read_text() == "ours\n"
    assert git(git_repo / "_bus", "symbolic-ref", "--short", "HEAD") == "bus"


@pytest.mark.parametrize("tracked", [False, True])
def test_a_plain_folder_serves_every_command(git_repo, init, spawn, tracked):
    init(git_repo, "--bus", "folder", "--agent", "codex-1")
    if tracked:
        commit_all(git_repo)
    command(spawn, git_repo, "bus_claim", "claim", "--task", "QUEUE-1")
    command(spawn, git_repo, "bus_event", "log", "--event", "status", "--summary", "at work", "--task", "QUEUE-1")
    command(spawn, git_repo, "bus_ping", "--task", "QUEUE-1", "--message-task", "QUEUE-1")
    command(spawn, git_repo, "bus_message", "--task", "manager-report", "--type", "status", "--summary", "online")
    command(spawn, git_repo, "bus_inbox")
    command(spawn, git_repo, "bus_heartbeat", "--dry-run")
    assert "QUEUE-1" in command(spawn, git_repo, "bus_status")
    assert "at work" in command(spawn, git_repo, "bus_watch")
    command(spawn, git_repo, "bus_claim", "release", "--task", "QUEUE-1")
    assert init(git_repo)["steps"] == []
    assert not (git_repo / "_bus" / ".git").exists()


def test_a_linked_worktree_makes_the_bus_of_the_main_checkout(git_repo, tmp_path, init):
    git(git_repo, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "agent/codex-2/work")
    init(tmp_path / "linked", "--agent", "codex-2")
    assert (git_repo / "_bus" / ".git").is_file()
    assert not (tmp_path / "linked" / "_bus").exists()
    assert git(git_repo, "status", "--porcelain") == ""


def test_worktrees_of_a_bare_repository_share_a_bus_inside_it(git_repo, tmp_path, init, spawn):
    git(tmp_path, "clone", "-q", "--bare", str(git_repo), "shared/.bare")
    git(tmp_path / "shared" / ".bare", "worktree", "add", "-q", "../one", "main")
    init(tmp_path / "shared" / "one", "--agent", "codex-1")
    command(spawn, tmp_path / "shared" / "one", "bus_claim", "claim", "--task", "QUEUE-1")
    assert (tmp_path / "shared/.bare/_bus/claims/QUEUE-1.json").exists()
    assert init(tmp_path / "shared" / "one", "--agent", "codex-1")["steps"] == []


def test_a_repository_without_a_commit_is_made_ready(tmp_path, init, spawn):
    git(tmp_path, "init", "-q", "new")
    init(tmp_path / "new", "--agent", "codex-1")
    command(spawn, tmp_path / "new", "bus_claim", "claim", "--task", "QUEUE-1")
    assert git(tmp_path / "new" / "_bus", "symbolic-ref", "--short", "HEAD") == "bus"


def test_a_folder_outside_git_is_refused(tmp_path, init):
    (tmp_path / "plain").mkdir()
    assert init(tmp_path / "plain", "--root", str(tmp_path / "plain"), code=7)["error"]["code"] == "repository.none"
    assert init(tmp_path / "plain", code=7)["error"]["code"] == "workspace.none"


def common_of(folder):
    return git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir")


def test_a_checkout_that_was_moved_keeps_its_bus(ready, tmp_path, init, spawn):
    moved = Path(shutil.move(str(ready), str(tmp_path / "moved")))
    assert init(moved)["steps"] == []
    assert git(moved / "_bus", "symbolic-ref", "--short", "HEAD") == "bus"
    assert common_of(moved / "_bus") == str(moved / ".git")


def test_a_copy_of_a_checkout_has_a_bus_of_its_own_and_leaves_the_original_alone(ready, tmp_path, init, spawn):
    copy = shutil.copytree(ready, tmp_path / "copy", symlinks=True)
    before = files_of(ready / "_bus")
    assert init(copy)["steps"] == []
    command(spawn, copy, "bus_claim", "claim", "--task", "QUEUE-2")
    command(spawn, copy, "bus_sync")
    assert common_of(copy / "_bus") == str(copy / ".git")
    assert init(ready)["steps"] == [] and files_of(ready / "_bus") == before


def point_at(bus, admin):
    (bus / ".git").write_text(f"gitdir: {admin}\n")
    return (bus / ".git").read_bytes()


def test_a_bus_that_an_earlier_version_tied_by_its_whole_path_is_tied_again_after_a_move(ready, tmp_path, init):
    point_at(ready / "_bus", ready / ".git/worktrees/_bus")
    assert init(ready)["steps"] == []
    moved = Path(shutil.move(str(ready), str(tmp_path / "moved")))
    assert init(moved)["steps"] == ["tie _bus/ to its git folder again"]
    assert init(moved)["steps"] == [] and common_of(moved / "_bus") == str(moved / ".git")


def test_a_bus_that_is_another_repositorys_worktree_is_refused_and_left(ready, tmp_path, init):
    git(tmp_path, "clone", "-q", str(ready), "other")
    git(tmp_path / "other", "branch", "bus", "origin/bus")
    git(tmp_path / "other", "worktree", "add", "-q", str(tmp_path / "moved_bus"), "bus")
    shutil.rmtree(ready / "_bus")
    git(tmp_path / "other", "worktree", "move", str(tmp_path / "moved_bus"), str(ready / "_bus"))
    before = files_of(ready / "_bus")
    assert str(tmp_path / "other") in init(ready, code=4)["error"]["message"]
    assert files_of(ready / "_bus") == before


def test_a_bus_whose_git_folder_was_pruned_is_made_a_worktree_again(ready, init):
    shutil.rmtree(ready / ".git" / "worktrees" / "_bus")
    before = files_of(ready / "_bus")
    init(ready)
    assert files_of(ready / "_bus") == before
    assert git(ready / "_bus", "symbolic-ref", "--short", "HEAD") == "bus"


def test_what_a_killed_init_left_is_cleared_away(git_repo, init):
    init(git_repo)
    git(git_repo, "worktree", "remove", "--force", "--force", "_bus")
    git(git_repo, "worktree", "add", "-q", "--no-checkout", ".git/teof-init-bus-1/_bus", "bus")
    init(git_repo)
    assert git(git_repo / "_bus", "symbolic-ref", "--short", "HEAD") == "bus"
    assert not list((git_repo / ".git").glob("teof-init-bus-*"))


def test_an_init_that_was_killed_behind_the_pointer_is_finished(ready, tmp_path, init):
    admin = ready / ".git" / "worktrees" / "_bus"
    (admin / "gitdir").write_text(f"{tmp_path}/gone/_bus/.git\n")
    (admin / "index").unlink()
    assert init(ready)["steps"] == ["tie _bus/ to its git folder again"]
    assert "claims/" in git(ready / "_bus", "status", "--porcelain")
    assert "D " not in git(ready / "_bus", "status", "--porcelain")


def test_a_link_in_place_of_the_bus_is_refused_before_git_does_anything(git_repo, tmp_path, init):
    (git_repo / "_bus").symlink_to(tmp_path)
    assert init(git_repo, code=6)["error"]["code"] == "file.kind"
    assert git(git_repo, "branch", "--list", "bus") == ""


def test_another_seat_is_not_overwritten(git_repo, init):
    init(git_repo, "--agent", "codex-1")
    before = files_of(git_repo)
    refused = init(git_repo, "--agent", "codex-2", code=3)["error"]
    assert refused["code"] == "seat.mismatch"
    assert "codex-1" in refused["message"]
    assert files_of(git_repo) == before


def test_the_template_is_no_seat(git_repo, init):
    (git_repo / "AGENT_MANIFEST.json").write_text('{"agent_id": "template"}\n')
    init(git_repo, "--agent", "template", code=2)
    init(git_repo, "--agent", "codex-1", "--role", "manager")
    assert json.loads((git_repo / "AGENT_MANIFEST.json").read_text())["desired_roles"] == ["manager"]


def test_a_role_is_added_and_the_rest_of_the_manifest_stays(git_repo, init):
    kept = {"agent_id": "codex-1", "shift": "night", "desired_roles": ["reviewer"]}
    (git_repo / "AGENT_MANIFEST.json").write_text(json.dumps(kept))
    init(git_repo, "--role", "manager")
    manifest = json.loads((git_repo / "AGENT_MANIFEST.json").read_text())
    assert manifest == {**kept, "desired_roles": ["reviewer", "manager"]}
    assert init(git_repo, "--role", "manager")["steps"] == []


def test_a_role_without_a_seat_is_a_usage_error(git_repo, init):
    assert init(git_repo, "--role", "manager", code=2)["error"]["code"] == "seat.role"


def test_a_seat_is_not_taken_away_by_a_stash(git_repo, init):
    init(git_repo, "--agent", "codex-1")
    git(git_repo, "stash", "-qu")
    assert (git_repo / "AGENT_MANIFEST.json").exists()


def test_several_inits_at_once_make_one_bus(git_repo, init):
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: init(git_repo), range(4)))
    assert sum(bool(each["steps"]) for each in done) == 1


def test_a_bus_that_is_checked_out_elsewhere_is_not_checked_out_twice(ready, tmp_path, init):
    git(ready, "worktree", "move", "-f", "-f", "_bus", str(tmp_path / "aside"))
    refused = init(ready, code=4)["error"]
    assert refused["code"] == "bus.elsewhere"
    assert "aside" in refused["message"]


def test_joining_late_leaves_a_task_to_whom_the_remote_had_first_and_tells_the_other(
    ready, tmp_path, init, spawn, seat
):
    publish(ready, tmp_path, spawn)
    git(tmp_path, "clone", "-q", "--no-local", "-b", "main", "--single-branch", "origin.git", "clone")
    clone = tmp_path / "clone"
    seat("codex-2", root=clone)
    away = (tmp_path / "origin.git").rename(tmp_path / "away.git")
    command(spawn, clone, "bus_claim", "claim", "--task", "QUEUE-1")
    away.rename(tmp_path / "origin.git")
    init(clone)
    assert json.loads((clone / "_bus/claims/QUEUE-1.json").read_text())["agent_id"] == "codex-1"
    assert "codex-2 lost QUEUE-1: codex-1 had" in command(spawn, clone, "bus_inbox")


def publish(folder, tmp_path, spawn):
    """Gives the bus of a checkout to a bare origin beside it."""
    git(tmp_path, "clone", "-q", "--bare", str(folder), "origin.git")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(folder, "fetch", "-q")
    command(spawn, folder, "bus_sync", "--push")


def test_a_branch_of_this_name_that_is_code_is_refused_and_left_alone(git_repo, init):
    git(git_repo, "branch", "bus")
    (git_repo / "timetable.py").write_text("code\n")
    git(git_repo, "switch", "-q", "bus")
    commit_all(git_repo)
    git(git_repo, "switch", "-q", "main")
    before = git(git_repo, "rev-parse", "bus")
    assert init(git_repo, code=4)["error"]["code"] == "bus.taken"
    assert git(git_repo, "rev-parse", "bus") == before and not (git_repo / "_bus/timetable.py").exists()


@pytest.mark.parametrize("name", ["refs/heads/bus/i2c", "refs/remotes/origin/bus/i2c"])
def test_a_branch_below_this_name_is_refused_before_anything_is_written(git_repo, init, name):
    git(git_repo, "remote", "add", "origin", "nowhere")
    git(git_repo, "update-ref", name, "HEAD")
    before = sorted(path.name for path in git_repo.iterdir())
    refused = init(git_repo, code=4)["error"]
    assert refused["code"] == "bus.taken" and "bus/i2c leaves no room" in refused["message"]
    assert sorted(path.name for path in git_repo.iterdir()) == before
    init(git_repo, "--bus", "folder", code=0)


def test_no_other_worktrees_registration_is_touched(ready, tmp_path, init):
    git(ready, "worktree", "add", "-q", str(tmp_path / "away"), "-b", "side")
    (tmp_path / "away").rename(tmp_path / "unseen")
    before = {path: path.read_bytes() for path in (ready / ".git/worktrees/away").rglob("*") if path.is_file()}
    shutil.rmtree(ready / ".git/worktrees/_bus")
    init(ready)
    assert all(path.read_bytes() == data for path, data in before.items())


def test_without_git_on_the_path_the_answer_is_a_setup_error(git_repo, monkeypatch):
    from tools.core.setup.init import prepare

    monkeypatch.setenv("PATH", str(git_repo))
    with pytest.raises(SetupError, match="git is not installed"):
        prepare(Context(Workspace(str(git_repo), str(git_repo))), agent=None, roles=(), bus=None, dry_run=False)


def test_the_bus_of_this_toolkits_own_checkout_is_found_from_inside_it():
    assert find(str(CHECKOUT / "tools"), {}).root == str(CHECKOUT)


@pytest.mark.parametrize("name", ["queue", "_plans", "_report", "_bus"])
@pytest.mark.parametrize("as_link", [False, True])
def test_a_name_that_is_taken_is_refused_before_anything_is_written(git_repo, tmp_path, init, name, as_link):
    if as_link:
        (git_repo / name).symlink_to(tmp_path)
    else:
        (git_repo / name).write_text("taken")
    git(git_repo, "add", "-A")
    git(git_repo, "commit", "-qm", "taken")
    assert name in init(git_repo, "--agent", "codex-1", code=6)["error"]["message"]
    assert git(git_repo, "status", "--porcelain") == "" and not (git_repo / "AGENT_MANIFEST.json").exists()
