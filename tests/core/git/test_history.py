"""When files came into the history, and which contents they had."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import git
from tools.core.git import history


def commit(folder: Path, name: str, text: str) -> int:
    """Commits a file; the second in which it was."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", name)
    return int(git(folder, "log", "-1", "--format=%ct"))


def test_a_file_came_with_the_first_commit_that_had_it(git_repo: Path) -> None:
    moment = commit(git_repo, "sub/a b.txt", "one")
    commit(git_repo, "sub/a b.txt", "two")
    commit(git_repo, "other.txt", "one")
    found = history.first_commits(str(git_repo), ["sub"])
    assert {path: int(at.timestamp()) for path, at in found.items()} == {"sub/a b.txt": moment}


def test_nothing_came_where_nothing_was_committed(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "fresh")
    assert history.first_commits(str(tmp_path / "fresh"), ["a"]) == {}
    assert list(history.versions(str(tmp_path / "fresh"), ["HEAD"], ".")) == []


def test_a_name_that_begins_with_a_line_end_or_a_letter_of_control_is_a_name(git_repo: Path) -> None:
    names = ["\nline", "\x011700000000", "plain"]
    for name in names:
        (git_repo / name).write_text(name)
    git(git_repo, "add", "-A")
    git(git_repo, "commit", "-qm", "names")
    assert set(history.first_commits(str(git_repo), names)) >= {"\x011700000000", "plain"}


def test_every_content_of_a_file_on_the_named_branches_is_a_version(git_repo: Path) -> None:
    commit(git_repo, "log", "one")
    git(git_repo, "switch", "-qc", "side")
    commit(git_repo, "log", "two")
    git(git_repo, "switch", "-q", "main")
    git(git_repo, "rm", "-q", "log")
    git(git_repo, "commit", "-qm", "gone")
    (git_repo / "link").symlink_to("README.md")
    git(git_repo, "add", "link")
    git(git_repo, "commit", "-qm", "link")
    versions = list(history.versions(str(git_repo), ["main", "side", "refs/heads/none"], "."))
    assert [path for path, _ in history.versions(str(git_repo), ["main"], ".")].count("log") == 1
    assert list(history.versions(str(git_repo), ["main"], "folder")) == []
    contents = [git(git_repo, "cat-file", "blob", blob) for path, blob in versions if path == "log"]
    assert sorted(contents) == ["one", "two"] and "link" not in dict(versions)
