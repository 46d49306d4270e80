"""Worktrees: made without files, listed, forgotten, removed."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import git
from tools.core.git import worktrees


def test_a_worktree_is_made_without_files_listed_with_its_branch_and_removed(git_repo: Path, tmp_path: Path) -> None:
    folder, path = str(git_repo), str(tmp_path / "a b")
    git(git_repo, "branch", "feature/x")
    worktrees.add(folder, path, "feature/x")
    assert [entry.name for entry in (tmp_path / "a b").iterdir()] == [".git"]
    assert worktrees.listed(folder) == [(folder, "main"), (path, "feature/x")]
    worktrees.remove(folder, path)
    assert worktrees.listed(folder) == [(folder, "main")]


def test_a_detached_worktree_is_on_no_branch(git_repo: Path, tmp_path: Path) -> None:
    git(git_repo, "worktree", "add", "-q", "--detach", str(tmp_path / "two"))
    assert worktrees.listed(str(git_repo))[1].branch == ""


def test_a_worktree_that_is_gone_is_forgotten(git_repo: Path, tmp_path: Path) -> None:
    git(git_repo, "worktree", "add", "-q", str(tmp_path / "two"))
    shutil.rmtree(tmp_path / "two")
    worktrees.prune(str(git_repo))
    assert len(worktrees.listed(str(git_repo))) == 1


def test_a_worktree_that_was_moved_is_tied_again(git_repo: Path, tmp_path: Path) -> None:
    git(git_repo, "worktree", "add", "-q", str(tmp_path / "two"))
    (tmp_path / "two").rename(tmp_path / "three")
    worktrees.repair(str(tmp_path / "three"))
    assert worktrees.listed(str(git_repo))[1].path == str(tmp_path / "three")
