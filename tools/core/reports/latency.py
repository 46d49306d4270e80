"""The time from a plan, a note or a reflection to its evidence.

A moment is what the thing itself says: a plan its `created`, a recorded run its `started_at`, a record of
the bus its stamp. What carries no stamp is dated by the committer of the first commit with it, so every
clone has the same figures, and what is not committed by its modification time. A latency is the second
moment minus the first, in seconds: negative when the second came before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any, NamedTuple

from tools.core import clock
from tools.core.bus import presence
from tools.core.context import Context
from tools.core.fs import folders
from tools.core.git import history, tracked
from tools.core.ids import PLAN_PATTERN
from tools.core.models.entry import Entry, Query
from tools.core.models.plan import Plan
from tools.core.plans.storage import SUFFIX, all_plans
from tools.core.problem import Problem
from tools.core.receipts.paths import path_problem
from tools.core.receipts.verify import read_run
from tools.core.workspace import BUS, PLANS, REPORT, Workspace

LATENCIES = (
    "plan_to_first_receipt",
    "plan_to_last_receipt",
    "note_to_plan",
    "note_to_first_receipt",
    "reflection_to_first_receipt",
)

_REFLECTION = re.compile(rf"{REPORT}/agent/([^/]+)/reflections/[^/]+\.md")
_PLAN_WORD = PLAN_PATTERN.strip("^$")
_TUKEY_FACTOR = 1.5
_FEWEST = 4
"""The least number of figures that can have an outlier."""


class Outlier(NamedTuple):
    """A figure far above the others, or above the limit of the caller."""

    plan_id: str
    latency: str
    seconds: int
    limit: int


class Metrics(NamedTuple):
    """The latencies of every plan, their statistics, and the outliers."""

    summary: dict[str, Any]
    plans: list[dict[str, Any]]
    outliers: list[Outlier]
    problems: list[Problem]


class _Moments(NamedTuple):
    """The moments of paths; an uncommitted file without a stamp is dated by its modification time."""

    workspace: Workspace
    commits: Mapping[str, datetime]

    def of(self, path: str) -> datetime | None:
        """The moment of a path; None when it does not exist."""
        name = path.partition("#")[0]
        if path_problem(name) is not None or name.startswith(f"{BUS}/"):
            return None  # the bus has a history of its own
        run = read_run(self.workspace, name)
        if run is not None and (began := clock.parse(run.started_at)):
            return began
        if name in self.commits:
            return self.commits[name]
        if not tracked.is_file(self.workspace, name):
            return None
        seconds = os.stat(os.path.join(self.workspace.root, name), follow_symlinks=False).st_mtime
        return datetime.fromtimestamp(int(seconds), UTC)


def measure(context: Context, *, limit: float | None = None) -> Metrics:
    """The latencies of every plan; `limit` is the seconds above which a figure is an outlier."""
    workspace = context.workspace
    plans, problems = all_plans(workspace)
    names = {path.partition("#")[0] for plan in plans for path in plan.all_receipts}
    cited = [name for name in names if path_problem(name) is None]
    commits = history.first_commits(workspace.root, [PLANS, f"{REPORT}/agent", *sorted(cited)])
    moments = _Moments(workspace, commits)
    reflections = _reflections(workspace, moments)
    noted_at = _notes(context, plans)
    rows = [_plan_row(plan, moments, noted_at.get(plan.plan_id), reflections) for plan in plans]
    outliers = [outlier for name in LATENCIES for outlier in _outliers(rows, name, limit)]
    summary = {
        "kind": "summary",
        "plans": len(rows),
        "reflections": sum(len(times) for times in reflections.values()),
        "latencies": {name: _statistics(_figures(rows, name)) for name in LATENCIES},
        "outliers": [outlier._asdict() for outlier in outliers],
    }
    return Metrics(summary, rows, outliers, problems)


def _notes(context: Context, plans: Sequence[Plan]) -> dict[str, datetime]:
    """When a manager first named each plan on the bus."""
    names = presence.managers_now(context)
    entries = context.history.select(Query(agents=names), None)[0] if names and plans else []
    plan_ids = {plan.plan_id for plan in plans}
    noted_at: dict[str, datetime] = {}
    for entry in entries:
        at = entry.at
        if at is not None and clock.is_credible(at, context.now):
            noted_at.update({name: min(at, noted_at.get(name, at)) for name in _named(entry, plan_ids)})
    return noted_at


def _named(entry: Entry, plan_ids: Collection[str]) -> set[str]:
    """The plans that a record names, in its field, its data or its words."""
    record = entry.record
    words = re.findall(_PLAN_WORD, f"{record.summary} {getattr(record, 'note', '')}")
    return {getattr(record, "plan_id", ""), record.meta.get("plan_id", ""), *words} & set(plan_ids)


def _reflections(workspace: Workspace, moments: _Moments) -> dict[str, list[datetime]]:
    """The moments of the reflections of each agent, oldest first."""
    times: dict[str, list[datetime]] = {}
    for place in folders.walk(workspace.in_root(f"{REPORT}/agent")):
        match = _REFLECTION.fullmatch(place.name)
        moment = moments.of(place.name) if match else None
        if match and moment:
            times.setdefault(match[1], []).append(moment)
    return {agent: sorted(moments) for agent, moments in times.items()}


def _plan_row(
    plan: Plan, moments: _Moments, noted: datetime | None, reflections: Mapping[str, list[datetime]]
) -> dict[str, Any]:
    planned = clock.parse(plan.created) or moments.of(f"{PLANS}/{plan.plan_id}{SUFFIX}")
    proved = sorted(moment for moment in map(moments.of, plan.all_receipts) if moment)
    first, last = (proved[0], proved[-1]) if proved else (None, None)
    earlier = [moment for moment in reflections.get(plan.actor, []) if planned and moment <= planned]
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
        "reflection_to_first_receipt": _seconds(earlier[-1] if earlier else None, first),
    }


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
        if len(figures) < _FEWEST:
            return []
        lower, _, upper = quantiles(figures, n=4, method="inclusive")
        limit = upper + _TUKEY_FACTOR * (upper - lower)
    return [
        Outlier(row["plan_id"], name, row[name], int(limit))
        for row in rows
        if row[name] is not None and row[name] > limit
    ]
