"""The names that the templates use, derived from a view: groups, limits, charts and links."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from tools.core import ids
from tools.core.board.lanes import activity
from tools.core.board.lanes.lane import DAY, Lane
from tools.core.board.model import PlanRow
from tools.core.board.page import charts, words
from tools.core.board.view import LOG, REQUESTS, BoardView
from tools.core.text import terminal


class Limits(NamedTuple):
    """How many rows of a section are shown; live claims and alerts are never cut."""

    requests: int = REQUESTS
    reminders: int = 50
    plans: int = 30
    ready: int = 15
    directives: int = 10
    decisions: int = 20
    findings: int = 20
    log: int = LOG


LIMITS = Limits()


class Links:
    """The addresses of ids on a page without a server: anchors of the page."""

    def __init__(self, view: BoardView) -> None:
        board = view.board
        self._tasks = {row.task_id for row in board.claims} | {row.task_id for row in board.ready[: LIMITS.ready]}
        self._agents = {lane.agent_id for lane in view.lanes}

    def task(self, name: str) -> str:
        """The address of a task, "" where there is none."""
        return f"#task-{name}" if name in self._tasks and ids.is_task(name) else ""

    def agent(self, name: str) -> str:
        """The address of a seat, "" where there is none."""
        return f"#agent-{name}" if name in self._agents and ids.is_agent(name) else ""


class LiveLinks(Links):
    """The addresses of ids on a served page: the page of a task or thread."""

    def task(self, name: str) -> str:
        """See Links."""
        if not ids.is_task(name):
            return ""
        return f"/thread/{name}" if ids.is_thread_only(name) else f"/task/{name}"


class Scale(NamedTuple):
    """A scale of time above the lanes."""

    word: str  # the class of its charts
    ticks: list[charts.Tick]


class DrawnLane(NamedTuple):
    """A lane ready to be drawn, and its charts in a sentence each."""

    lane: Lane
    drawn: list[charts.Picture]
    names: list[str]


class Groups(NamedTuple):
    """The requests in groups, limited together."""

    reader: list[Any]
    others: list[Any]
    directives: list[Any]


def open_plans(view: BoardView) -> list[PlanRow]:
    """The active and the unclaimed plans, each once."""
    rows = {row.plan_id: row for row in (*view.board.active_plans, *view.board.unclaimed_plans)}
    return list(rows.values())


def _groups(view: BoardView) -> Groups:
    shown = {id(row) for row in view.board.requests[: LIMITS.requests]}
    kinds = (view.for_reader, view.between_others, view.unanswered_directives)
    return Groups(*([row for row in rows if id(row) in shown] for rows in kinds))


def _drawn(view: BoardView) -> list[DrawnLane]:
    titles = {row.task_id: row.title for row in view.board.claims} | dict(view.titles)
    most = [activity.busiest(lane.charts[number].strip for lane in view.lanes) for number in (0, 1)]
    now = view.board.generated_at.replace(second=0)  # a chart has no finer grain; so it changes no oftener
    return [
        DrawnLane(
            lane,
            [charts.picture(chart, now, titles, most[number]) for number, chart in enumerate(lane.charts)],
            [_sentence(lane, number, now) for number in range(len(lane.charts))],
        )
        for lane in view.lanes
    ]


def _sentence(lane: Lane, number: int, now: datetime) -> str:
    """A chart in words, for screen readers."""
    chart = lane.charts[number]
    held = [
        f"{row.task_id} {'live' if not row.ending else row.ending} {words.age(row.start, row.end)}"
        for row in chart.held
    ]
    many = terminal.number(chart.strip.signs, "sign")
    span = "24 hours" if chart.span == DAY else "5 days"
    return f"{lane.agent_id}, {lane.state}, {span}: {many} of life" + "".join(f", {text}" for text in held[:12])


def context(view: BoardView) -> dict[str, Any]:
    """Every name of the templates that is derived from a view."""
    board = view.board
    plans = open_plans(view)
    evidence = words.sum_of([row.evidence for row in plans])
    moments = [row.at for row in board.requests if row.at]
    scales = [Scale(word, charts.ticks(chart.span, board.generated_at)) for word, chart in _spans(view)]
    return {
        "view": view,
        "board": board,
        "groups": _groups(view),
        "reminders": view.other_reminders,
        "plans": plans,
        "evidence": evidence,
        "cited": sum(evidence.values()),
        "oldest": min(moments, default=None),
        "silent": sum(row.idle for row in board.claims),
        "paused": sum(row.state == "paused" for row in board.claims),
        "holders": {row.agent_id for row in board.claims},
        "backlog": words.backlog_slices(board.backlog),
        "most_done": max((day.done for day in view.days), default=0) or 1,
        "decisions": sorted(board.decisions, key=lambda row: not row.overdue),
        "overdue": sum(bool(row.overdue) for row in board.decisions),
        "seats": _drawn(view),
        "scales": scales,
        "limits": LIMITS,
        "paint": words.PAINT,
        "ink": words.INK,
    }


def _spans(view: BoardView) -> list[tuple[str, Any]]:
    return list(zip(("day", "week"), view.lanes[0].charts, strict=True)) if view.lanes else []
