"""A session in odd surroundings: no home, no place for temporary files, closed streams, a path of any characters."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git

SESSION = [
    ("", "init", "--agent", "codex-1"),
    ("agent.session_boot", "--sync-allow-dirty"),
    ("agent.bus_claim", "claim", "--task", "T-1"),
    ("agent.receipt_run", "--task", "T-1", "--", "true"),
]
NOWHERE = "/nonexistent/folder"

Spawn = Callable[..., "subprocess.CompletedProcess[str]"]


def play(spawn: Spawn, folder: Path, **options: Any) -> None:
    """Begins a session and takes a task; each command must end with 0."""
    (folder / "queue").mkdir(parents=True)
    (folder / "queue/001-a.md").write_text("# Task: A\n")
    git(folder, "init", "-q", "-b", "main")
    for name, *words in SESSION:
        done = spawn("-m", f"tools.{name}".rstrip("."), *words, cwd=folder, **options)
        assert done.returncode == 0, done.stderr
    assert '"codex-1"' in (folder / "_bus/claims/T-1.json").read_text()


@pytest.mark.parametrize("changes", [{"HOME": ""}, {"HOME": NOWHERE}, {"TMPDIR": NOWHERE}], ids=str)
def test_a_session_needs_no_home_and_no_folder_for_temporary_files(
    spawn: Spawn, tmp_path: Path, changes: dict[str, str]
) -> None:
    play(spawn, tmp_path / "repo", env={**os.environ, **changes})


@pytest.mark.parametrize("name", ["-rf", "a\nb", "q'u\"o$t`e", "%s{}é漢"])
def test_a_session_goes_on_at_a_path_of_any_characters(spawn: Spawn, tmp_path: Path, name: str) -> None:
    play(spawn, tmp_path / name)
