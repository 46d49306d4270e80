"""What differs between commits, from a commit to the checkout, and what is not committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import git
from tools.core.errors import SetupError
from tools.core.git import changes, refs


def test_tracked_files_that_are_not_as_in_a_commit(history_repo: str) -> None:
    assert changes.since(history_repo, "HEAD", ["."]) == ["a b.txt"]
    assert changes.since(history_repo, "side", ["."]) == ["README.md", "a b.txt", "sidé.txt"]
    assert changes.since(history_repo, "side", changes.outside(["README*", "a b.txt"])) == ["sidé.txt"]


def test_a_file_that_was_moved_has_changed_under_both_names(history_repo: str) -> None:
    git(Path(history_repo), "mv", "README.md", "read me.md")
    git(Path(history_repo), "commit", "-qm", "moved")
    assert changes.since_fork(history_repo, "main~1") == ["README.md", "read me.md"]


def test_since_a_fork_counts_only_what_this_side_changed(history_repo: str) -> None:
    assert changes.since_fork(history_repo, "side") == ["README.md", "a b.txt"]
    assert changes.since_fork(history_repo, "none") is None


def test_two_commits_differ_in_some_paths_and_not_in_others(history_repo: str) -> None:
    assert changes.differ(history_repo, "main", "side", ["README.md"])
    assert not changes.differ(history_repo, "main~1", "side", changes.outside(["sidé.txt"]))
    with pytest.raises(SetupError):
        changes.differ(history_repo, "main", "0" * 40, ["."])


def test_the_entries_of_a_newer_commit_say_what_came_and_what_went(history_repo: str) -> None:
    entries = changes.entries(history_repo, "main", "side", ".")
    assert {path: entry.mode for path, entry in entries.items()} == {
        "README.md": "100644",
        "a b.txt": "000000",
        "sidé.txt": "100644",
    }
    assert entries["sidé.txt"].name == git(Path(history_repo), "rev-parse", "side:sidé.txt")


def test_the_status_has_a_line_for_each_path(history_repo: str) -> None:
    assert changes.status(history_repo) == [' M "a b.txt"', '?? "n\\303\\251w.txt"']


def test_an_untracked_file_is_dirt_also_where_people_hide_it(git_repo: Path) -> None:
    git(git_repo, "config", "status.showUntrackedFiles", "no")
    (git_repo / "new").write_text("new")
    assert changes.is_dirty(str(git_repo), changes.outside([]))
    assert not changes.is_dirty(str(git_repo), changes.outside(["n*"]))


def test_outside_git_the_status_is_an_error_and_nothing_is_dirty(tmp_path: Path) -> None:
    assert not changes.is_dirty(str(tmp_path), ["."])
    with pytest.raises(SetupError):
        changes.status(str(tmp_path))


def test_a_file_that_was_only_touched_has_not_changed(git_repo: Path) -> None:
    (git_repo / "README.md").touch()
    assert changes.since(str(git_repo), refs.commit_of(str(git_repo), "HEAD"), ["."]) == []
