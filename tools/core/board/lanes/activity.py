"""Activity in cells of time: the number of records that a seat wrote in each quarter of an hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock

CELL = timedelta(minutes=15)
LEVELS = 4


class Cell(NamedTuple):
    """A cell that is not empty: its number in the strip, and its number of records."""

    number: int
    signs: int


class Strip(NamedTuple):
    """The cells of one seat, from the start of the window to its end."""

    start: datetime
    step: timedelta
    length: int
    cells: tuple[Cell, ...]

    @property
    def signs(self) -> int:
        """The number of records in all cells."""
        return sum(cell.signs for cell in self.cells)


def cell_of(moment: datetime, step: timedelta = CELL) -> int:
    """The number of the cell of a moment, counted from the epoch."""
    return int(moment.timestamp() // step.total_seconds())


def strip(counts: Mapping[int, int], now: datetime, span: timedelta, step: timedelta) -> Strip:
    """A strip of cells of `step`, made from counts by quarter hours since the epoch (see `cell_of`)."""
    first, last = cell_of(now - span, step), cell_of(now, step)
    length = last - first + 1
    sums: dict[int, int] = {}
    for quarter, signs in counts.items():
        number = quarter // (step // CELL) - first
        if 0 <= number < length:
            sums[number] = sums.get(number, 0) + signs
    start = datetime.fromtimestamp(first * step.total_seconds(), clock.UTC)
    return Strip(start, step, length, tuple(Cell(*row) for row in sorted(sums.items())))


def busiest(strips: Iterable[Strip]) -> int:
    """The most records in one cell: the strongest colour."""
    return max((cell.signs for strip in strips for cell in strip.cells), default=0)


def level(signs: int, most: int) -> int:
    """A step from 1 (few) to `LEVELS` (many) against the busiest cell; 0 for an empty one."""
    if signs <= 0:
        return 0
    return min(LEVELS, 1 + (signs - 1) * LEVELS // max(most, LEVELS))
