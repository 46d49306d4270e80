"""Cells of time: nothing within the window is lost, nothing counts twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tools.core.board.lanes.activity import CELL, LEVELS, busiest, cell_of, level, strip

NOW = datetime(2026, 1, 5, 12, 7, tzinfo=UTC)
DAY = timedelta(hours=24)


@given(st.dictionaries(st.integers(-300, 3), st.integers(1, 9)))
def test_the_cells_add_up_to_what_lies_in_the_window(counts):
    last = cell_of(NOW)
    quarters = {last + offset: signs for offset, signs in counts.items()}
    inside = sum(signs for number, signs in quarters.items() if cell_of(NOW - DAY) <= number <= last)
    made = strip(quarters, NOW, DAY, CELL)
    assert made.signs == inside
    assert [cell.number for cell in made.cells] == sorted({cell.number for cell in made.cells})


def test_four_quarters_make_an_hour():
    hour = cell_of(datetime(2026, 1, 5, 11, 0, tzinfo=UTC))
    made = strip({hour: 1, hour + 3: 2, hour + 4: 5}, NOW, timedelta(days=5), timedelta(hours=1))
    assert [cell.signs for cell in made.cells] == [3, 5]


def test_a_strip_begins_in_the_cell_that_holds_the_start_of_its_window():
    made = strip({}, NOW, DAY, CELL)
    assert made.start == datetime(2026, 1, 4, 12, 0, tzinfo=UTC) and made.length == 97


def test_levels_grow_with_the_signs_and_stay_within_their_range():
    levels = [level(signs, 40) for signs in range(41)]
    assert levels == sorted(levels) and levels[0] == 0 and set(levels) == set(range(LEVELS + 1))
    assert level(1, 1) == 1


def test_the_busiest_cell_of_nothing_is_empty():
    assert busiest([strip({}, NOW, DAY, CELL)]) == 0
