"""What git knows about paths, however many and however they are named."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tools.core.context import as_module
from tools.core.errors import SetupError, UsageError
from tools.core.fs import files, folders
from tools.core.git import tracked
from tools.core.receipts import locate
from tools.core.workspace import Workspace


def test_every_state_is_told_apart(git_repo: Path, workspace: Any) -> None:
    (git_repo / ".gitignore").write_text("*.log\n")
    for name in ("a b.txt", "[x].txt", "é.txt", "kept.log", "lost.log"):
        (git_repo / name).write_text("x")
    git(git_repo, "add", "-f", "a b.txt", "[[]x].txt", "kept.log")
    names = ["a b.txt", "[x].txt", "é.txt", "kept.log", "lost.log", "none.txt", "README.md"]
    assert list(tracked.states(workspace, names).items()) == list(
        {
            "none.txt": "missing",
            "a b.txt": "tracked",
            "[x].txt": "tracked",
            "é.txt": "untracked",
            "kept.log": "tracked",
            "lost.log": "ignored",
            "README.md": "tracked",
        }.items()
    )


def test_a_file_taken_out_of_the_index_is_untracked(git_repo: Path, workspace: Any) -> None:
    git(git_repo, "rm", "-q", "--cached", "README.md")
    assert tracked.states(workspace, ["README.md"]) == {"README.md": "untracked"}


def test_a_star_is_a_star(git_repo: Path, workspace: Any) -> None:
    (git_repo / "*.md").write_text("x")
    assert tracked.states(workspace, ["*.md"]) == {"*.md": "untracked"}


def test_thousands_of_paths_are_one_question(git_repo: Path, workspace: Any) -> None:
    names = [f"file {number}.txt" for number in range(1000)]
    for name in names:
        (git_repo / name).write_text("x")
    git(git_repo, "add", *names[:500])
    found = tracked.states(workspace, names)
    assert [found[name] for name in names] == ["tracked"] * 500 + ["untracked"] * 500


def test_a_bus_with_its_own_history_is_asked_itself(git_repo: Path, workspace: Any) -> None:
    bus = git_repo / "_bus"
    bus.mkdir()
    git(bus, "init", "-q")
    (bus / "events").mkdir()
    (bus / "events/events.jsonl").write_text("{}\n")
    assert tracked.states(workspace, ["_bus/events/events.jsonl"]) == {"_bus/events/events.jsonl": "untracked"}
    git(bus, "add", "-A")
    assert tracked.states(workspace, ["_bus/events/events.jsonl"]) == {"_bus/events/events.jsonl": "tracked"}


@pytest.mark.parametrize("name", ["x" * 5000, "README.md/below", "."])
def test_names_that_cannot_be_files_are_missing(workspace: Any, name: str) -> None:
    assert tracked.states(workspace, [name]) == {name: "missing"}


def test_outside_git_the_reason_is_gits_own(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(SetupError, match="not a git repository"):
        tracked.states(Workspace(str(tmp_path), str(tmp_path)), ["x.txt"])


def test_what_is_not_tracked_is_refused_with_the_command_that_helps(git_repo: Path, workspace: Any) -> None:
    (git_repo / "it's new.txt").write_text("x")
    with pytest.raises(UsageError) as refusal:
        tracked.require(workspace, "it's new.txt")
    subprocess.run(as_module(refusal.value.hint), shell=True, check=True, cwd=git_repo)
    assert tracked.require(workspace, str(git_repo / "it's new.txt")) == "it's new.txt"


def test_staging_takes_only_what_it_is_told(git_repo: Path, workspace: Any) -> None:
    for name in ("one.txt", "two.txt", "*.txt"):
        (git_repo / name).write_text("x")
    tracked.stage(workspace, ["*.txt"])
    assert git(git_repo, "diff", "--cached", "--name-only") == "*.txt"


def test_walking_evidence_follows_no_link(git_repo: Path, workspace: Any, tmp_path: Path) -> None:
    (git_repo / "_report/b").mkdir(parents=True)
    for name in ("b/2.txt", "b/1.txt", "a.txt", ".a.txt.tmp"):
        (git_repo / "_report" / name).write_text("x")
    (git_repo / "_report/link").symlink_to(tmp_path)
    (git_repo / "_report/file").symlink_to("a.txt")
    os.mkfifo(git_repo / "_report/pipe")
    assert [place.name for place in folders.walk(workspace.report)] == [
        "_report/a.txt",
        "_report/b/1.txt",
        "_report/b/2.txt",
    ]


def test_a_file_that_comes_in_parts_is_replaced_whole(git_repo: Path, workspace: Any) -> None:
    place = workspace.in_root("out.txt")

    def broken() -> Any:
        yield b"new"
        raise KeyError

    files.replace(place, iter([b"one", b"", b"two"]))
    with pytest.raises(KeyError):
        files.replace(place, broken())
    assert (git_repo / "out.txt").read_bytes() == b"onetwo"


def test_a_receipt_is_looked_for_in_every_worktree_and_on_its_branch(git_repo: Path, workspace: Any) -> None:
    git(git_repo, "worktree", "add", "-q", "../other", "-b", "agent/b/x")
    (git_repo.parent / "other" / "there.txt").write_text("x")
    (git_repo / "_report/session/a").mkdir(parents=True)
    (git_repo / "_report/session/a/tail.txt").write_text("x")
    git(git_repo, "checkout", "-q", "-b", "agent/c/y")
    (git_repo / "on branch.txt").write_text("x")
    git(git_repo, "add", "on branch.txt")
    git(git_repo, "commit", "-qm", "x")
    git(git_repo, "checkout", "-q", "main")
    wanted = {
        ("README.md#part", ""): "here",
        ("there.txt", ""): "here",
        ("_report/session/a/tail.txt", ""): "local",
        ("on branch.txt", "agent/c/y"): "on branch agent/c/y",
        ("on branch.txt", "agent/b/x"): "missing",
        ("on branch.txt", "no such branch"): "missing",
        ("../home", "main"): "missing",
        ("a\nb", "main"): "missing",
    }
    assert locate.find(workspace, wanted) == wanted
