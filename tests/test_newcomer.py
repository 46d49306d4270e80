"""The playbook's loop, from sync to wrap, typed by a newcomer in a repository that has nothing of the toolkit's."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git

pytestmark = pytest.mark.slow

Teof = Callable[..., str]


@pytest.fixture
def teof(monkeypatch: pytest.MonkeyPatch, run: Any) -> Iterator[Teof]:
    """Runs a command in a folder, as it is typed there; returns what it printed."""

    def call(folder: Path, line: str, *words: str, code: int = 0) -> str:
        monkeypatch.chdir(folder)
        name, *rest = line.split()
        module = name if "." in name else f"agent.{name}"
        printed: str = run(module, *rest, *words, code=code).out
        return printed

    yield call


@pytest.fixture
def project(git_repo: Path, tmp_path: Path, spawn: Any) -> Path:
    """A project with a remote and a backlog of one task, its main checkout a manager's."""
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(git_repo, "remote", "add", "origin", "../hub.git")
    assert spawn("-m", "tools", "init", "--agent", "boss", "--role", "manager").returncode == 0
    (git_repo / "queue/001-hello.md").write_text("# Task: Say hello\nStatus: open\nPriority: high\n")
    commit(git_repo, "Make ready")
    git(git_repo, "push", "-qu", "origin", "main")
    git(git_repo, "worktree", "add", "-q", "../codex-1", "-b", "agent/codex-1/work")
    return git_repo


def commit(folder: Path, subject: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", subject)


def begin(teof: Teof, project: Path, own: Path) -> str:
    """Steps 1 to 7: sync, announce, assign, look, check the heartbeats, pick up, plan. Returns the plan's id."""
    git(own, "pull", "-q", "origin", "main")
    teof(project, "session_boot --agent boss --focus manager")
    teof(own, "session_boot --agent codex-1 --focus engineer")
    teof(own, "manifest_helper session-save early")
    teof(own, "planner.cli new hello --scaffold --summary", "Say hello")
    plan = next((own / "_plans").glob("*.plan.json")).name.removesuffix(".plan.json")
    teof(project, f"task_assign --task QUEUE-001 --engineer codex-1 --plan {plan}")
    teof(own, "bus_event log --event status --task QUEUE-001 --summary", "on it")
    teof(own, "coord_dashboard report")
    teof(own, "bus_heartbeat --manager-window 30 --dry-run")
    teof(own, "idle_pickup list")
    teof(own, f"bus_claim claim --task QUEUE-001 --plan {plan}")
    return plan


def work(teof: Teof, own: Path, plan: str) -> None:
    """Steps 8 to 10: implement, with evidence; log; open the pull request."""
    (own / "hello.txt").write_text("hello\n")
    teof(own, "receipt_run --name tests -- grep -q hello hello.txt")
    commit(own, "Say hello")
    receipt = next((own / "_report/runner/codex-1").glob("*.json")).relative_to(own)
    teof(own, f"planner.cli attach-receipt {plan} S1 --file {receipt}")
    teof(own, f"planner.cli step set {plan} S1 --status done")
    teof(own, f"planner.cli attach-receipt {plan} --file {receipt}")
    teof(own, f"planner.cli checkpoint {plan} --status satisfied")
    teof(own, f"planner.cli status {plan} done")
    teof(own, "planner.validate --strict")
    commit(own, "Prove it")
    teof(own, f"bus_event log --event pr_opened --task QUEUE-001 --receipt {receipt} --summary", "a draft")
    git(own, "push", "-qu", "origin", "agent/codex-1/work")


def end(teof: Teof, project: Path, own: Path) -> None:
    """Steps 11 to 13: the manager's reports, preflight, release and wrap; then the manager merges."""
    teof(project, "manager_report --log-heartbeat --heartbeat-shift mid")
    teof(own, "preflight")
    teof(own, "bus_claim release --task QUEUE-001 --status done")
    teof(own, "task_sync")
    reflection = own / "_report/agent/codex-1/reflections/today.md"
    reflection.parent.mkdir()
    reflection.write_text("# Reflection\n\nIt went well.\n")
    commit(own, "Reflect")
    teof(own, "session_boot --focus idle --summary", "session wrap")
    teof(own, "bus_sync --push")
    git(project, "merge", "-q", "agent/codex-1/work")


def test_a_newcomer_ends_with_a_green_board_and_a_green_preflight(teof: Teof, project: Path, tmp_path: Path) -> None:
    own = tmp_path / "codex-1"
    work(teof, own, begin(teof, project, own))
    end(teof, project, own)
    for folder in (project, own):
        assert "GREEN: no alerts." in teof(folder, "coord_dashboard report")
        assert "OK: 0 errors, 0 warnings" in teof(folder, "preflight")
    assert git(own, "status", "--porcelain") == ""


def test_a_first_claim_in_a_repository_without_a_bus_needs_no_reading(git_repo: Path, spawn: Any) -> None:
    """What is refused names the next command, until one works."""
    line = "bus_claim claim --task T-1"
    for _ in range(4):
        done = spawn("-m", f"tools.agent.{line.split()[0]}", *line.split()[1:])
        if done.returncode == 0:
            return
        hint = done.stderr.rpartition("hint: ")[2].splitlines()[0].replace('"…"', "codex-1")
        subprocess.run(["bash", "-c", hint], cwd=git_repo, check=True, capture_output=True)
    raise AssertionError(done.stderr)
