"""A run leaves evidence that can be verified, and ends as its command did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tools.core.fs import locks
from tools.core.models import validate
from tools.core.models.evidence import RunReceipt
from tools.core.receipts import verify
from tools.core.workspace import Place, Workspace

RUN = "agent.receipt_run"


@pytest.fixture
def repo(git_repo: Path, seat: Callable[..., Path]) -> Path:
    """A checkout of codex-1."""
    seat("codex-1")
    return git_repo


def shell(run: Callable[..., Any], script: str, *options: str, code: int = 0) -> Any:
    return run(RUN, *options, "--", "sh", "-c", script, code=code)


def receipt_of(repo: Path, answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((repo / answer.json["path"]).read_text())
    return found


def test_the_output_is_shown_and_the_exit_status_passed_on(repo: Path, run: Callable[..., Any]) -> None:
    answer = shell(run, "echo out; echo err >&2; exit 3", code=3)
    assert answer.out == "out\nerr\n"
    (log,) = (repo / "_report/runner/codex-1").glob("*.log")
    assert log.read_text() == "out\nerr\n"


def test_the_receipt_is_strictly_valid_and_says_what_happened(repo: Path, run: Callable[..., Any]) -> None:
    answer = shell(run, "printf abc", "--json", "--task", "T-1", "--name", "My Test")
    receipt = receipt_of(repo, answer)
    assert validate.problems(RunReceipt, receipt) == []
    assert receipt["command"] == ["sh", "-c", "printf abc"] and receipt["exit_status"] == 0
    assert receipt["commit"] == git(repo, "rev-parse", "HEAD") and receipt["tree_sha"] == git(
        repo, "rev-parse", "HEAD^{tree}"
    )
    assert receipt["output_bytes"] == 3 and receipt["agent_id"] == "codex-1" and receipt["task_id"] == "T-1"
    assert answer.json["path"].endswith("-my-test.json")


def test_dirt_is_what_was_there_before_and_not_our_own(repo: Path, run: Callable[..., Any]) -> None:
    assert receipt_of(repo, shell(run, "true", "--json"))["dirty"] is False
    assert receipt_of(repo, shell(run, "echo x > new.txt", "--json"))["dirty"] is False
    assert receipt_of(repo, shell(run, "true", "--json"))["dirty"] is True


def test_a_checkout_without_a_commit_or_without_git_can_run_too(tmp_path: Path, run: Callable[..., Any]) -> None:
    bare = tmp_path / "bare"
    (bare / "_bus").mkdir(parents=True)
    for _ in range(2):
        path = run(RUN, "--agent", "a", "--root", str(bare), "--json", "--", "true").json["path"]
        assert "commit" not in json.loads((bare / path).read_text())
        git(bare, "init", "-q")


def test_output_comes_as_it_is_made(repo: Path) -> None:
    script = "import sys; print('first', flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-m", "tools.agent.receipt_run", "--", sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=repo,
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        assert child.stdout.readline() == b"first\n"  # it still waits for a line, so nothing was held back
        child.stdin.write(b"go\n")
        child.stdin.close()
        assert child.wait(timeout=30) == 0


def test_bytes_that_are_no_text_pass_untouched(repo: Path, spawn: Callable[..., Any]) -> None:
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 1000)"
    arguments = [sys.executable, "-m", "tools.agent.receipt_run", "--", sys.executable, "-c", script]
    done = subprocess.run(arguments, cwd=repo, capture_output=True, timeout=60)
    assert done.stdout == bytes(range(256)) * 1000


def test_a_command_killed_by_a_signal_ends_as_in_a_shell(repo: Path, run: Callable[..., Any]) -> None:
    shell(run, "kill -9 $$", code=137)
    (path,) = (repo / "_report/runner/codex-1").glob("*.json")
    assert json.loads(path.read_text())["exit_status"] == 137


def test_what_cannot_be_run_leaves_no_evidence(repo: Path, run: Callable[..., Any]) -> None:
    assert "error:" in run(RUN, "--", "no-such-command", code=7).err
    assert not list((repo / "_report/runner/codex-1").glob("*"))


def test_a_run_is_attached_to_its_step_and_staged(repo: Path, run: Callable[..., Any]) -> None:
    (repo / ".gitignore").write_text("*.log\n")
    plan = run("planner.cli", "new", "p", "--summary", "x", "--json").json["plan_id"]
    path = shell(run, "exit 4", "--plan", plan, "--step", "S1", "--json", code=4)
    path = json.loads(path.out)["path"]
    assert json.loads((repo / "_plans" / f"{plan}.plan.json").read_text())["steps"][0]["receipts"] == [path]
    assert set(git(repo, "ls-files", "_report").split("\n")) == {path, path.replace(".json", ".log")}
    run("planner.validate", "--strict")


def test_a_wrong_plan_or_step_is_refused_before_anything_runs(repo: Path, run: Callable[..., Any]) -> None:
    plan = run("planner.cli", "new", "p", "--summary", "x", "--json").json["plan_id"]
    shell(run, "echo > ran", "--plan", "2020-01-01-none", code=2)
    shell(run, "echo > ran", "--plan", plan, "--step", "S9", code=2)
    shell(run, "echo > ran", "--step", "S1", code=2)
    assert not (repo / "ran").exists()


def test_verify_tells_verified_unverified_and_broken_apart(repo: Path, run: Callable[..., Any]) -> None:
    path = shell(run, "echo hello", "--json").json["path"]
    by_hand = repo / "_report/runner/codex-1/by-hand.json"
    by_hand.write_text('{"tests": "all passed"}\n')
    rows = run(RUN, "verify", path, str(by_hand), "README.md", "--json").json["receipts"]
    assert [row["standing"] for row in rows] == ["verified", "unverified", "unverified"]
    (repo / path.replace(".json", ".log")).write_text("HELLO\n")
    assert "broken" in run(RUN, "verify", path, code=1).out
    (repo / path.replace(".json", ".log")).unlink()
    run(RUN, "verify", path, code=1)
    run(RUN, "verify", "absent.json", code=1)
    run(RUN, "verify", "../outside.json", code=2)


def test_running_again_compares_how_the_command_ends(repo: Path, run: Callable[..., Any]) -> None:
    path = shell(run, "test -f README.md", "--json").json["path"]
    run(RUN, "verify", path, "--rerun")
    (repo / "README.md").unlink()
    run(RUN, "verify", path)
    assert "ends with 1, not 0" in run(RUN, "verify", path, "--rerun", code=1).out


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"command": "x"}',
        '{"command": [], "exit_status": 0}',
        "{",
        '{"command": ["x"], "exit_status": true, "output_sha256": "", "output_bytes": 1}',
    ],
)
def test_documents_of_another_kind_are_unverified(repo: Path, content: str) -> None:
    (repo / "x.json").write_text(content)
    assert verify.standing(Workspace(str(repo), str(repo)), "x.json") == verify.UNVERIFIED


def test_a_link_is_not_followed_out_of_the_repository(repo: Path, tmp_path: Path) -> None:
    (repo / "x.json").symlink_to("/etc/passwd")
    assert verify.standing(Workspace(str(repo), str(repo)), "x.json") == verify.BROKEN


def newest(repo: Path) -> dict[str, Any]:
    """The receipt of the only run."""
    (path,) = (repo / "_report/runner/codex-1").glob("*.json")
    receipt: dict[str, Any] = json.loads(path.read_text())
    return receipt


def end(repo: Path) -> None:
    """Ends the process whose id a run left in a file."""
    with suppress(ProcessLookupError):
        os.kill(int((repo / "pid").read_text()), signal.SIGKILL)


def test_a_run_ends_with_its_command_whatever_it_left_behind(repo: Path, run: Callable[..., Any]) -> None:
    answer = shell(run, "sleep 300 & echo $! > pid; echo started", "--json")
    receipt = receipt_of(repo, answer)
    end(repo)
    assert receipt["exit_status"] == 0 and receipt["output_bytes"] == len("started\n")
    assert "left behind" in str(answer.json["notes"])
    run(RUN, "verify", answer.json["path"])


def test_a_process_that_goes_on_printing_does_not_hold_a_run_up(repo: Path, run: Callable[..., Any]) -> None:
    err = shell(run, "yes & echo $! > pid; sleep 0.2; exit 3", code=3).err
    end(repo)
    assert newest(repo)["output_bytes"] > 0 and "left behind" in err


def test_all_that_a_command_printed_is_kept_and_no_other_process_is_spoken_of(
    repo: Path, run: Callable[..., Any]
) -> None:
    answer = shell(run, "head -c 3000000 /dev/zero; exec >&- 2>&-; sleep 0.3; exit 4", code=4)
    receipt = newest(repo)
    assert receipt["output_bytes"] == 3_000_000 and receipt["duration_seconds"] >= 0.3
    assert "left behind" not in answer.err


def test_an_end_is_noticed_where_the_system_has_no_descriptor_for_it(
    repo: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    for script in ("yes & echo $! > pid; sleep 0.2", "sleep 300 & echo $! > pid"):
        shell(run, script)
        end(repo)


def test_output_that_git_would_leave_out_is_kept_by_a_rule_of_its_own(repo: Path, run: Callable[..., Any]) -> None:
    (repo / ".gitignore").write_text("*.log\n")
    answer = shell(run, "echo 12 passed", "--json")
    assert "_report/runner/.gitignore" in str(answer.json["notes"])
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "work")
    git(repo, "clone", "-q", ".", "../clone")
    run(RUN, "verify", answer.json["path"], "--root", str(repo.parent / "clone"))
    assert "gitignore" not in shell(run, "echo again").err


def test_output_in_a_folder_that_git_leaves_out_is_warned_of(repo: Path, run: Callable[..., Any]) -> None:
    (repo / ".gitignore").write_text("_report/\n")
    answer = shell(run, "echo x", "--json")
    path = answer.json["path"]
    assert f"git add -f -- {path} {path.removesuffix('.json')}.log" in str(answer.json["notes"])
    assert not (repo / "_report/runner/.gitignore").exists()


def test_a_run_that_could_not_be_cited_is_not_to_be_run_again(repo: Path, run: Callable[..., Any]) -> None:
    run("planner.cli", "new", "work", "--summary", "s")
    (plan,) = (repo / "_plans").glob("*.plan.json")
    name = plan.name.removesuffix(".plan.json")
    refusal = shell(run, f"echo once >> count; echo x > {plan}", "--plan", name, code=6)
    assert "the command ran and is recorded in _report/runner/codex-1/" in refusal.err
    assert f"attach-receipt {name} --file _report/runner/codex-1/" in refusal.err
    assert (repo / "count").read_text() == "once\n" and list((repo / "_report/runner/codex-1").glob("*.json"))


def test_a_run_is_cited_while_an_exchange_holds_the_clone(repo: Path, run: Callable[..., Any]) -> None:
    run("planner.cli", "new", "work", "--summary", "s")
    (plan,) = (repo / "_plans").glob("*.plan.json")
    with locks.hold(Place(str(repo), ".git"), patience=1):
        shell(run, "true", "--plan", plan.name.removesuffix(".plan.json"))
    assert "_report/runner/codex-1/" in plan.read_text()
