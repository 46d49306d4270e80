"""What a git folder says without a process."""

import os
from pathlib import Path

import pytest

from tests.conftest import git
from tools.core import gitdir
from tools.core.git import branches


def test_the_branch_is_read_without_a_process(git_repo: Path, tmp_path: Path) -> None:
    assert gitdir.current_branch(str(git_repo)) == "main"
    git(git_repo, "worktree", "add", "-q", "-b", "agent/a/x", str(tmp_path / "two"))
    assert gitdir.current_branch(str(tmp_path / "two")) == "agent/a/x"
    git(git_repo, "checkout", "-q", "--detach")
    assert gitdir.current_branch(str(git_repo)) is None


def test_a_worktree_has_a_git_folder_of_its_own_and_shares_the_common_one(git_repo: Path, tmp_path: Path) -> None:
    git(git_repo, "worktree", "add", "-q", "-b", "agent/a/x", str(tmp_path / "two"))
    own = gitdir.git_folder(str(tmp_path / "two"))
    assert own == str(git_repo / ".git/worktrees/two")
    assert gitdir.common_folder(own) == str(git_repo / ".git")


def test_outside_git_there_is_no_folder_no_branch_and_no_default(tmp_path: Path) -> None:
    assert gitdir.git_folder(str(tmp_path)) is None
    assert gitdir.current_branch(str(tmp_path)) is None
    assert gitdir.default_branches(str(tmp_path)) == {}


def test_each_remote_that_was_cloned_from_has_its_default_branch(git_repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "-o", "upstream", str(git_repo), "clone")
    git(tmp_path / "clone", "remote", "add", "fork", str(git_repo))
    git(tmp_path / "clone", "fetch", "-q", "fork")
    assert gitdir.default_branches(str(tmp_path / "clone")) == {"upstream": "main"}


def test_the_settings_of_the_core_are_those_of_the_folder_itself(git_repo: Path) -> None:
    git(git_repo, "config", "core.sharedRepository", "group")
    assert gitdir.core_settings(str(git_repo / ".git"))["sharedrepository"] == "group"


def test_where_refs_are_in_another_form_git_is_asked_for_the_branch(git_repo: Path) -> None:
    assert branches.current_branch(str(git_repo)) == "main"
    head = (git_repo / ".git/HEAD").read_text()
    (git_repo / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")  # as a reftable leaves it to older readers
    assert branches.current_branch(str(git_repo)) != "main"
    (git_repo / ".git/HEAD").write_text(head)


def test_what_knows_of_a_branch_is_read_from_files_or_left_to_git(git_repo: Path) -> None:
    git(git_repo, "branch", "bus")
    common = str(git_repo / ".git")
    assert gitdir.places_of_branch(common, "bus") == [""]
    (git_repo / ".git/reftable").mkdir()
    assert gitdir.places_of_branch(common, "bus") is None


@pytest.mark.parametrize("name", ["new\nline", " blank "])
def test_a_path_with_a_line_end_or_blanks_is_followed(git_repo, name):
    place = git_repo.parent / name
    git(git_repo, "worktree", "add", "-q", "--detach", str(place))
    own = gitdir.git_folder(str(place))
    assert own is not None and gitdir.is_visible(own)
    assert str(place) in gitdir.worktree_roots(gitdir.common_folder(own))


def test_a_worktree_that_is_named_by_a_relative_path_is_one_of_the_clone(git_repo, tmp_path):
    git(git_repo, "worktree", "add", "-q", "--detach", str(tmp_path / "two"))
    own = Path(gitdir.git_folder(str(tmp_path / "two")) or "")
    (own / "gitdir").write_text(os.path.relpath(tmp_path / "two/.git", own) + "\n")
    assert gitdir.worktree_roots(str(git_repo / ".git")) == [str(git_repo), str(tmp_path / "two")]
