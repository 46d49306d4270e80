"""A repository with some history, and a git that answers what a test wants it to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import git


@pytest.fixture
def history_repo(git_repo: Path) -> str:
    """Two branches that each have a commit of their own, and work in the checkout; its folder."""
    git(git_repo, "switch", "-qc", "side")
    (git_repo / "sidé.txt").write_text("side\n")
    git(git_repo, "add", "-A")
    git(git_repo, "commit", "-qm", "side")
    git(git_repo, "switch", "-q", "main")
    (git_repo / "README.md").write_text("# changed\n")
    (git_repo / "a b.txt").write_text("main\n")
    git(git_repo, "add", "-A")
    git(git_repo, "commit", "-qm", "main")
    (git_repo / "a b.txt").write_text("work\n")
    (git_repo / "néw.txt").write_text("new\n")
    return str(git_repo)


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Puts a git first in PATH that gives one answer to everything: `answering(b"Good")`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\ncat '{folder}/answer'\n")
    (folder / "git").chmod(0o755)

    def answer(out: bytes) -> None:
        (folder / "answer").write_bytes(out)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return answer
