"""The one shape of what is wrong where, and errors that are made of it."""

import pytest

from tools.core.errors import DataError, SetupError
from tools.core.fs import files
from tools.core.problem import Problem, inside


def test_a_problem_reads_as_its_place_and_its_reason():
    assert str(Problem("a.json", 3, "is required", "record.shape")) == "a.json:3: is required"
    assert str(Problem("a.json", 3, "is required", "record.shape", "/id")) == "a.json:3: /id: is required"


def test_what_a_rule_says_of_a_document_gets_its_place_from_who_read_the_file():
    placed = inside("plan.steps", "/steps/0", "is no step").at("_plans/x.plan.json", 7)
    assert placed == Problem("_plans/x.plan.json", 7, "is no step", "plan.steps", "/steps/0")


def test_an_error_made_of_a_problem_carries_its_place_code_and_words():
    error = DataError(Problem("a.json", 3, "not JSON", "file.json"))
    assert (error.message, error.code) == ("a.json:3: not JSON", "file.json")
    assert error.details == {"path": "a.json", "line": 3}
    assert error.problem_in("elsewhere") == Problem("a.json", 3, "not JSON", "file.json")


def test_an_error_about_something_else_is_a_problem_of_the_file_that_was_read():
    error = SetupError("git timed out", code="git.timeout")
    assert error.problem_in("a.json") == Problem("a.json", 1, "git timed out", "git.timeout")


@pytest.mark.parametrize(("data", "line"), [(b'{\n "a": 1,\n "a": 2}', 1), (b'{\n "a": x}', 2), (b"{\n\xff", 2)])
def test_a_damaged_document_says_where_it_is_damaged(data, line):
    with pytest.raises(DataError) as refusal:
        files.parse_object(data, "a.json")
    assert refusal.value.problem is not None and refusal.value.problem.line == line
