"""`preflight` notices everything CI promises to notice, in one run; CI and the hooks run the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHECKOUT, RawBus, git

Run = Callable[..., Any]
PLAN = "_plans/2026-01-01-login.plan.json"
PROOF = "_report/agent/codex-1/proof.json"


def write(path: Path, content: Any) -> None:
    """Writes text, or anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2) + "\n")


def commit(repo: Path) -> None:
    """Commits everything."""
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "work")


@pytest.fixture
def repo(git_repo: Path, seat: Callable[..., Path], run: Run) -> Path:
    """A good branch: a booted seat, a claim, a plan with its receipt, a memory log, a backlog, a ledger, links."""
    seat("codex-1")
    write(git_repo / ".gitignore", "_bus/.cache/\n_report/session/\n/AGENT_MANIFEST.json\nignored/\n")
    commit(git_repo)
    git(git_repo, "switch", "-qc", "agent/codex-1/login")
    run("agent.bus_event", "log", "--event", "handshake", "--extra", "focus=engineer")
    run("agent.bus_claim", "claim", "--task", "QUEUE-001")
    run("maintenance.memory_log", "add", "--summary", "first")
    run("maintenance.memory_log", "add", "--summary", "second")
    write(git_repo / PROOF, {"ok": True})
    write(git_repo / "queue/001-login.md", "# Task: Log in\n")
    write(git_repo / "_report/ledger.csv", "id,agent,timestamp\nD-1,codex-1,2026-01-01T00:00:00Z\n")
    write(
        git_repo / PLAN,
        {
            "version": 0,
            "plan_id": "2026-01-01-login",
            "created": "2026-01-01T00:00:00Z",
            "actor": "codex-1",
            "summary": "log in",
            "status": "in_progress",
            "steps": [{"id": "S1", "title": "do", "status": "done", "notes": "", "receipts": [PROOF]}],
            "checkpoint": {"description": "d", "owner": "codex-1", "status": "pending"},
            "receipts": [],
            "links": [{"type": "queue", "ref": "queue/001-login.md"}],
        },
    )
    commit(git_repo)
    return git_repo


