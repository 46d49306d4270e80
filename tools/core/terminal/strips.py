"""Signs of life in block characters, one for each half hour of a day; time of silence as dots."""

from __future__ import annotations

from datetime import datetime, timedelta

from tools.core.board.lanes.activity import Strip
from tools.core.board.lanes.lane import DAY, SILENT, Lane

COLUMNS = 48
BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = ".:-=#"
"""What stands for the blocks where the terminal has no UTF-8."""


def strip(lane: Lane, now: datetime, most: int, *, plain: bool) -> str:
    """The last day of a seat; `most` is the busiest half hour of all seats."""
    marks = PLAIN if plain else BLOCKS
    counts = half_hours(lane.charts[0].strip, now)
    quiet = _silent_from(lane, now)
    return "".join(
        marks[min(len(marks) - 1, (count - 1) * len(marks) // max(most, len(marks)))] if count
        else ("." if plain else "·") if number >= quiet
        else " "
        for number, count in enumerate(counts)
    )  # fmt: skip


def half_hours(cells: Strip, now: datetime) -> list[int]:
    """How many records there are in each half hour of the day that ends now."""
    counts = [0] * COLUMNS
    start = now - DAY
    for cell in cells.cells:
        number = int((cells.start + cell.number * cells.step - start) / timedelta(minutes=30))
        counts[min(COLUMNS - 1, max(0, number))] += cell.signs
    return counts


def busiest(lanes: list[Lane], now: datetime) -> int:
    """The most records in a half hour of any seat."""
    return max((count for lane in lanes for count in half_hours(lane.charts[0].strip, now)), default=0)


def _silent_from(lane: Lane, now: datetime) -> int:
    if lane.state != SILENT or lane.last_seen is None:
        return COLUMNS
    return max(0, int((lane.last_seen - (now - DAY)) / timedelta(minutes=30)) + 1)


def scale(now: datetime) -> str:
    """The hours above the strips, every fourth."""
    marks = [" "] * (COLUMNS + 5)
    first = (now - DAY).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    for number in range(0, 24, 4):
        moment = first + timedelta(hours=number)
        column = int((moment - (now - DAY)) / timedelta(minutes=30))
        for offset, char in enumerate(f"{moment:%H:%M}"):
            if column + offset < COLUMNS:
                marks[column + offset] = char
    return "".join(marks[:COLUMNS])
