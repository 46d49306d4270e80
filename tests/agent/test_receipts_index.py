"""The index lists plans, files of evidence and messages, says what is missing, and leaves itself out."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tests.core.plans.test_rules import NAME, PROOF, good

INDEX = "agent.receipts_index"


@pytest.fixture
def repo(git_repo: Path, seat: Callable[..., Path], run: Callable[..., Any]) -> Path:
    """A plan that cites one receipt that is there and one that is not, and messages that do the same."""
    seat("codex-1")
    (git_repo / "_plans").mkdir()
    (git_repo / PROOF).parent.mkdir(parents=True)
    (git_repo / PROOF).write_text("{}\n")
    plan = {**good(), "receipts": [PROOF, "gone.txt"]}
    (git_repo / "_plans" / f"{NAME}.plan.json").write_text(json.dumps(plan))
    git(git_repo, "add", "_plans", "_report")
    git(git_repo, "commit", "-qm", "a plan")
    say = ["--task", "T-1", "--type", "note", "--summary"]
    run("agent.bus_message", *say, "here", "--receipt", PROOF)
    run("agent.bus_message", *say, "gone", "--receipt", "absent.txt")
    run("agent.bus_message", *say, "no receipt")
    return git_repo


def records(text: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in text.splitlines():
        record = json.loads(line)
        found.setdefault(record["kind"], []).append(record)
    return found


def test_the_index_tells_of_plans_files_and_messages(repo: Path, run: Callable[..., Any]) -> None:
    text = run(INDEX).out
    found = records(text)
    assert json.loads(text.splitlines()[0])["kind"] == "summary"
    (plan,) = found["plan"]
    assert plan["missing"] == ["gone.txt"]
    assert plan["steps"][0]["receipts"] == [{"path": PROOF, "exists": True, "tracked": True, "standing": "unverified"}]
    (proof,) = [row for row in found["receipt"] if row["path"] == PROOF]
    assert proof["sha256"] == hashlib.sha256(b"{}\n").hexdigest() and proof["size"] == 3
    assert proof["tracked"] is True and proof["committed_at"].endswith("Z")
    assert proof["referenced_by"] == [NAME, "T-1"]
    assert [row["missing"] for row in found["message"]] == [[], ["absent.txt"]]
    assert found["summary"][0]["missing"] == 2


def test_evidence_made_by_running_is_told_apart(repo: Path, run: Callable[..., Any]) -> None:
    path = run("agent.receipt_run", "--json", "--", "echo", "x").json["path"]
    found = {row["path"]: row for row in records(run(INDEX).out)["receipt"]}
    assert (found[path]["standing"], found[path]["tracked"], found[path]["committed_at"]) == ("verified", False, None)
    (repo / path.replace(".json", ".log")).write_text("y")
    assert {row["path"]: row for row in records(run(INDEX).out)["receipt"]}[path]["standing"] == "broken"


def test_a_receipt_on_its_records_branch_is_not_missing(repo: Path, run: Callable[..., Any]) -> None:
    git(repo, "checkout", "-q", "-b", "agent/codex-1/t-1")
    (repo / "on branch é.txt").write_text("x")
    git(repo, "add", "on branch é.txt")
    git(repo, "commit", "-qm", "evidence")
    git(repo, "checkout", "-q", "main")
    said = ["--task", "T-2", "--type", "note", "--summary", "x", "--branch", "agent/codex-1/t-1"]
    run("agent.bus_message", *said, "--receipt", "on branch é.txt")
    rows = [row for row in records(run(INDEX).out)["message"] if row["thread"] == "T-2"]
    assert rows[0]["receipts"][0]["where"] == "on branch agent/codex-1/t-1" and rows[0]["missing"] == []


@pytest.mark.parametrize("branch", ["agent/x/#12-fix", "a=b", "me@host", "it's", "(x)", "a,b&c", "100%", "grün"])
def test_a_receipt_is_looked_for_on_every_branch_that_git_allows(repo, run, branch):
    git(repo, "checkout", "-q", "-b", branch)
    (repo / "there.txt").write_text("x")
    git(repo, "add", "there.txt")
    git(repo, "commit", "-qm", "evidence")
    git(repo, "checkout", "-q", "main")
    run("agent.bus_event", "log", "--event", "note", "--summary", "x", "--branch", branch, "--receipt", "there.txt")
    assert "there.txt" not in run(INDEX, "--missing").out


def test_a_receipt_is_looked_for_at_a_remote_of_any_name(repo, run):
    git(repo, "checkout", "-q", "-b", "work")
    (repo / "there.txt").write_text("x")
    git(repo, "add", "there.txt")
    git(repo, "commit", "-qm", "evidence")
    git(repo, "update-ref", "refs/remotes/upstream/work", "work")
    git(repo, "checkout", "-q", "main")
    git(repo, "branch", "-D", "work")
    git(repo, "remote", "add", "upstream", "nowhere")
    run("agent.bus_event", "log", "--event", "note", "--summary", "x", "--branch", "work", "--receipt", "there.txt")
    assert "there.txt" not in run(INDEX, "--missing").out


def test_an_inbox_copy_is_the_same_message(repo: Path, run: Callable[..., Any]) -> None:
    said = ["--task", "T-3", "--type", "note", "--summary", "x", "--receipt", PROOF]
    run("agent.bus_message", *said, "--target", "codex-2")
    assert [row["thread"] for row in records(run(INDEX).out)["message"]] == ["T-1", "T-1", "T-3"]


@pytest.mark.parametrize("output", ["receipts-index.jsonl", "_report/mine.jsonl"])
def test_the_index_leaves_itself_out(repo: Path, run: Callable[..., Any], output: str) -> None:
    path = repo / (output if "/" in output else f"_report/usage/{output}")
    run(INDEX, "--output", output)
    first = path.read_text()
    run(INDEX, "--output", output)
    assert path.read_text() == first
    assert output not in first


def test_what_is_missing_is_a_table_for_people(repo: Path, run: Callable[..., Any]) -> None:
    lines = run(INDEX, "--missing").out.splitlines()
    assert [line.split()[-1] for line in lines] == ["state", "-------", "missing", "missing"]
    assert lines[2].split()[:2] == [NAME, "gone.txt"]


def test_bad_lines_are_named_and_skipped(repo: Path, run: Callable[..., Any], raw_bus: Any) -> None:
    raw_bus.add("messages/T-1", b"nonsense")
    assert "_bus/messages/T-1.jsonl:4" in run(INDEX).err


def test_without_git_nothing_is_tracked_and_the_index_still_comes(history: Path, run: Callable[..., Any]) -> None:
    found = records(run(INDEX, "--root", str(history)).out)
    assert len(found["plan"]) == 9 and found["summary"][0]["tracked"] == 0


def test_memory_does_not_grow_with_the_size_of_evidence_or_the_log(repo: Path) -> None:
    with (repo / "_report/large.bin").open("wb") as large:
        large.truncate(256 << 20)
    line = json.dumps({"from": "a", "type": "note", "summary": "x" * 20_000, "ts": "2026-01-02T03:04:05Z"})
    with (repo / "_bus/messages/T-9.jsonl").open("w") as thread:
        thread.writelines(f"{line}\n" for _ in range(4000))
    script = (
        "import sys\nfrom tools.core.cli import app as cli\nfrom tools.agent.receipts_index import main\n"
        "assert cli.call(main, ['--output', 'x.jsonl']) == 0\n"
        "peak = [line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')]\n"
        "print(*peak, file=sys.stderr)\n"  # not ru_maxrss, which counts what the test's own process had
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=repo, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stderr.split()[-1]) < 80_000 + resource.getpagesize()  # KiB; the data are 330,000