def edit(path: Path, old: str, new: str) -> None:
    """Replaces a text in a file that has it."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def cite(bus: RawBus, path: str) -> None:
    """Makes the first event cite a receipt."""
    bus["events"] = (bus["events"] or b"").replace(b'"summary"', f'"receipts":["{path}"],"summary"'.encode(), 1)


def untrack(repo: Path) -> None:
    """Takes the proof out of git and leaves it on the disk."""
    git(repo, "rm", "-q", "--cached", PROOF)
    git(repo, "commit", "-qm", "untracked")


BREAKS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a receipt that is gone": (lambda r: (r / PROOF).unlink(), "plan.invalid", PLAN),
    "a receipt that is not tracked": (untrack, "plan.invalid", PLAN),
    "a receipt that does not parse": (lambda r: write(r / PROOF, "{"), "plan.invalid", PLAN),
    "a receipt outside": (lambda r: edit(r / PLAN, PROOF, "../x.json"), "plan.invalid", PLAN),
    "a plan that is no JSON": (lambda r: write(r / PLAN, "{"), "plan.invalid", PLAN),
    "a plan done with open steps": (lambda r: edit(r / PLAN, '"in_progress"', '"done"'), "plan.invalid", PLAN),
    "a status in an old spelling": (lambda r: edit(r / PLAN, '"in_progress"', '"in-progress"'), "plan.hygiene", PLAN),
    "an event that is none": (
        lambda r: RawBus(r).add("events", b"{}"),
        "record.shape",
        "_bus/events",
    ),
    "a claim that is none": (
        lambda r: RawBus(r).__setitem__("claims/QUEUE-001", b"{"),
        "file.unreadable",
        "_bus/claims",
    ),
    "a receipt the bus cites": (
        lambda r: cite(RawBus(r), "no/such.txt"),
        "receipt.missing",
        "_bus/events",
    ),
    "a changed memory": (lambda r: edit(r / "memory/log.jsonl", "second", "third"), "memory.chain", "memory/log.jsonl"),
    "a queue number used twice": (lambda r: write(r / "queue/001-b.md", "# Task: b\n"), "queue.item", "queue/001"),
    "a ledger row that does not fit": (lambda r: write_line(r / "_report/ledger.csv", "D-2"), "ledger.row", "_report/"),
    "a link to nowhere": (
        lambda r: write(
            r / "docs/quick-links.json",
            {"version": 0, "links": [{"id": "a", "title": "A", "summary": "s", "path": "docs/none.md", "anchor": ""}]},
        ),
        "links.broken",
        "docs/quick-links.json",
    ),
    "a seat that never booted": (
        lambda r: write(r / "AGENT_MANIFEST.json", {"agent_id": "x"}),
        "seat.not_booted",
        "AGENT",
    ),
}


def write_line(path: Path, line: str) -> None:
    """Appends a line."""
    with path.open("a") as log:
        log.write(line + "\n")


def rules(run: Run, *arguments: str, code: int = 1) -> set[tuple[str, str]]:
    """The rule and path of every error."""
    found = run("agent.preflight", "--json", *arguments, code=code).json["findings"]
    return {(part["rule"], part["path"]) for part in found if part["severity"] == "error"}


def test_a_good_branch_passes_and_says_what_was_looked_at(repo: Path, run: Run) -> None:
    out = run("agent.preflight").out
    assert "plans: ok" in out and "links: skipped (no docs/quick-links.json)" in out and "OK: 0 errors" in out
    assert rules(run, "--all", "--base", "main", code=0) == set()


@pytest.mark.parametrize("name", BREAKS)
def test_each_way_of_breaking_it_is_noticed(name: str, repo: Path, run: Run) -> None:
    change, rule, path = BREAKS[name]
    change(repo)
    assert any(found == rule and where.startswith(path) for found, where in rules(run))


def test_all_that_is_wrong_is_said_in_one_run(repo: Path, run: Run) -> None:
    broken = ["a status in an old spelling", "a changed memory", "a queue number used twice", "an event that is none"]
    for name in broken:
        BREAKS[name][0](repo)
    found = {rule for rule, _ in rules(run)}
    assert {BREAKS[name][1] for name in broken} <= found


def test_plans_that_did_not_change_are_left_alone_unless_all_are_asked_for(repo: Path, run: Run) -> None:
    edit(repo / PLAN, '"do"', '""')
    commit(repo)
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "agent/codex-1/login")
    git(repo, "switch", "-qc", "agent/codex-1/next")
    assert rules(run, code=0) == set()
    assert ("plan.invalid", PLAN) in rules(run, "--all")


@pytest.mark.parametrize("kept", [1, None])
def test_a_memory_that_lost_its_end_is_noticed_where_the_bus_is_a_branch_of_its_own(
    kept: int | None, repo: Path, run: Run
) -> None:
    git(repo, "switch", "-qc", "agent/codex-1/later")
    git(repo, "rm", "-rq", "--cached", "_bus")
    log = repo / "memory/log.jsonl"
    log.unlink() if kept is None else write(log, "".join(log.read_text().splitlines(keepends=True)[:kept]))
    commit(repo)
    assert ("record.rewritten", "memory/log.jsonl") in rules(run, "--base", "agent/codex-1/login")
    subprocess.run(fix_of(run, "record.rewritten"), shell=True, cwd=repo, check=True)
    assert len(log.read_text().splitlines()) == 2


def fix_of(run: Run, rule: str) -> str:
    """The command a finding recommends."""
    found = run("agent.preflight", "--json", "--base", "agent/codex-1/login", code=None).json["findings"]
    return next(str(part["fix"]) for part in found if part["rule"] == rule)


def test_what_the_base_has_wrong_already_is_only_noted(repo: Path, run: Run) -> None:
    write(repo / "queue/001-b.md", "# Task: b\n")
    write_line(repo / "_report/ledger.csv", "D-2")
    commit(repo)
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "agent/codex-1/login")
    git(repo, "switch", "-qc", "agent/codex-1/next")
    assert rules(run, code=0) == set()
    assert {rule for rule, _ in rules(run, "--all")} == {"queue.item", "ledger.row"}


def test_on_the_real_history_nothing_of_what_it_is_known_for_is_missed(history: Path, run: Run) -> None:
    git(history, "init", "-q")
    git(history, "add", "-A")
    git(history, "commit", "-qm", "history")
    found = run("agent.preflight", "--root", str(history), "--all", "--json", code=1).json["findings"]
    by_rule = {part["rule"] for part in found}
    assert {
        "plan.invalid",
        "ledger.columns",
        "memory.chain",
        "memory.unhashed",
    } <= by_rule and "check.impossible" not in by_rule
    (history / "queue/031-again.md").write_text("# Task: again\n")
    again = run("agent.preflight", "--root", str(history), "--all", "--json", code=1).json["findings"]
    assert "queue/031-consensus-receipts.md" in [part["path"] for part in again if part["rule"] == "queue.item"]


def test_without_a_seat_the_seat_is_skipped(repo: Path, run: Run) -> None:
    (repo / "AGENT_MANIFEST.json").unlink()
    assert "seat: skipped" in run("agent.preflight").out


def test_a_session_that_signed_off_after_its_work_is_only_noted(repo: Path, run: Run) -> None:
    run("agent.bus_event", "log", "--event", "handshake", "--extra", "focus=idle")
    found = {part["rule"]: part["severity"] for part in run("agent.preflight", "--json", code=None).json["findings"]}
    assert found["seat.signed_off"] == "note" and "seat.not_booted" not in found


def test_without_git_it_fails_with_the_reason(tmp_path: Path, run: Run) -> None:
    write(tmp_path / "plain" / PLAN, {})
    done = run("agent.preflight", "--root", str(tmp_path / "plain"), "--base", "main", code=1)
    assert "check.impossible" in done.out or "plan.git" in done.out


def test_where_the_bus_is_a_branch_of_the_remote_that_branch_is_checked(repo: Path, run: Run, tmp_path: Path) -> None:
    write(repo / "_bus/claims/QUEUE-001.json", "{")
    commit(repo)
    bus = git(repo, "commit-tree", git(repo, "rev-parse", "HEAD:_bus"), "-m", "bus")
    git(repo, "branch", "bus", bus)
    git(tmp_path, "clone", "-q", "-b", "main", f"file://{repo}", "ci")
    found = run("agent.preflight", "--root", str(tmp_path / "ci"), "--json", code=1).json
    assert found["sections"]["bus"] == "1 error"


def test_the_shell_script_runs_the_same_without_an_active_environment(repo: Path) -> None:
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(repo.parent)}
    command = ["bash", str(CHECKOUT / "tools/agent/preflight.sh"), "--format", "github"]
    good = subprocess.run(command, cwd=repo, env=environment, capture_output=True, text=True, timeout=60)
    assert (good.returncode, good.stderr) == (0, "")
    write_line(repo / "_bus/events/events.jsonl", "{}")
    bad = subprocess.run(command, cwd=repo, env=environment, capture_output=True, text=True, timeout=60)
    assert bad.returncode == 1 and "::error file=_bus/events/events.jsonl,line=" in bad.stdout


# -- what runs it ------------------------------------------------------------------------------------


def test_the_workflow_runs_the_same_preflight_and_trusts_no_text_of_a_pull_request() -> None:
    text = (CHECKOUT / ".github/workflows/coordination.yml").read_text()
    commands = re.findall(r"(?:run: |^ +)((?:tools/agent/preflight\.sh|\.ci/run|\.venv/bin/python).*)$", text, re.M)
    assert [command.split()[0] for command in commands] == ["tools/agent/preflight.sh", ".ci/run", ".venv/bin/python"]
    for command in commands:
        assert "${{" not in command
    assert "fetch-depth: 0" in text and "contents: read" in text


@pytest.mark.parametrize("option", ["--base", "--format", "--all"])
def test_what_the_workflow_and_the_playbook_pass_is_understood(option: str, run: Run) -> None:
    assert option in run("agent.preflight", "--help").out


def test_every_hook_names_a_command_that_takes_its_options(run: Run) -> None:
    entries = re.findall(r"^  entry: teof (\S+)(.*)$", (CHECKOUT / ".pre-commit-hooks.yaml").read_text(), re.M)
    assert len(entries) == 7
    for name, options in entries:
        help_text = run(name if "." in name else f"agent.{name}", "--help").out
        assert all(option in help_text for option in options.split())
