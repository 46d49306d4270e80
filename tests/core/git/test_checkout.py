"""A checkout moves only where no work is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import git
from tools.core.errors import SetupError
from tools.core.git import checkout, refs, worktrees
from tools.core.gitdir import current_branch


def test_a_checkout_switches_to_a_branch_or_to_a_commit(git_repo: Path) -> None:
    git(git_repo, "branch", "side")
    checkout.switch(str(git_repo), branch="side")
    assert current_branch(str(git_repo)) == "side"
    checkout.switch(str(git_repo), commit=refs.commit_of(str(git_repo), "main"))
    assert current_branch(str(git_repo)) is None


def test_a_branch_that_is_made_follows_none_whatever_the_user_has_set(git_repo: Path) -> None:
    git(git_repo, "config", "branch.autoSetupMerge", "always")
    checkout.switch_or_make(str(git_repo), "agent/a/work")
    worktrees.add_of_seat(str(git_repo), str(git_repo.parent / "b"), "agent/b/work", "main")
    assert "agent/" not in git(git_repo, "config", "--list", "--local")


def test_a_branch_that_only_a_remote_has_is_not_made(git_repo: Path, tmp_path: Path) -> None:
    git(git_repo, "branch", "side")
    git(tmp_path, "clone", "-q", str(git_repo), "clone")
    with pytest.raises(SetupError):
        checkout.switch(str(tmp_path / "clone"), branch="side")


@pytest.mark.parametrize("setting", ["merge.autoStash=true", "merge.ff=false", "branch.main.mergeOptions=--squash"])
def test_a_fast_forward_is_one_whatever_people_set(git_repo: Path, setting: str) -> None:
    commit = ahead(git_repo)
    git(git_repo, "config", *setting.split("=", 1))
    checkout.fast_forward(str(git_repo), commit)
    assert refs.commit_of(str(git_repo), "HEAD") == commit


@pytest.mark.parametrize("setting", ["merge.autoStash=false", "merge.autoStash=true"])
def test_changes_in_the_way_of_a_fast_forward_stay_as_they_are(git_repo: Path, setting: str) -> None:
    commit = ahead(git_repo)
    git(git_repo, "config", *setting.split("=", 1))
    (git_repo / "README.md").write_text("work\n")
    with pytest.raises(SetupError) as refusal:
        checkout.fast_forward(str(git_repo), commit)
    assert refusal.value.code == "sync.blocked" and (git_repo / "README.md").read_text() == "work\n"


def ahead(folder: Path) -> str:
    """A commit on top of main, which stays where it was."""
    git(folder, "switch", "-qc", "ahead")
    (folder / "README.md").write_text("ahead\n")
    git(folder, "commit", "-qam", "ahead")
    git(folder, "switch", "-q", "main")
    return refs.commit_of(str(folder), "ahead")
