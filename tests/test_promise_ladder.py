"""Every promise that a document makes names the test that fails without it, and every such test names its promise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.cited import functions_of
from tests.conftest import CHECKOUT

RELIABILITY = CHECKOUT / "docs" / "reliability.md"
README = CHECKOUT / "README.md"


def listed() -> set[tuple[int, str]]:
    """The promises of the list, each with the tests that stand behind it."""
    rows = re.findall(r"^- promise (\d+): (.*)$", RELIABILITY.read_text(), re.M)
    return {(int(number), test) for number, tests in rows for test in re.findall(r"`([^`]+)`", tests)}


def marked() -> set[tuple[int, str]]:
    """The tests that say which promise they stand for."""
    marks = set()
    for path in sorted((CHECKOUT / "tests").rglob("test_*.py")):
        name = str(path.relative_to(CHECKOUT))
        for test, node in functions_of(name).items():
            marks |= {(number, f"{name}::{test}") for number in promises_of(node)}
    return marks


def promises_of(node: ast.FunctionDef) -> list[int]:
    """The numbers in the marks of one test."""
    marks = [part for part in node.decorator_list if isinstance(part, ast.Call)]
    return [ast.literal_eval(mark.args[0]) for mark in marks if ast.unparse(mark.func) == "pytest.mark.promise"]


def promised(document: Path) -> set[int]:
    """The numbers that the rows of a document's table of promises begin with."""
    return {int(number) for number in re.findall(r"^\| (\d+) \|", document.read_text(), re.M)}


def test_the_list_of_promises_and_the_marks_of_the_tests_agree():
    assert listed() == marked()


def test_every_promise_has_a_test():
    assert {number for number, _ in listed()} == promised(RELIABILITY) and len(promised(RELIABILITY)) >= 10


def test_the_readme_promises_only_what_has_a_test():
    assert promised(README) and promised(README) <= promised(RELIABILITY)
