"""One task and two seats in every layout of a repository that people have: exactly one of them gets it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import git

pytestmark = pytest.mark.slow

Seats = tuple[Path, Path]


def ordinary(top: Path, source: Path) -> Seats:
    git(top, "clone", "-q", str(source), "main")
    return linked(top / "main", top / "two")


def linked(main: Path, place: Path) -> Seats:
    git(main, "worktree", "add", "-q", "-b", "agent/codex-2/work", str(place))
    return main, place


def bare(top: Path, source: Path) -> Seats:
    git(top, "clone", "-q", "--bare", str(source), "project.git")
    git(top / "project.git", "worktree", "add", "-q", "-b", "agent/codex-1/work", str(top / "one"))
    git(top / "project.git", "worktree", "add", "-q", "-b", "agent/codex-2/work", str(top / "two"))
    return top / "one", top / "two"


def bare_beside_a_pointer(top: Path, source: Path) -> Seats:
    git(top, "clone", "-q", "--bare", str(source), "project/.bare")
    (top / "project/.git").write_text("gitdir: ./.bare\n")
    git(top / "project", "worktree", "add", "-q", "-b", "agent/codex-1/work", "one")
    git(top / "project", "worktree", "add", "-q", "-b", "agent/codex-2/work", "two")
    return top / "project/one", top / "project/two"


def submodule(top: Path, source: Path) -> Seats:
    git(top, "clone", "-q", str(source), "outer")
    git(top / "outer", "submodule", "--quiet", "add", str(source), "part")
    return linked(top / "outer/part", top / "two")


def git_folder_elsewhere(top: Path, source: Path) -> Seats:
    git(top, "clone", "-q", "--separate-git-dir", str(top / "kept.git"), str(source), "main")
    git(top / "main", "config", "core.worktree", str(top / "main"))
    return linked(top / "main", top / "two")


def sparse(top: Path, source: Path) -> Seats:
    main, two = ordinary(top, source)
    git(two, "sparse-checkout", "set", "src")
    return main, two


def shallow(top: Path, source: Path) -> Seats:
    git(top, "clone", "-q", "--depth", "1", f"file://{source}", "main")
    return linked(top / "main", top / "two")


def partial(top: Path, source: Path) -> Seats:
    git(source, "config", "uploadpack.allowFilter", "true")
    git(source, "config", "uploadpack.allowAnySHA1InWant", "true")  # newer git asks for what it lacks by its name
    git(top, "clone", "-q", "--filter=blob:none", f"file://{source}", "main")
    return linked(top / "main", top / "two")


def inside(top: Path, source: Path) -> Seats:
    git(top, "clone", "-q", str(source), "main")
    return linked(top / "main", top / "main/.claude/worktrees/two")


def another_name(top: Path, source: Path) -> Seats:
    git(source, "branch", "-m", "trunk")
    git(top, "clone", "-q", "-o", "hub", str(source), "main")
    return linked(top / "main", top / "two")


def sha256(top: Path, source: Path) -> Seats:
    git(top, "init", "-q", "--object-format=sha256", "main")
    git(top / "main", "commit", "-q", "--allow-empty", "-m", "begin")
    return linked(top / "main", top / "two")


LAYOUTS = [
    ordinary, bare, bare_beside_a_pointer, submodule, git_folder_elsewhere, sparse, shallow, partial, inside,
    another_name, sha256,
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_of_two_seats_one_gets_the_task_in_every_layout(
    layout: Callable[[Path, Path], Seats], git_repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "field").mkdir()
    one, two = layout(tmp_path / "field", git_repo)
    for folder, agent in ((one, "codex-1"), (two, "codex-2")):
        teof(folder, "init", "--agent", agent)
    teof(one, "bus_claim", "claim", "--task", "QUEUE-001")
    assert "codex-1" in teof(two, "bus_claim", "claim", "--task", "QUEUE-001", code=4)
    teof(two, "bus_sync")


def teof(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run([sys.executable, "-m", "tools", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, f"{' '.join(words)}: {done.returncode}, {done.stdout}{done.stderr}"
    return done.stdout + done.stderr
