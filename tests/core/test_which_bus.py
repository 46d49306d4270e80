"""Which bus a clone has: the one that is here, none yet, or one that has to be joined first."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import git
from tools.core import which_bus, workspace
from tools.core.errors import SetupError
from tools.core.store.api import Append
from tools.core.store.backend import open_store

RECORD = {
    "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "ts": "2026-01-01T00:00:00Z",
    "agent_id": "a",
    "event": "note",
    "summary": "",
}


def answer(folder: Path) -> which_bus.Answer:
    return which_bus.find(workspace.find(str(folder), {}))


@pytest.fixture
def joined(git_repo: Path) -> Path:
    """A repository whose bus is a worktree of its branch."""
    git(git_repo, "branch", "bus")
    git(git_repo, "worktree", "add", "-q", "_bus", "bus")
    return git_repo


def test_a_new_repository_has_none_and_a_folder_that_was_begun_is_it(git_repo: Path) -> None:
    assert answer(git_repo).state == which_bus.NONE
    (git_repo / "_bus").mkdir()
    assert answer(git_repo).state == which_bus.HERE


def test_a_bus_that_is_a_worktree_is_here(joined: Path) -> None:
    assert answer(joined).state == which_bus.HERE


def test_a_bus_whose_files_are_gone_is_to_be_joined_from_every_worktree(joined: Path, tmp_path: Path) -> None:
    git(joined, "worktree", "add", "-q", str(tmp_path / "two"))
    shutil.rmtree(joined / "_bus")
    assert answer(joined) == answer(tmp_path / "two") == which_bus.Answer(which_bus.APART, "the branch bus")


def test_the_registration_alone_is_a_sign(joined: Path) -> None:
    shutil.rmtree(joined / "_bus")
    git(joined, "update-ref", "-d", "refs/heads/bus")
    assert answer(joined).state == which_bus.APART


@pytest.mark.parametrize("pack", [False, True])
def test_a_fresh_clone_of_a_repository_with_a_bus_is_to_join_it(joined: Path, tmp_path: Path, pack: bool) -> None:
    git(tmp_path, "clone", "-q", "-o", "hub", str(joined), "clone")
    clone = tmp_path / "clone"
    git(clone, *(["pack-refs", "--all"] if pack else ["update-ref", "refs/remotes/hub/bus", "refs/remotes/hub/main"]))
    assert answer(clone) == which_bus.Answer(which_bus.APART, "hub/bus")


def test_a_branch_of_another_name_is_no_sign(git_repo: Path) -> None:
    git(git_repo, "branch", "bus/i2c")
    git(git_repo, "branch", "minibus")
    git(git_repo, "tag", "bus")
    git(git_repo, "pack-refs", "--all")
    assert answer(git_repo).state == which_bus.NONE


def test_a_folder_made_on_purpose_stays_in_use_beside_a_branch_and_a_join_that_died_does_not(git_repo: Path) -> None:
    git(git_repo, "branch", "bus")
    bus = git_repo / "_bus"
    bus.mkdir()
    assert answer(git_repo).state == which_bus.APART
    (bus / "README.md").write_text("# the live bus\n")
    assert answer(git_repo).state == which_bus.HERE
    (bus / ".gitignore").write_text(".cache/\n")
    assert answer(git_repo).state == which_bus.APART


def test_files_of_the_main_checkout_that_are_not_mounted_are_not_taken_for_gone(joined: Path, tmp_path: Path) -> None:
    git(joined, "worktree", "add", "-q", str(tmp_path / "two"))
    for path in joined.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert answer(tmp_path / "two") == which_bus.Answer(which_bus.UNSEEN, str(joined))


def test_the_store_begins_no_second_bus(joined: Path) -> None:
    shutil.rmtree(joined / "_bus")
    with pytest.raises(SetupError) as refusal:
        open_store(workspace.find(str(joined), {})).commit([Append("events", RECORD)])
    assert refusal.value.code == "bus.apart"
    assert not (joined / "_bus").exists()
