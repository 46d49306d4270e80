"""How long it takes from a plan, a note or a reflection to the evidence for it.

A moment is the committer's date of the first commit that has the path, so that every clone tells
the same; only what is not committed yet is dated by its file. A latency is the second moment minus
the first, in seconds, and negative when the second came before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any, NamedTuple

from tools.core import clock
from tools.core.fs import files
from tools.core.git import history, tracked
from tools.core.models.plan import Plan
from tools.core.plans import storage
from tools.core.problem import Problem
from tools.core.receipts.paths import path_problem
from tools.core.workspace import BUS, PLANS, REPORT, Workspace

LATENCIES = (
    "plan_to_first_receipt",
    "plan_to_last_receipt",
    "note_to_plan",
    "note_to_first_receipt",
    "reflection_to_first_receipt",
)

_NOTE = re.compile(rf"{REPORT}/agent/[^/]+/([^/]+)/notes\.md")
_REFLECTION = re.compile(rf"{REPORT}/agent/([^/]+)/reflections/[^/]+\.md")
_FENCE = 1.5
_ENOUGH = 4
"""Figures it takes before one of them can be called an outlier."""


class Outlier(NamedTuple):
    """A figure far above the others, or above the limit that was asked for."""

    plan_id: str
    latency: str
    seconds: int
    limit: int


class Metrics(NamedTuple):
    """Every plan's latencies, what they come to, and the figures that stand out."""

    summary: dict[str, Any]
    plans: list[dict[str, Any]]
    outliers: list[Outlier]
    problems: list[Problem]


class _Moments(NamedTuple):
    """When paths came into being; what is on disk and not committed is dated by its file."""

    workspace: Workspace
    commits: Mapping[str, datetime]

    def of(self, path: str) -> datetime | None:
        """When a path came into being; None when it never did."""
        name = path.partition("#")[0]
        if name in self.commits:
            return self.commits[name]
        if path_problem(name) is not None or name.startswith(f"{BUS}/"):
            return None  # the bus has a history of its own
        if not tracked.is_file(self.workspace, name):
            return None
        seconds = os.stat(os.path.join(self.workspace.root, name), follow_symlinks=False).st_mtime
        return datetime.fromtimestamp(int(seconds), UTC)


def measure(workspace: Workspace, *, limit: float | None = None) -> Metrics:
    """The latencies of every plan; `limit` is the seconds above which a figure is an outlier."""
    found, problems = storage.all_plans(workspace)
    names = {path.partition("#")[0] for plan in found for path in plan.all_receipts}
    cited = [name for name in names if path_problem(name) is None]
    commits = history.first_commits(workspace.root, [PLANS, f"{REPORT}/agent", *sorted(cited)])
    moments = _Moments(workspace, commits)
    present = [place.name for place in files.walk(workspace.in_root(f"{REPORT}/agent"))]
    notes = _by_name(present, _NOTE, moments)
    reflections = _by_name(present, _REFLECTION, moments)
    rows = [_plan_row(plan, moments, notes, reflections) for plan in found]
    outliers = [outlier for name in LATENCIES for outlier in _outliers(rows, name, limit)]
    summary = {
        "kind": "summary",
        "plans": len(rows),
        "reflections": sum(len(times) for times in reflections.values()),
        "latencies": {name: _statistics(_figures(rows, name)) for name in LATENCIES},
        "outliers": [outlier._asdict() for outlier in outliers],
    }
    return Metrics(summary, rows, outliers, problems)


def _by_name(paths: Sequence[str], pattern: re.Pattern[str], moments: _Moments) -> dict[str, list[datetime]]:
    """The moments of the paths that match, by what the pattern captures, oldest first."""
    found: dict[str, list[datetime]] = {}
    for path in paths:
        match = pattern.fullmatch(path)
        moment = moments.of(path) if match else None
        if match and moment:
            found.setdefault(match[1], []).append(moment)
    return {name: sorted(times) for name, times in found.items()}


def _plan_row(
    plan: Plan, moments: _Moments, notes: Mapping[str, list[datetime]], reflections: Mapping[str, list[datetime]]
) -> dict[str, Any]:
    planned = moments.of(f"{PLANS}/{plan.plan_id}{storage.SUFFIX}")
    proved = sorted(moment for moment in map(moments.of, plan.all_receipts) if moment)
    first, last = (proved[0], proved[-1]) if proved else (None, None)
    noted = notes.get(plan.plan_id, [None])[0]
    reflected, followed = _reflection_and_after(reflections.get(plan.actor, []), proved)
    return {
        "kind": "plan_latency",
        "plan_id": plan.plan_id,
        "actor": plan.actor,
        "status": plan.state,
        "receipts": len(proved),
        "planned_at": _text(planned),
        "plan_to_first_receipt": _seconds(planned, first),
        "plan_to_last_receipt": _seconds(planned, last),
        "note_to_plan": _seconds(noted, planned),
        "note_to_first_receipt": _seconds(noted, first),
        "reflection_to_first_receipt": _seconds(reflected, followed),
    }


def _reflection_and_after(
    reflections: Sequence[datetime], proved: Sequence[datetime]
) -> tuple[datetime | None, datetime | None]:
    """The actor's last reflection that evidence of the plan followed, and the first of that evidence."""
    for reflected in reversed(reflections):
        for moment in proved:
            if moment >= reflected:
                return reflected, moment
    return None, None


def _seconds(begin: datetime | None, end: datetime | None) -> int | None:
    return int((end - begin).total_seconds()) if begin and end else None


def _text(moment: datetime | None) -> str | None:
    return clock.to_text(moment) if moment else None


def _figures(rows: Sequence[Mapping[str, Any]], name: str) -> list[int]:
    return sorted(row[name] for row in rows if row[name] is not None)


def _statistics(figures: Sequence[int]) -> dict[str, Any]:
    if not figures:
        return {"count": 0, "min": None, "median": None, "p90": None, "max": None}
    rank = -(-9 * len(figures) // 10)  # nearest rank, rounded up
    return {
        "count": len(figures),
        "min": figures[0],
        "median": median(figures),
        "p90": figures[rank - 1],
        "max": figures[-1],
    }


def _outliers(rows: Sequence[Mapping[str, Any]], name: str, limit: float | None) -> list[Outlier]:
    """The figures above the limit; without one, above Tukey's fence of the upper quartile."""
    figures = _figures(rows, name)
    if limit is None:
        if len(figures) < _ENOUGH:
            return []
        lower, _, upper = quantiles(figures, n=4, method="inclusive")
        limit = upper + _FENCE * (upper - lower)
    return [
        Outlier(row["plan_id"], name, row[name], int(limit))
        for row in rows
        if row[name] is not None and row[name] > limit
    ]
