"""Files are made as the umask and the repository's own sharing say, so that users of one group can write them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import git
from tools.core.fs import files, folders, modes
from tools.core.workspace import Place


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_new_file_is_as_the_umask_says(git_repo: Path, umask: int, mode: int) -> None:
    os.umask(umask)
    files.replace(Place(str(git_repo), "_bus/claims/T.json"), b"{}")
    files.create(Place(str(git_repo), "_report/x.json"), b"{}")
    assert mode_of(git_repo / "_bus/claims/T.json") == mode_of(git_repo / "_report/x.json") == mode


@pytest.mark.parametrize("value", ["group", "true", "1"])
def test_a_repository_that_a_group_shares_has_files_and_folders_the_group_can_write(git_repo: Path, value: str) -> None:
    git(git_repo, "config", "core.sharedRepository", value)
    modes._shared.clear()
    files.replace(Place(str(git_repo), "_bus/claims/T.json"), b"{}")
    folders.make_folder(Place(str(git_repo), "_bus/messages"))
    assert mode_of(git_repo / "_bus/claims/T.json") == 0o664
    assert mode_of(git_repo / "_bus/messages") == 0o2775


@pytest.mark.parametrize(
    ("value", "bits"),
    [("false", 0), ("umask", 0), ("", 0), ("all", 0o664), ("world", 0o664), ("0640", 0o640), ("nonsense", 0)],
)
def test_each_value_that_git_knows_shares_what_git_shares(git_repo: Path, value: str, bits: int) -> None:
    git(git_repo, "config", "core.sharedRepository", value)
    modes._shared.clear()
    assert modes.shared_with(str(git_repo)) == bits


def test_a_worktree_shares_what_its_repository_shares(git_repo: Path, tmp_path: Path) -> None:
    git(git_repo, "config", "core.sharedRepository", "group")
    git(git_repo, "worktree", "add", "-q", str(tmp_path / "two"))
    assert modes.shared_with(str(tmp_path / "two")) == 0o660


def test_outside_git_nothing_is_shared(tmp_path: Path) -> None:
    assert modes.shared_with(str(tmp_path)) == 0
