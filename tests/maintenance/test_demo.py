"""The demonstration is a real session, and it fails when anything in it deviates."""

from __future__ import annotations

import json
import os

import pytest

from tools.core.rehearsal import Race, Scene, Stage, Step


@pytest.fixture
def stage(tmp_path):
    (tmp_path / "stage").mkdir()
    return Stage(str(tmp_path / "stage"))


def test_the_session_goes_as_told_and_leaves_nothing_behind(spawn, tmp_path):
    done = spawn("-m", "tools.maintenance.demo", cwd=tmp_path, env=_environment(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all as expected" in done.stdout
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("teof-demo-")] == []


def test_json_is_one_line_a_command(spawn, tmp_path):
    done = spawn("-m", "tools.maintenance.demo", "--json", cwd=tmp_path, env=_environment(tmp_path))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["deviations"] == []
    assert lines[-1]["commands"] == len(lines) - 1


@pytest.mark.parametrize(
    ("step", "deviation"),
    [
        (Step("x", "git --version", exit=3), "ended with 0, not 3"),
        (Step("x", "git --version", says=("no such words",)), "does not say 'no such words'"),
        (Step("x", "git no-such-command"), "ended with 1, not 0"),
    ],
)
def test_a_wrong_exit_code_or_a_missing_word_is_a_deviation(stage, step, deviation):
    (played,) = stage.play(Scene("wrong", [step]))
    assert played.deviations == (deviation,)


def test_a_deviation_ends_the_play_with_exit_1_and_says_what(run, monkeypatch):
    from tools.maintenance import demo

    ends = [Scene("wrong", [Step("x", "git --version", exit=3)]), Scene("never", [Step("x", "git --version")])]
    monkeypatch.setattr(demo, "scenes", lambda: ends)
    done = run("maintenance.demo", code=1)
    assert "x $ git --version: ended with 0, not 3" in done.err
    assert "never" not in done.out


def test_a_race_that_both_win_is_a_deviation(stage):
    first, second = stage.play(Scene("race", [Race(("a", "b"), "git --version", 4)]))
    assert first.deviations == ()
    assert second.deviations == ("ended with 0, not 4",)


def test_keep_leaves_the_scratch_folder(spawn, tmp_path):
    done = spawn("-m", "tools.maintenance.demo", "--keep", cwd=tmp_path, env=_environment(tmp_path))
    kept = done.stderr.split("kept: ")[1].strip()
    assert kept.startswith(str(tmp_path))
    assert (tmp_path / kept / "manager-1" / "_bus" / "claims" / "QUEUE-001.json").exists()


def _environment(tmp_path):
    return {**os.environ, "TMPDIR": str(tmp_path)}
