"""The page on where the toolkit works names a test for each row that was tried, and no test that is not there."""

from __future__ import annotations

import re

import pytest

from tests.cited import is_there
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
    assert is_there(f"{row[3]}::{row[4]}")
