"""The one door to git: nothing inherited, failures in git's own words, bounded in time."""

import errno
import subprocess
import threading
import time

import pytest

from tests.conftest import git as run_git
from tools.core.errors import SetupError
from tools.core.git import checkout, environment, git, repository


def test_a_hooks_variables_do_not_choose_the_repository(git_repo, tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path / "other")], check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    assert git.run(str(git_repo), "rev-parse", "--show-toplevel") == str(git_repo)
    assert not [key for key in environment.scrubbed() if key in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")]


def test_how_to_reach_a_remote_and_whose_settings_are_kept(monkeypatch):
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -x")
    kept = environment.scrubbed({"GIT_AUTHOR_NAME": "me"})
    assert kept["GIT_SSH_COMMAND"] == "ssh -x" and kept["GIT_TERMINAL_PROMPT"] == "0" and kept["LC_ALL"] == "C"
    assert kept["GIT_AUTHOR_NAME"] == "me"


def test_a_failure_is_told_in_gits_words_and_asking_does_not_raise(git_repo):
    with pytest.raises(SetupError) as refusal:
        git.run(str(git_repo), "rev-parse", "--verify", "absent")
    assert "fatal:" in refusal.value.message and refusal.value.exit_code == 7
    assert git.ask(str(git_repo), "rev-parse", "--verify", "absent").code != 0


def test_git_that_is_missing_is_a_setup_error(git_repo, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError) as refusal:
        git.ask(str(git_repo), "status")
    assert refusal.value.code == "git.missing"


def test_git_that_does_not_answer_is_given_up(git_repo):
    with pytest.raises(SetupError) as refusal:
        git.ask(str(git_repo), "-c", "alias.wait=!sleep 5", "wait", timeout=0.2)
    assert refusal.value.code == "git.timeout"


def test_an_index_that_another_git_holds_for_a_moment_is_waited_for(git_repo):
    lock = git_repo / ".git/index.lock"
    lock.touch()
    letting_go = threading.Timer(0.3, lock.unlink)
    letting_go.start()
    answer = git.ask(str(git_repo), "read-tree", "HEAD")
    letting_go.join()
    assert answer.code == 0, answer.error


def test_an_index_that_stays_held_is_named_and_nothing_is_said_of_local_changes(git_repo, monkeypatch):
    monkeypatch.setattr(git, "PATIENCE", 0.1)
    (git_repo / "more.txt").write_text("more")
    run_git(git_repo, "add", "-A")
    run_git(git_repo, "commit", "-qm", "more")
    later = run_git(git_repo, "rev-parse", "HEAD").strip()
    run_git(git_repo, "reset", "-q", "--hard", "HEAD~1")
    (git_repo / ".git/index.lock").touch()
    with pytest.raises(SetupError) as refusal:
        checkout.fast_forward(str(git_repo), later)
    assert refusal.value.code == "git.locked" and "index.lock" in refusal.value.message


def test_input_goes_in_and_bytes_come_out(git_repo):
    found = git.ask(str(git_repo), "hash-object", "--stdin", input=b"\xff\n")
    assert found.code == 0 and len(found.text) == 40


def test_a_repository_is_told_from_a_folder(git_repo, tmp_path):
    assert repository.is_repository(str(git_repo)) and not repository.is_repository(str(tmp_path))


def test_git_that_is_given_up_takes_its_lock_with_it(git_repo, monkeypatch):
    def full(self, *arguments, **options):
        deadline = time.monotonic() + 20
        while not (git_repo / ".git/index.lock").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(subprocess.Popen, "communicate", full)
    with pytest.raises(OSError, match="no space"):
        git.ask(str(git_repo), "update-index", "--index-info", input=b"never sent")
    assert not (git_repo / ".git/index.lock").exists()
