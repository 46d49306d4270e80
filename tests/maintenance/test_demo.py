"""The demonstration is a real session, and it fails when anything in it deviates."""

from __future__ import annotations

import json
import os
import re
import tempfile

import pytest

from tools.core.demo import walkthrough

SHORT = """\
## A repository

```console
scratch $ git init -q -b main here
here $ git symbolic-ref HEAD
refs/heads/main
```
"""
WRONG = SHORT.replace("heads/main", "heads/other") + "\n## Never\n\n```console\nhere $ git --version\n…\n```\n"


def test_the_playbook_goes_as_told_from_red_to_green_and_leaves_nothing_behind(spawn, tmp_path):
    done = spawn(
        "-m",
        "tools.maintenance.demo",
        "playbook",
        "--board",
        "made/board.html",
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) commands, all as expected", done.stdout)[1]) >= 111
    verdicts = re.findall(r"(RED|AMBER|GREEN): ", done.stdout)
    assert verdicts[0] == "RED" and verdicts[-1] in ("AMBER", "GREEN")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("teof-demo-")] == []
    assert (
        "<title>" in (tmp_path / "made/board.html").read_text() and f"page: {tmp_path}/made/board.html" in done.stdout
    )


def test_the_minute_is_about_25_lines_from_a_race_to_a_page_that_is_kept(spawn, tmp_path):
    done = spawn("-m", "tools.maintenance.demo", cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line]
    assert 20 <= len(lines) <= 35
    for text in ("[exit 4]", '"deny"', "1 new message: request from", "1 new message: status from", "fence 2", "GREEN"):
        assert text in done.stdout
    assert done.stdout.count("codex-1") and "(by hand)" not in done.stdout
    page = done.stdout.rstrip().rpartition("the board as a page: ")[2]
    with open(page, encoding="utf-8") as board:
        assert "QUEUE-001" in board.read()


def test_every_command_of_the_playbooks_loop_is_in_the_play():
    steps = [step for scene in walkthrough.load("playbook") for step in scene.steps]
    said = " ".join(step.command for step in steps if isinstance(step, walkthrough.Step))
    for name in ("session_boot", "task_assign", "claim_seed", "directive_pointer", "idle_pickup next", "bus_heartbeat"):
        assert f"tools.agent.{name}" in said
    for name in ("manager_report", "coord_dashboard", "receipt_run", "preflight.sh", "planner.cli new", "consensus."):
        assert name in said


def test_the_playbook_ends_with_the_hooks_of_two_programs_that_refuse_tell_and_remind():
    scenes = walkthrough.load("playbook")[-3:]
    commands = [step.command for scene in scenes for step in scene.steps if isinstance(step, walkthrough.Step)]
    for call in ("codex PreToolUse", "claude PreToolUse", "codex PostToolUse", "codex Stop"):
        assert any(f".git/teof/hook {call}" in command for command in commands)


@pytest.fixture
def page(monkeypatch, tmp_path):
    """Makes a text the walkthrough that is played, with scratch folders below `tmp_path`."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda text: monkeypatch.setattr(walkthrough, "load", lambda name: walkthrough.parse(text))


def test_json_is_one_line_a_command(page, capsys):
    from tools.core.cli import app as cli
    from tools.maintenance import demo

    page(SHORT)
    assert cli.call(demo.main, ["--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == {"commands": len(lines) - 1, "deviations": []}
    assert lines[1]["output"] == "refs/heads/main"


def test_keep_leaves_the_scratch_folder(run, page, tmp_path):
    page(SHORT)
    kept = run("maintenance.demo", "--keep").err.split("kept: ")[1].strip()
    assert (tmp_path / kept / "here" / ".git").exists()


QUIET = "## One\n\n```console quiet\nscratch $ git --version\n…\n```\n"


def test_a_quiet_step_is_played_and_shown_only_when_it_deviates(run, page):
    page(QUIET)
    assert run("maintenance.demo").out.splitlines() == ["", "1 command, all as expected"]
    page(QUIET.replace("…", "not git"))
    assert "scratch $ git --version" in run("maintenance.demo", code=1).out


def test_a_deviation_ends_the_play_with_exit_1_and_says_what(run, page):
    page(WRONG)
    done = run("maintenance.demo", code=1)
    assert "here $ git symbolic-ref HEAD: does not say 'refs/heads/other'" in done.err
    assert "refs/heads/main" in done.out and "Never" not in done.out


def test_a_walkthrough_that_is_not_there_is_a_usage_error(run):
    assert "'playbook'" in run("maintenance.demo", "no-such-walkthrough", code=2).err
