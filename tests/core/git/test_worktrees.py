"""Worktrees: made without files, listed, removed."""

from __future__ import annotations

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
