"""The verdict before a push: every check says why, and a failed one how to repair it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import git


@pytest.fixture
def branch(git_repo: Path, seat, run) -> Path:
    """A branch of codex-1 with a claim on it."""
    (git_repo / ".gitignore").write_text("/_bus/\n/_report/\n/AGENT_MANIFEST*.json\n")
    git(git_repo, "add", ".gitignore")
    git(git_repo, "commit", "-qm", "ignore")
    git(git_repo, "switch", "-qc", "agent/codex-1/t-1")
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "T-1")
    return git_repo


def verdict(run, *arguments: str, code: int = 0) -> dict[str, dict]:
    document = json.loads(run("agent.push_ready", *arguments, code=code).out)
    assert document["ready"] is (code == 0)
    return {check["name"]: check for check in document["checks"]}


def test_a_clean_branch_with_its_claim_is_ready(branch, run):
    checks = verdict(run)
    assert {check["status"] for check in checks.values()} == {"pass"}
    assert "fence 1" in checks["claim"]["detail"]


def test_uncommitted_work_is_not(branch, run):
    (branch / "README.md").write_text("changed\n")
    assert "README.md" in verdict(run, code=1)["tree"]["detail"]


def test_another_branch_needs_to_be_allowed(branch, run):
    git(branch, "switch", "-qc", "hotfix")
    assert verdict(run, code=1)["branch"]["status"] == "fail"
    verdict(run, "--allow-branch", "hotfix")


def test_a_claim_that_changed_hands_is_not_mine_even_if_it_came_back(branch, run, raw_bus):
    claim = json.loads(raw_bus["claims/T-1"])
    raw_bus["claims/T-1"] = json.dumps({**claim, "fence": 3}).encode()
    assert "fence 1, it is 3" in verdict(run, code=1)["claim"]["detail"]
    raw_bus["claims/T-1"] = json.dumps({**claim, "agent_id": "codex-2", "fence": 2}).encode()
    assert "codex-2" in verdict(run, code=1)["claim"]["detail"]


def test_receipts_that_a_plan_of_the_branch_cites_must_be_tracked(branch, run):
    plan = branch / "_plans/2026-01-01-x.plan.json"
    plan.parent.mkdir()
    (branch / "proof.txt").write_text("x")
    plan.write_text(json.dumps({"receipts": ["proof.txt"], "steps": [{"receipts": ["_report/other.txt#x"]}]}))
    git(branch, "add", "-A")
    git(branch, "commit", "-qm", "plan")
    detail = verdict(run, code=1)["receipts"]["detail"]
    assert "_report/other.txt" in detail and "proof.txt" not in detail


def test_required_receipts_are_there_and_tracked(branch, run):
    assert "does not exist" in verdict(run, "--require-receipt", "_report/r.json", code=1)["required"]["detail"]
    (branch / "_report").mkdir(exist_ok=True)
    (branch / "_report/r.json").write_text("{}")
    assert "git add" in verdict(run, "--require-test", "_report/r.json", code=1)["required"]["repair"]
    git(branch, "add", "-f", "_report/r.json")
    verdict(run, "--require-receipt", "_report/r.json")


def test_files_in_anothers_paths_are_a_warning(branch, run):
    run("agent.bus_claim", "release", "--task", "T-1")
    manifest = branch / "AGENT_MANIFEST.json"
    manifest.write_text('{"agent_id": "codex-2"}')
    run("agent.bus_claim", "claim", "--task", "T-2", "--paths", "docs/**")
    manifest.write_text('{"agent_id": "codex-1"}')
    (branch / "docs").mkdir()
    (branch / "docs/x.md").write_text("x")
    git(branch, "add", "-A")
    git(branch, "commit", "-qm", "docs")
    checks = verdict(run)
    assert checks["paths"]["status"] == "warn" and "codex-2" in checks["paths"]["detail"]


def test_without_a_seat_or_git_it_is_7(git_repo, run, tmp_path):
    run("agent.push_ready", code=7)
    (tmp_path / "plain/_bus").mkdir(parents=True)
    (tmp_path / "plain/AGENT_MANIFEST.json").write_text('{"agent_id": "codex-1"}')
    run("agent.push_ready", "--root", str(tmp_path / "plain"), code=7)
