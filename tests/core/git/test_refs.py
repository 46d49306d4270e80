"""Which commit a name names, where histories meet, which branch is a remote's default."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import git
from tools.core.context import as_module
from tools.core.errors import SetupError, UsageError
from tools.core.git import refs


def test_a_name_names_its_commit_or_none(git_repo: Path) -> None:
    commit = git(git_repo, "rev-parse", "HEAD")
    git(git_repo, "tag", "-a", "v1", "-m", "tagged")
    assert [refs.commit_of(str(git_repo), ref) for ref in ("main", "v1", "none", "--help", "")] == [
        commit,
        commit,
        "",
        "",
        "",
    ]


def test_a_commit_that_somebody_named_must_be_there(git_repo: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        refs.require_commit(str(git_repo), "origin/none")
    assert as_module(refusal.value.hint) == "git fetch origin none"


def test_the_head_is_a_commit_and_its_tree(git_repo: Path) -> None:
    commit, tree = refs.head(str(git_repo))
    assert commit == git(git_repo, "rev-parse", "HEAD")
    assert tree == refs.tree_of(str(git_repo), commit)


def test_before_the_first_commit_and_outside_git_there_is_no_head(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "fresh")
    assert refs.head(str(tmp_path / "fresh")) == ("", "")
    assert refs.head(str(tmp_path)) == ("", "")


def test_the_moment_of_a_commit_is_its_committers(git_repo: Path) -> None:
    moment = refs.committed_at(str(git_repo), "HEAD")
    assert int(moment.timestamp()) == int(git(git_repo, "log", "-1", "--format=%ct"))


def test_branches_meet_and_are_apart(history_repo: str) -> None:
    assert refs.merge_base(history_repo, "main", "side") == git(Path(history_repo), "rev-parse", "main~1")
    assert refs.ahead_behind(history_repo, "main", "side~1") == (1, 0)
    assert refs.count_since(history_repo, "main", "side") == 1
    assert refs.count_since(history_repo, "main", "") == 2


def test_unrelated_histories_never_met(git_repo: Path) -> None:
    git(git_repo, "checkout", "-q", "--orphan", "other")
    git(git_repo, "commit", "-qm", "other")
    assert refs.merge_base(str(git_repo), "main", "other") == ""


def test_a_history_that_cannot_be_read_is_not_taken_for_an_unrelated_one(git_repo: Path) -> None:
    with pytest.raises(SetupError) as refusal:
        refs.merge_base(str(git_repo), "main", "0" * 40)
    assert refusal.value.exit_code == 7


def cloned(source: Path, name: str, remote: str) -> Path:
    clone = source.parent / name
    git(source.parent, "clone", "-q", "-o", remote, str(source), str(clone))
    return clone


@pytest.mark.parametrize("remote", ["origin", "upstream"])
def test_the_default_branch_is_that_of_the_remote_that_was_cloned(git_repo: Path, remote: str) -> None:
    clone = cloned(git_repo, "clone", remote)
    default = refs.default_branch(str(clone))
    assert default == (remote, "main") and default.ref == f"refs/remotes/{remote}/main"


def test_origin_is_asked_first_and_of_two_others_none(git_repo: Path) -> None:
    clone = cloned(git_repo, "clone", "origin")
    for name in ("aaa", "bbb"):
        git(clone, "remote", "add", name, str(git_repo))
        git(clone, "fetch", "-q", name)
        git(clone, "remote", "set-head", name, "main")
    assert refs.default_branch(str(clone)) == ("origin", "main")
    git(clone, "remote", "set-head", "origin", "--delete")
    assert refs.default_branch(str(clone)) is None


def test_the_remotes_that_have_a_branch_are_listed(git_repo: Path) -> None:
    clone = cloned(git_repo, "clone", "origin")
    assert refs.remotes_with(str(clone), "main") == ["origin"]
    assert refs.remotes_with(str(clone), "bus") == []


def test_a_branch_moves_only_from_where_it_was_seen(git_repo: Path) -> None:
    folder, first = str(git_repo), refs.commit_of(str(git_repo), "HEAD")
    git(git_repo, "commit", "-q", "--allow-empty", "-m", "second")
    second = refs.commit_of(folder, "HEAD")
    refs.move(folder, "new", first, "", "made")
    with pytest.raises(SetupError):
        refs.move(folder, "new", second, "", "made again")
    refs.move(folder, "new", second, first, "moved")
    assert refs.commit_of(folder, "new") == second
