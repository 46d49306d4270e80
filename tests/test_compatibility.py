"""The page on where the toolkit works names a test for each row that was tried, and no test that is not there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import CHECKOUT

ROW = re.compile(r"\| (.+?) \| (.+?) \| (?:`(tests/.+?\.py)::(\w+)`|–) \|")
ROWS = [
    ROW.fullmatch(line)
    for line in (CHECKOUT / "docs/compatibility.md").read_text().splitlines()
    if "| --- |" not in line and line.startswith("| ") and not line.startswith("| situation")
]


def test_there_are_rows_and_all_have_their_form() -> None:
    assert len(ROWS) > 25 and all(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1] if row else "bad")
def test_a_row_names_a_test_that_is_there_or_says_that_nothing_was_tried(row: re.Match[str]) -> None:
    if row[3] is None:
        assert row[2] == "not tried"
        return
    tree = ast.parse((CHECKOUT / row[3]).read_text())
    assert row[4] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
