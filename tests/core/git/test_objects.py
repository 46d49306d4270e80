"""Reading what a tree lists and what blobs hold, and making both."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import git
from tools.core.errors import SetupError
from tools.core.git import objects

NAMES = ["a b.txt", "tab\there", "line\nend", "é.txt", "sub/deep.txt"]
WHO = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b.invalid",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b.invalid",
}


@pytest.fixture
def named_repo(git_repo: Path) -> str:
    """A commit whose files have names of all kinds; its folder."""
    (git_repo / "sub").mkdir()
    for name in NAMES:
        (git_repo / name).write_text(name)
    (git_repo / os.fsdecode(b"latin\xe9")).write_text("latin")
    (git_repo / "link").symlink_to("README.md")
    git(git_repo, "add", "-A")
    git(git_repo, "commit", "-qm", "names")
    return str(git_repo)


def test_a_tree_lists_every_name_as_it_is(named_repo: str) -> None:
    tree = objects.tree(named_repo, "HEAD")
    assert set(tree) == {*NAMES, os.fsdecode(b"latin\xe9"), "link", "README.md"}
    assert [name for name, entry in tree.items() if not entry.is_file] == ["link"]


def test_a_tree_can_be_listed_below_a_prefix(named_repo: str) -> None:
    assert list(objects.tree(named_repo, "HEAD", "sub/")) == ["sub/deep.txt"]


def test_contents_are_found_by_any_name_and_what_is_absent_is_none(named_repo: str) -> None:
    names = ["HEAD:a b.txt", "HEAD:no such file", "HEAD:line\nend", "HEAD:nul\0", "HEAD:\ud800"]
    assert list(objects.contents(named_repo, names).values()) == [b"a b.txt", None, None, None, None]


def test_contents_of_nothing_are_nothing(tmp_path: Path) -> None:
    assert objects.contents(str(tmp_path), []) == {}


def test_an_object_that_git_has_lost_is_refused(git_repo: Path) -> None:
    with objects.Reader(str(git_repo)) as reader, pytest.raises(SetupError) as refusal:
        list(reader.blocks("0" * 40))
    assert refusal.value.code == "git.object"


def test_kinds_are_told_apart(named_repo: str) -> None:
    kinds = objects.kinds(named_repo, ["HEAD", "HEAD:sub", "HEAD:a b.txt", "HEAD:none", "no ref"])
    assert list(kinds.values()) == ["commit", "tree", "blob", "", ""]


def test_a_reader_gives_one_object_after_the_other_also_when_one_is_left_early(git_repo: Path) -> None:
    (git_repo / "large").write_bytes(b"x" * (5 << 20))
    git(git_repo, "add", "large")
    with objects.Reader(str(git_repo)) as reader:
        blocks = reader.blocks(":large")
        assert len(next(blocks)) == 1 << 20
        blocks.close()
        assert b"".join(reader.blocks(":README.md")) == b"# a repository\n"


def test_a_partial_clone_without_its_remote_is_an_error_of_the_setup(git_repo: Path, tmp_path: Path) -> None:
    git(git_repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{git_repo}", "clone")
    (tmp_path / "repo").rename(tmp_path / "gone")
    with pytest.raises(SetupError) as refusal:
        objects.contents(str(tmp_path / "clone"), ["HEAD:README.md"])
    assert refusal.value.exit_code == 7
    with objects.Reader(str(tmp_path / "clone")) as reader, pytest.raises(SetupError):
        list(reader.blocks("HEAD:README.md"))


def test_what_is_written_is_a_commit_of_those_bytes(git_repo: Path) -> None:
    folder = str(git_repo)
    (git_repo / ".gitattributes").write_text("* text eol=lf\n")
    blob = objects.write_blob(folder, b"one\r\n")
    commit = objects.write_commit(folder, objects.write_tree(folder, {"a b": blob}), ["HEAD"], "made", WHO)
    assert objects.contents(folder, [f"{commit}:a b"]) == {f"{commit}:a b": b"one\r\n"}
    assert git(git_repo, "rev-parse", f"{commit}~1") == git(git_repo, "rev-parse", "HEAD")


def test_a_commit_has_the_same_name_whatever_encoding_and_signing_people_set(git_repo: Path) -> None:
    who = WHO | {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000"}
    tree = git(git_repo, "rev-parse", "HEAD^{tree}")
    before = objects.write_commit(str(git_repo), tree, [], "é", who)
    for key, value in (("i18n.commitEncoding", "latin1"), ("commit.gpgSign", "true"), ("core.hooksPath", "/none")):
        git(git_repo, "config", key, value)
    assert objects.write_commit(str(git_repo), tree, [], "é", who) == before
