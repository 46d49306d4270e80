"""Which remote a branch has, and how fetching and pushing end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import git
from tools.core.errors import SetupError, UsageError
from tools.core.git import refs, remotes


@pytest.fixture
def clone(git_repo: Path, tmp_path: Path) -> Path:
    """A clone of a bare repository, itself made from `git_repo`."""
    git(tmp_path, "clone", "-q", "--bare", str(git_repo), "origin.git")
    git(tmp_path, "clone", "-q", "origin.git", "clone")
    return tmp_path / "clone"


def test_a_branch_has_the_remote_it_is_set_to_else_origin_else_the_only_one(clone: Path) -> None:
    folder = str(clone)
    assert remotes.route(folder, "main")[:2] == ("origin", "main")
    assert remotes.route(folder, "other")[:2] == ("origin", "")
    git(clone, "remote", "rename", "origin", "up.stream")
    assert remotes.route(folder, "other")[:2] == ("up.stream", "")
    git(clone, "remote", "add", "fork", "/nowhere")
    assert remotes.route(folder, "other")[:2] == ("", "")
    assert remotes.names(folder) == ["fork", "up.stream"]


def test_a_remote_that_somebody_names_must_be_there(clone: Path) -> None:
    assert remotes.route(str(clone), "main", "origin")[:2] == ("origin", "")
    with pytest.raises(UsageError):
        remotes.route(str(clone), "main", "none")


def test_a_folder_outside_git_has_no_route(tmp_path: Path) -> None:
    assert remotes.route(str(tmp_path), "main")[:2] == ("", "")


def test_a_fetch_of_some_refs_moves_no_other_and_names_the_first_that_is_absent(clone: Path, git_repo: Path) -> None:
    git(clone, "config", "remote.origin.fetch", "+refs/heads/*:refs/heads/*")
    git(git_repo, "commit", "-q", "--allow-empty", "-m", "new")
    git(git_repo, "push", "-q", str(clone.parent / "origin.git"), "main")
    before = git(clone, "rev-parse", "main")
    assert remotes.fetch_only(str(clone), "origin", ["+refs/heads/main:refs/teof/seen", "+refs/x/*:refs/y/*"]) == ""
    assert git(clone, "rev-parse", "refs/teof/seen") == git(git_repo, "rev-parse", "main")
    assert git(clone, "rev-parse", "main") == before
    assert remotes.fetch_only(str(clone), "origin", ["+refs/heads/bus:refs/teof/bus"]) == "refs/heads/bus"


def test_a_remote_that_is_gone_cannot_be_fetched(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "origin.git").rename(tmp_path / "gone")
    with pytest.raises(SetupError) as refusal:
        remotes.fetch(str(clone), "origin")
    assert refusal.value.code == "sync.unreachable"


def test_a_push_is_taken_or_overtaken(clone: Path, git_repo: Path, tmp_path: Path) -> None:
    git(clone, "commit", "-q", "--allow-empty", "-m", "mine")
    before = git(clone, "rev-parse", "origin/main")
    assert push_main(clone, "origin", before).taken
    git(git_repo, "commit", "-q", "--allow-empty", "-m", "other")
    assert push_main(git_repo, str(tmp_path / "origin.git"), before) == remotes.Push(overtaken=True)
    assert push_main(git_repo, str(tmp_path / "origin.git"), "") == remotes.Push(overtaken=True)


def push_main(folder: Path, remote: str, old: str) -> remotes.Push:
    move = remotes.Move("refs/heads/main", refs.commit_of(str(folder), "HEAD"), old)
    return remotes.push(str(folder), remote, [move])


def test_of_two_refs_that_are_pushed_together_both_move_or_none(clone: Path, tmp_path: Path) -> None:
    blob = git(clone, "hash-object", "-w", str(clone / "README.md"))
    moves = [remotes.Move("refs/teof/one", blob, ""), remotes.Move("refs/teof/two", blob, blob)]
    assert remotes.push(str(clone), "origin", moves).overtaken
    assert git(tmp_path / "origin.git", "for-each-ref", "refs/teof") == ""
    assert remotes.push(str(clone), "origin", [moves[0], moves[1]._replace(old="")]).taken


@pytest.mark.parametrize("color", ["auto", "always"])
def test_a_push_that_the_remote_refuses_says_why(clone: Path, tmp_path: Path, color: str) -> None:
    git(clone, "config", "--global", "color.ui", color)
    git(clone, "config", "--global", "color.transport", color)
    words = "protected: not even fetch first, no non-fast-forward"  # as git itself says of a lost race
    (tmp_path / "origin.git/hooks/pre-receive").write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    (tmp_path / "origin.git/hooks/pre-receive").chmod(0o755)
    git(clone, "commit", "-q", "--allow-empty", "-m", "mine")
    push = push_main(clone, "origin", git(clone, "rev-parse", "origin/main"))
    assert not push.taken and not push.overtaken and words in push.refused
    assert "pre-receive hook declined" in push.refused and "\x1b" not in push.reason


def test_a_push_that_reaches_no_remote_is_no_refusal(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "origin.git").rename(tmp_path / "gone")
    push = push_main(clone, "origin", git(clone, "rev-parse", "origin/main"))
    assert not push.taken and push.refused == "" and push.reason.startswith("git push failed: fatal:")


def test_a_branch_can_be_made_to_track_its_name_at_a_remote(clone: Path) -> None:
    remotes.track(str(clone), "bus", "origin")
    assert remotes.route(str(clone), "bus")[:2] == ("origin", "bus")


@pytest.mark.parametrize(
    "spec", ["+refs/*:refs/*", "+refs/heads/*:refs/heads/*", "refs/heads/main:refs/heads/main", "+refs/h*:refs/h*"]
)
def test_a_fetch_that_would_move_or_remove_branches_of_this_clone_is_refused(git_repo, tmp_path, spec):
    git(tmp_path, "clone", "-q", "--bare", str(git_repo), "hub.git")
    git(git_repo, "remote", "add", "hub", str(tmp_path / "hub.git"))
    git(git_repo, "config", "--replace-all", "remote.hub.fetch", spec)
    git(git_repo, "branch", "agent/a/work")
    with pytest.raises(SetupError) as refusal:
        remotes.fetch(str(git_repo), "hub")
    assert refusal.value.code == "sync.mirror" and git(git_repo, "rev-parse", "agent/a/work")


def test_a_fetch_removes_no_tag_and_no_branch_that_is_tracked(git_repo, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(git_repo), "hub.git")
    git(git_repo, "remote", "add", "hub", str(tmp_path / "hub.git"))
    git(git_repo, "tag", "mine")
    git(git_repo, "update-ref", "refs/remotes/hub/old", "HEAD")
    for key in ("fetch.prune", "fetch.pruneTags"):
        git(git_repo, "config", key, "true")
    remotes.fetch(str(git_repo), "hub")
    assert git(git_repo, "rev-parse", "mine", "refs/remotes/hub/old")


def test_of_several_remotes_the_one_that_has_the_branch_is_meant_and_else_none(git_repo):
    for name in ("upstream", "mine"):
        git(git_repo, "remote", "add", name, f"/nowhere/{name}")
    way = remotes.route(str(git_repo), "bus")
    assert way.remote == "" and way.several == ("upstream", "mine")
    with pytest.raises(SetupError):
        remotes.require_one(way, "bus")
    git(git_repo, "update-ref", "refs/remotes/upstream/bus", "HEAD")
    assert remotes.route(str(git_repo), "bus").remote == "upstream"


@pytest.mark.parametrize(
    ("url", "push", "is_apart"),
    [
        ("https://host.example/o/r.git", "git@host.example:o/r.git", False),
        ("https://host.example/o/r", "ssh://git@alias:22/o/r.git/", False),
        ("https://host.example/o/r", "git@host.example:fork/r.git", True),
        ("/hub.git", "file:///hub.git", False),
        ("/hub.git", "/fork.git", True),
        ("short:o", "/hub.git", False),
    ],
)
def test_a_remote_that_is_written_elsewhere_than_it_is_read_is_recognised_by_the_path(git_repo, url, push, is_apart):
    git(git_repo, "remote", "add", "origin", url)
    git(git_repo, "config", "remote.origin.pushurl", push)
    assert remotes.route(str(git_repo), "bus").elsewhere == (push if is_apart else "")


def test_a_refused_push_repeats_the_words_of_the_remote(git_repo, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(git_repo), "hub.git")
    hook = tmp_path / "hub.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'GH001: Large files detected.' >&2\nexit 1\n")
    hook.chmod(0o755)
    git(git_repo, "remote", "add", "hub", str(tmp_path / "hub.git"))
    move = remotes.Move("refs/heads/x", git(git_repo, "rev-parse", "HEAD"), "")
    assert "GH001: Large files detected." in remotes.push(str(git_repo), "hub", [move]).reason
