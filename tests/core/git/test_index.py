"""The checkout's index, and one of our own beside it."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import git
from tools.core.git import changes, index, objects


def test_an_index_of_our_own_leaves_the_checkouts_alone(git_repo: Path) -> None:
    folder = str(git_repo)
    (git_repo / ".git/ours").write_text("left by a dead process")
    (git_repo / ".git/ours.lock").write_text("")
    scratch = index.Scratch(folder, str(git_repo / ".git"), "ours")
    scratch.load("HEAD")
    scratch.put({"new name": objects.Entry("100644", objects.write_blob(folder, b"new"))})
    assert set(objects.tree(folder, scratch.tree())) == {"README.md", "new name"}
    assert git(git_repo, "status", "--porcelain") == ""


def test_an_index_of_our_own_can_begin_empty_and_become_the_checkouts(git_repo: Path) -> None:
    scratch = index.Scratch(str(git_repo), str(git_repo / ".git"), "ours")
    scratch.load("")
    scratch.put({"README.md": objects.Entry("100644", objects.write_blob(str(git_repo), b"# a repository\n"))})
    scratch.install()
    assert git(git_repo, "status", "--porcelain") == "" and not (git_repo / ".git/ours").exists()


def test_entries_of_another_commit_are_put_in_and_taken_out(history_repo: str) -> None:
    index.put(history_repo, changes.entries(history_repo, "main", "side", "."))
    assert git(Path(history_repo), "ls-files", "-z").strip("\0").split("\0") == ["README.md", "sidé.txt"]
    assert git(Path(history_repo), "diff", "--cached", "side") == ""


def test_a_checkout_without_an_index_gets_one(git_repo: Path) -> None:
    (git_repo / ".git/index").unlink()
    index.make(str(git_repo))
    assert git(git_repo, "status", "--porcelain") == ""


def test_a_folder_is_tracked_when_anything_in_it_is(history_repo: str, tmp_path: Path) -> None:
    assert index.has_any(history_repo, ".") and not index.has_any(history_repo, "_bus")
    assert not index.has_any(str(tmp_path), ".")
