"""Which remote a branch has, and how fetching and pushing end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import git
from tools.core.errors import SetupError, UsageError
from tools.core.git import refs, remotes


@pytest.fixture
def clone(git_repo: Path, tmp_path: Path) -> Path:
    """A clone of a bare repository, itself made from `git_repo`."""
    git(tmp_path, "clone", "-q", "--bare", str(git_repo), "origin.git")
    git(tmp_path, "clone", "-q", "origin.git", "clone")
    return tmp_path / "clone"


def test_a_branch_has_the_remote_it_is_set_to_else_origin_else_the_only_one(clone: Path) -> None:
    folder = str(clone)
    assert remotes.route(folder, "main") == ("origin", "main")
    assert remotes.route(folder, "other") == ("origin", "")
    git(clone, "remote", "rename", "origin", "up.stream")
    assert remotes.route(folder, "other") == ("up.stream", "")
    git(clone, "remote", "add", "fork", "/nowhere")
    assert remotes.route(folder, "other") == ("", "")
    assert remotes.names(folder) == ["fork", "up.stream"]


def test_a_remote_that_somebody_names_must_be_there(clone: Path) -> None:
    assert remotes.route(str(clone), "main", "origin") == ("origin", "")
    with pytest.raises(UsageError):
        remotes.route(str(clone), "main", "none")


def test_a_folder_outside_git_has_no_route(tmp_path: Path) -> None:
    assert remotes.route(str(tmp_path), "main") == ("", "")


def test_a_remote_says_whether_it_has_a_branch(clone: Path, tmp_path: Path) -> None:
    assert remotes.has_branch(str(clone), "origin", "main", timeout=30)
    assert not remotes.has_branch(str(clone), "origin", "bus", timeout=30)
    (tmp_path / "origin.git").rename(tmp_path / "gone")
    with pytest.raises(SetupError):
        remotes.has_branch(str(clone), "origin", "main", timeout=30)


def test_a_remote_that_is_gone_cannot_be_fetched(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "origin.git").rename(tmp_path / "gone")
    with pytest.raises(SetupError) as refusal:
        remotes.fetch(str(clone), "origin")
    assert refusal.value.code == "sync.unreachable"


def test_a_push_is_taken_or_overtaken(clone: Path, git_repo: Path, tmp_path: Path) -> None:
    git(clone, "commit", "-q", "--allow-empty", "-m", "mine")
    assert remotes.push(str(clone), "origin", refs.commit_of(str(clone), "HEAD"), "main").taken
    git(git_repo, "commit", "-q", "--allow-empty", "-m", "other")
    push = remotes.push(str(git_repo), str(tmp_path / "origin.git"), refs.commit_of(str(git_repo), "HEAD"), "main")
    assert push == remotes.Push(overtaken=True)


@pytest.mark.parametrize("color", ["auto", "always"])
def test_a_push_that_the_remote_refuses_says_why(clone: Path, tmp_path: Path, color: str) -> None:
    git(clone, "config", "--global", "color.ui", color)
    git(clone, "config", "--global", "color.transport", color)
    (tmp_path / "origin.git/hooks/pre-receive").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "origin.git/hooks/pre-receive").chmod(0o755)
    git(clone, "commit", "-q", "--allow-empty", "-m", "mine")
    push = remotes.push(str(clone), "origin", refs.commit_of(str(clone), "HEAD"), "main")
    assert not push.taken and not push.overtaken
    assert "pre-receive hook declined" in push.refused and "\x1b" not in push.reason


def test_a_push_that_reaches_no_remote_is_no_refusal(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "origin.git").rename(tmp_path / "gone")
    push = remotes.push(str(clone), "origin", refs.commit_of(str(clone), "HEAD"), "main")
    assert not push.taken and push.refused == "" and push.reason.startswith("git push failed: fatal:")


def test_a_branch_can_be_made_to_track_its_name_at_a_remote(clone: Path) -> None:
    remotes.track(str(clone), "bus", "origin")
    assert remotes.route(str(clone), "bus") == ("origin", "bus")
