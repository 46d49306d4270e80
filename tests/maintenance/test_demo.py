"""The demonstration is a real session, and it fails when anything in it deviates."""

from __future__ import annotations

import json
import os
import re
import tempfile

import pytest

from tools.core.demo.player import Played, Race, Scene, Stage, Step, Writes


@pytest.fixture
def stage(tmp_path):
    (tmp_path / "stage").mkdir()
    return Stage(str(tmp_path / "stage"))


def test_the_playbook_goes_as_told_from_red_to_green_and_leaves_nothing_behind(spawn, tmp_path):
    done = spawn("-m", "tools.maintenance.demo", cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all as expected" in done.stdout
    verdicts = re.findall(r"(RED: \d|GREEN)", done.stdout)
    assert verdicts[:2] == ["RED: 2", "RED: 1"] and set(verdicts[2:]) == {"GREEN"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("teof-demo-")] == []


def test_every_command_of_the_playbooks_loop_is_in_the_play():
    from tools.maintenance import demo

    steps = [step for scene in demo.scenes() for step in scene.steps]
    said = " ".join(step.command for step in steps if not isinstance(step, Writes))
    for name in ("session_boot", "task_assign", "claim_seed", "directive_pointer", "idle_pickup next", "bus_heartbeat"):
        assert f"tools.agent.{name}" in said
    for name in ("manager_report", "coord_dashboard", "receipt_run", "preflight.sh", "planner.cli new", "consensus."):
        assert name in said


@pytest.fixture
def short_play(monkeypatch, tmp_path):
    from tools.maintenance import demo

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(demo, "scenes", lambda: demo.scenes_session.beginnings()[:1])


def test_json_is_one_line_a_command(short_play, capsys):
    from tools.core.cli import app as cli
    from tools.maintenance import demo

    assert cli.call(demo.main, ["--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == {"commands": len(lines) - 1, "deviations": []}


def test_keep_leaves_the_scratch_folder(run, short_play, tmp_path):
    kept = run("maintenance.demo", "--keep").err.split("kept: ")[1].strip()
    assert (tmp_path / kept / "manager-1" / "_bus" / ".git").exists()


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


def test_what_a_step_keeps_is_filled_in_later_and_its_absence_is_a_deviation(stage):
    steps = [Step("x", "git --version", keeps=("word", "(version)")), Step("x", "git --{word}", says=("git {word}",))]
    assert [played.deviations for played in stage.play(Scene("kept", steps))] == [(), ()]
    (played,) = stage.play(Scene("not kept", [Step("x", "git --version", keeps=("word", "(no such)"))]))
    assert played.deviations == ("says nothing like '(no such)'",)


def test_a_file_is_written_by_hand_with_what_was_kept(stage, tmp_path):
    steps = [Step("x", "git --version", keeps=("word", "(version)")), Writes("x", "a/{word}.txt", "the {word}")]
    list(stage.play(Scene("written", steps)))
    assert (tmp_path / "stage/x/a/version.txt").read_text() == "the version"


def test_the_audience_sees_the_telling_lines_and_how_many_more_there_are():
    output = "".join(f"line {number}\n" for number in range(9))
    played = Played(Step("x", "c", says=("line 7",), shows=3), 0, output, ())
    assert played.telling() == ["line 0", "line 1", "line 7", "… 6 more lines"]
    assert len(played._replace(deviations=("wrong",)).telling()) == 9
