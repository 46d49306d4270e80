"""The check behind `bus_heartbeat`: the verdict of the board, its alerts, and those of them raised before.

An alert's identity, `meta.alert` of its event, says whom it is about and since when, so that an
unchanged alert is not raised again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tools.core import clock, versions
from tools.core.board import build, model
from tools.core.bus import presence
from tools.core.context import Context
from tools.core.models.entry import Entry, Query
from tools.core.plain import TYPE_CHECKING
from tools.core.workspace import REPORT

if TYPE_CHECKING:
    from tools.core.store.contract import History


class Check(NamedTuple):
    """The result of one check; a window of 0 means that its check is off."""

    board: model.Board
    raised: Mapping[str, bool]  # alerts by identity, and whether each was raised before and is unchanged

    @property
    def new(self) -> list[model.AlertRow]:
        """The alerts that were not raised before."""
        return [row for row in self.board.alerts if not self.raised[identity(row)]]


def identity(row: model.AlertRow) -> str:
    """What an alert is about and since when, as one word."""
    since = clock.to_text(row.since) if row.since else "never"
    about = [row.agent_id, row.task_id, row.plan_id, row.record_id]
    return "".join(":".join([row.kind, *(part for part in about if part), since]).split())


def check(
    context: Context,
    *,
    manager_window: timedelta,
    agent_window: timedelta,
    ignored_managers: Collection[str],
    retired: Collection[str] | None = None,
) -> Check:
    """Looks at the board once."""
    view = model.View(manager_window, agent_window, retired=retired, ignored_managers=ignored_managers)
    board = build.take(context, view)
    before = raised_before(context.history) if board.alerts else set()
    return Check(board, {name: name in before for name in map(identity, board.alerts)})


def raised_before(history: History) -> set[str]:
    """The identities of the alerts that were raised last; an event without the check's receipt raises nothing."""
    alerts, _ = history.select(Query(kinds=["alert"], messages=False), 200)
    return {name for entry in alerts if _is_checked(entry) for name in entry.record.meta.get("alert", "").split()}


def _is_checked(entry: Entry) -> bool:
    return any(path.startswith(f"{folder_of(entry.agent)}/heartbeat-") for path in entry.record.receipts)


def folder_of(agent: str) -> str:
    """The folder of an agent's receipts of this check."""
    return f"{REPORT}/agent/{agent}/apoptosis-004/alerts"


def as_document(result: Check) -> dict[str, Any]:
    """The receipt of a check (formats, `heartbeat-<stamp>.json`)."""
    board = result.board

    def named(*states: str) -> list[str]:
        return [beat.agent_id for beat in board.managers if beat.state in states]

    return {
        "version": versions.HEARTBEAT,
        "ts": clock.to_text(board.generated_at),
        "verdict": board.verdict,
        "manager": {
            "window_minutes": board.manager_window_minutes,
            "candidates": [beat.agent_id for beat in board.managers],
            "active": named(presence.FRESH),
            "stale": named(presence.STALE),
            "missing": named(presence.MISSING),
            "signed_off": named(presence.SIGNED_OFF),
        },
        "agent_window_minutes": board.agent_window_minutes,
        "agent_idle": [
            {"agent_id": row.agent_id, "task_id": row.task_id, "last_seen": _text(row.since)}
            for row in board.alerts
            if row.kind == "agent_idle"
        ],
        "alerts": [
            {
                "id": identity(row),
                "kind": row.kind,
                "agent_id": row.agent_id,
                "task_id": row.task_id or None,
                "since": _text(row.since),
                "text": row.text,
                "raised_before": result.raised[identity(row)],
            }
            for row in board.alerts
        ],
        "reminders": [row.text for row in board.reminders],
    }


def _text(moment: datetime | None) -> str | None:
    return clock.to_text(moment) if moment else None
