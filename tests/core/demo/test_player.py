"""Steps are played as real processes in the folders of their seats."""

from __future__ import annotations

import pytest

from tools.core.demo.player import Played, Stage
from tools.core.demo.walkthrough import Ending, File, Scene, Showing, Step


@pytest.fixture
def play(tmp_path):
    """Plays steps on one stage, below `tmp_path`, and returns what was played."""
    stage = Stage(str(tmp_path))
    return lambda *steps: list(stage.play(Scene("a scene", "", steps)))


def git_version(exit_code=0, lines=("git version …",), seats=("a",)):
    return Step(seats, "git --version", [Ending(lines, exit_code)] * len(seats))


def test_a_step_that_does_as_expected_has_no_deviation(play):
    (played,) = play(git_version())
    assert (played.seat, played.command, played.exit, played.deviations) == ("a", "git --version", 0, ())


def test_a_step_that_deviates_says_in_what(play):
    (played,) = play(git_version(exit_code=3))
    assert played.deviations == ("ended with 0, not 3",)


def test_a_race_that_both_win_is_a_deviation(play):
    step = Step(("a", "b"), "git --version", [Ending(["…"]), Ending(["…"], 4)])
    winner, loser = play(step)
    assert winner.deviations == () and loser.deviations == ("ended with 0, not 4",)


def test_a_file_is_written_by_hand_with_the_values_that_were_met(play, tmp_path):
    play(git_version(lines=("git <word> …",)), File("a", "x/<word>.txt", "the <word>\n"))
    assert (tmp_path / "a/x/version.txt").read_text() == "the version\n"


def test_a_command_runs_in_the_folder_of_its_seat_with_its_name(play, tmp_path):
    (tmp_path / "codex-1").mkdir()
    play(Step(["codex-1"], "git init -q", [Ending()]))
    (played,) = play(Step(["codex-1"], "git var GIT_AUTHOR_IDENT", [Ending(["codex-1 …"])]))
    assert played.deviations == () and (tmp_path / "codex-1/.git").exists()


@pytest.mark.parametrize("start", ["teof", "python -m tools"])
def test_the_toolkit_that_plays_is_the_one_that_is_played(play, start):
    (played,) = play(Step(["a"], f"{start} --help", [Ending([f"Usage: {start} …", "…"])]))
    assert played.deviations == ()


LINES = tuple(f"line {number}" for number in range(9))


def test_an_audience_sees_the_expected_lines_and_how_many_more_there_are():
    played = Played("a", "c", output=LINES, expected=frozenset({1, 7, 8}))
    assert played.telling() == ["line 0", "line 1", "line 2", "line 3", "line 7", "line 8", "… 3 more lines"]


def test_an_audience_sees_all_of_what_is_to_be_seen_whole_or_went_wrong():
    assert Played("a", "c", output=LINES, showing=Showing.WHOLE).telling() == list(LINES)
    assert Played("a", "c", output=LINES, deviations=("wrong",)).telling() == list(LINES)


def test_an_audience_of_a_brief_step_sees_only_its_script_unless_it_went_wrong():
    played = Played("a", "c", output=LINES, expected=frozenset({1}), script=("line 1",), showing=Showing.BRIEF)
    assert played.telling() == ["line 1"]
    assert played._replace(deviations=("wrong",)).telling() == list(LINES)


def test_a_file_is_the_input_of_a_command(tmp_path):
    (tmp_path / "text").write_text("read\n")
    scene = Scene("", "", [Step(["a"], "cat <text", [Ending(["read"])])])
    assert [played.deviations for played in Stage(str(tmp_path)).play(scene)] == [()]
