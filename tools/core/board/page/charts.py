"""Charts as numbers: the positions of bars, cells and marks in percent of the width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock
from tools.core.board.lanes.activity import level
from tools.core.board.lanes.lane import DAY, Chart
from tools.core.board.lanes.timeline import ACTIVE, DONE, Interval, rows_packed

BAR, GAP, STRIP = 20, 6, 9
"""Heights in pixels: a bar, what is between two rows, the strip of signs."""


class Bar(NamedTuple):
    """A period in which a task was held."""

    x: float
    width: float
    y: int
    label: str
    colour: str  # the state it is drawn as
    interval: Interval


class Square(NamedTuple):
    """A cell with signs of life."""

    x: float
    width: float
    level: int
    signs: int


class Tick(NamedTuple):
    """A moment on the scale."""

    x: float
    label: str


class Picture(NamedTuple):
    """A chart ready to be drawn."""

    height: int
    bars: list[Bar]
    squares: list[Square]
    marks: list[float]
    strip_y: int


class Slice(NamedTuple):
    """A part of a whole that is drawn as one bar."""

    word: str
    number: int
    x: float
    width: float


def picture(chart: Chart, now: datetime, titles: Mapping[str, str], most: int) -> Picture:
    """A seat's chart; `most` is the busiest cell of all seats."""
    packed = rows_packed(chart.held)
    bars = [
        _bar(interval, number * (BAR + GAP), chart, now, titles)
        for number, row in enumerate(packed)
        for interval in row
    ]
    strip, step = chart.strip, percent(chart.strip.step, chart.span)
    offset = percent(strip.start - (now - chart.span), chart.span)
    squares = [
        Square(round(offset + cell.number * step, 3), round(step, 3), level(cell.signs, most), cell.signs)
        for cell in strip.cells
    ]
    strip_y = max(1, len(packed)) * (BAR + GAP)
    marks = [_place(at, chart.span, now) for at in chart.requests]
    return Picture(strip_y + STRIP, bars, squares, marks, strip_y)


def percent(part: timedelta, whole: timedelta) -> float:
    """A length of time against another."""
    return 100 * (part / whole)


def _place(moment: datetime, span: timedelta, now: datetime) -> float:
    return round(min(100.0, max(0.0, percent(moment - (now - span), span))), 3)


def _bar(interval: Interval, y: int, chart: Chart, now: datetime, titles: Mapping[str, str]) -> Bar:
    x = _place(interval.start, chart.span, now)
    width = max(0.2, round(_place(interval.end, chart.span, now) - x, 3))
    colour = DONE if interval.ending and interval.state == ACTIVE else interval.state
    name = interval.task_id
    label = f"{name} {titles.get(name, '')}".rstrip() if chart.span <= DAY else _short_name(name)
    return Bar(x, width, y, f"↷ {label}" if interval.taken_over else label, colour, interval)


def _short_name(task: str) -> str:
    last = task.rpartition("-")[2]
    return last if last.isdigit() else task


def ticks(span: timedelta, now: datetime) -> list[Tick]:
    """Every third hour of a day, every midnight of a week."""
    step, form = (timedelta(hours=3), "%H:%M") if span <= DAY else (timedelta(days=1), "%a %d")
    first = datetime(now.year, now.month, now.day, tzinfo=clock.UTC) - timedelta(days=span.days)
    moments = [first + number * step for number in range(int((span + timedelta(days=2)) / step))]
    return [
        Tick(_place(moment, span, now), moment.strftime(form))
        for moment in moments
        if now - span < moment < now - span / 40
    ]


def slices(counts: Sequence[tuple[str, int]]) -> list[Slice]:
    """Counts as parts of one bar; empty ones are left out."""
    total, x, parts = sum(count for _, count in counts), 0.0, []
    for word, count in counts:
        if count:
            width = 100 * count / total
            parts.append(Slice(word, count, round(x, 3), round(width, 3)))
            x += width
    return parts
