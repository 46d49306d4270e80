"""The checkout's index."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import git
from tools.core.git import changes, index, objects


def test_an_index_that_is_installed_lists_files_that_git_does_not_look_for(git_repo: Path) -> None:
    blob = objects.write_blob(str(git_repo), b"elsewhere")
    listed = objects.tree(str(git_repo), "HEAD") | {"a/b c.txt": objects.Entry("100644", blob)}
    index.install(str(git_repo / ".git"), listed)
    assert git(git_repo, "ls-files", "-t", "-z").split("\0")[:-1] == ["S README.md", "S a/b c.txt"]
    assert git(git_repo, "status", "--porcelain").strip() == 'A  "a/b c.txt"'


def test_an_index_of_nothing_is_one(git_repo: Path) -> None:
    index.install(str(git_repo / ".git"), {})
    assert git(git_repo, "ls-files") == ""


def test_entries_of_another_commit_are_put_in_and_taken_out(history_repo: str) -> None:
    index.put(history_repo, changes.entries(history_repo, "main", "side", "."))
    assert git(Path(history_repo), "ls-files", "-z").strip("\0").split("\0") == ["README.md", "sidé.txt"]
    assert git(Path(history_repo), "diff", "--cached", "side") == ""


def test_a_folder_is_tracked_when_anything_in_it_is(history_repo: str, tmp_path: Path) -> None:
    assert index.has_any(history_repo, ".") and not index.has_any(history_repo, "_bus")
    assert not index.has_any(str(tmp_path), ".")
