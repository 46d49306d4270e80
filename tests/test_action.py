"""The action's steps, run one by one without any host: their scripts under bash, their inputs in the environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import fleet as fleets
from tests.conftest import CHECKOUT, git

ACTION = CHECKOUT / "action.yml"


def steps() -> list[dict[str, Any]]:
    """The steps of the action: a reader for the few forms that this one file uses."""
    found: list[dict[str, Any]] = []
    block: list[str] | None = None
    for line in ACTION.read_text().partition("  steps:\n")[2].splitlines():
        indent = len(line) - len(line.lstrip())
        if line.startswith("    - name: "):
            found.append({"name": line.partition(": ")[2], "env": {}, "run": ""})
            block = None
        elif block is not None and (indent >= 8 or not line):
            block.append(line[8:])
            found[-1]["run"] = "\n".join(block) + "\n"
        elif line.strip() == "run: |":
            block = []
        elif line.startswith("        ") and ": " in line:
            key, _, value = line.strip().partition(": ")
            found[-1]["env"][key] = value
        elif line.startswith("      if: "):
            found[-1]["if"] = line.partition(": ")[2]
    return found


def test_no_script_has_an_expression_in_it():
    assert all("${{" not in step["run"] for step in steps())
    assert [step["name"] for step in steps() if step["run"]] == ["Install", "Fetch", "Check the bus and the commits"]


def test_every_other_action_is_pinned_by_its_commit():
    uses = re.findall(r"uses: (\S+)", ACTION.read_text())
    assert uses and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in uses)


@pytest.fixture
def runner(tmp_path: Path, git_repo: Path):
    """A clone as a runner has it, its origin a folder; runs the scripts of the steps and returns the last."""
    fleet = fleets.make(git_repo)
    origin = tmp_path / "origin.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(origin))
    git(fleet.main, "remote", "add", "origin", str(origin))
    temp = tmp_path / "runner"
    (temp / "teof" / "bin").mkdir(parents=True)
    script = temp / "teof" / "bin" / "teof"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(CHECKOUT)!r})\nfrom tools.__main__ import main\nmain()\n"
    )
    script.chmod(0o755)

    def run(branch: str, *, strict: str = "false") -> tuple[subprocess.CompletedProcess[str], str]:
        git(fleet.main, "-C", "_bus", "add", "-A")
        git(fleet.main, "-C", "_bus", "commit", "-qm", "bus", "--allow-empty")
        git(fleet.main, "push", "-q", "origin", "main", "bus", branch)
        clone = temp / "clone"
        shutil.rmtree(clone, ignore_errors=True)
        git(tmp_path, "clone", "-q", "--depth", "1", "--branch", branch, f"file://{origin}", str(clone))
        summary = temp / "summary.md"
        summary.write_text("")
        given = {"BASE": "main", "BUS": "origin/bus", "STRICT": strict, "BRANCH": branch,
                 "HEAD_COMMIT": git(clone, "rev-parse", "HEAD"), "RUNNER_TEMP": str(temp), "ACTION_PATH": str(CHECKOUT),
                 "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true"}  # fmt: skip
        for step in steps()[2:]:  # the environment is made by the fixture; installing needs a network
            assert set(step["env"]) <= set(given)
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=clone,
                env={**os.environ, **given},
                capture_output=True,
                text=True,
            )
            if done.returncode:
                break
        return done, summary.read_text()

    run.fleet = fleet  # type: ignore[attr-defined]
    return run


def commit(tree: Path, path: str, message: str) -> None:
    place = tree / path
    place.parent.mkdir(exist_ok=True)
    place.write_text("changed\n")
    git(tree, "add", "-A", "--", path)
    git(tree, "commit", "-qm", message)


BRANCH = "agent/codex-1/work"


def test_a_clean_branch_passes_with_a_summary(runner):
    commit(runner.fleet.tree, "src/new.py", "Add it")
    done, summary = runner(BRANCH)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| bus | passed |" in summary and "| commits | passed |" in summary


def test_a_commit_in_anothers_active_claim_is_annotated_on_its_line(runner, run):
    run("agent.bus_claim", "claim", "--task", "T-1", "--paths", "lib/**", "--root", str(runner.fleet.main))
    commit(runner.fleet.tree, fleets.HELD, "Change what is held")
    done, summary = runner(BRANCH)
    assert done.returncode == 1 and f"::error file={fleets.HELD},line=1,title=guard.path::" in done.stdout
    assert "| bus | passed |" in summary and "| commits | failed |" in summary


def test_a_push_under_a_superseded_fence_fails(runner, run):
    tree, main = str(runner.fleet.tree), str(runner.fleet.main)
    run("agent.bus_claim", "claim", "--task", "T-1", "--root", tree)
    commit(runner.fleet.tree, "src/new.py", "Work\n\nTask: T-1\nFence: 1")
    run("agent.bus_claim", "pause", "--task", "T-1", "--notes", "gone", "--force", "--reason", "test", "--root", main)
    run("agent.bus_claim", "claim", "--task", "T-1", "--root", main)
    done, _ = runner(BRANCH)
    assert done.returncode == 1 and "title=guard.fence::" in done.stdout and "codex-1" in done.stdout


def test_strict_fails_for_a_task_nobody_claimed(runner):
    commit(runner.fleet.tree, "src/new.py", "Work\n\nTask: NOPE-1\nFence: 1")
    assert runner(BRANCH)[0].returncode == 0
    assert runner(BRANCH, strict="true")[0].returncode == 1


def test_a_damaged_bus_fails_and_the_commits_are_checked_all_the_same(runner):
    claims = runner.fleet.main / "_bus" / "claims"
    claims.mkdir(exist_ok=True)
    (claims / "BAD.json").write_text("{")
    commit(runner.fleet.tree, "src/new.py", "Add it")
    done, summary = runner(BRANCH)
    assert done.returncode == 1 and "| bus | failed |" in summary and "| commits | passed |" in summary


def test_the_linter_of_actions_has_nothing_to_say(tmp_path):
    program = shutil.which("actionlint") or str(Path(sys.executable).with_name("actionlint"))
    if not os.path.exists(program):
        pytest.skip("actionlint is not installed")
    workflow = tmp_path / ".github" / "workflows" / "use.yml"  # it checks an action where a workflow uses it
    workflow.parent.mkdir(parents=True)
    workflow.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ./\n")
    shutil.copy(ACTION, tmp_path)
    git(tmp_path, "init", "-q")
    assert subprocess.run([program], cwd=tmp_path, capture_output=True, text=True).stdout == ""
