#!/usr/bin/env python3
"""Who holds what, what happened last, whether a manager watches, which requests are open."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint
from tools.core.bus import status
from tools.core.cli import app as cli
from tools.core.clock import datetime, timedelta
from tools.core.errors import UsageError
from tools.core.models.bus import SEVERITIES


@cli.command(doc=__doc__)
@cli.option(
    "--preset", type=cli.Choice(sorted(status.PRESETS)), help="A set of defaults; a flag that is given beats it."
)
@cli.repeated("--agent", type=cli.AGENT, help="Only this agent's.")
@cli.option("--active-only", is_flag=True, help="Only live claims.")
@cli.option("--since", type=cli.SINCE, help="Events from a stamp, or a distance back: 90m, 24h, 7d.")
@cli.option("--window-hours", type=cli.IntRange(min=1, max=100_000), help="Events of the last H hours.")
@cli.option("--limit", type=cli.COUNT, help="The last N events (default 20).")
@cli.repeated("--severity", type=cli.Choice(SEVERITIES), help="Only events of this severity.")
@cli.option(
    "--manager-window", type=cli.DURATION, help="A manager silent for longer is stale (default 30m; 0 switches off)."
)
@cli.option("--summary", is_flag=True, help="A compact list.")
def main(
    run: cli.Run,
    *,
    preset: str | None,
    agent: tuple[str, ...],
    active_only: bool,
    since: datetime | None,
    window_hours: int | None,
    limit: int | None,
    severity: tuple[str, ...],
    manager_window: timedelta | None,
    summary: bool,
) -> None:
    if since is not None and window_hours is not None:
        raise UsageError("--since and --window-hours exclude each other", code="usage")
    if window_hours is not None:
        since = run.now - timedelta(hours=window_hours)
    view = status.View(
        agents=agent,
        active_only=active_only,
        since=since,
        limit=status.DEFAULT_LIMIT if limit is None else limit,
        severities=severity,
        manager_window=status.MANAGER_WINDOW if manager_window is None else manager_window,
    )
    bus = status.gather(run, status.with_preset(view, preset, run))
    run.skipped(bus.problems)
    document, line = _verdict(run, bus.view.manager_window) if preset == "manager" else ({}, "")
    if run.as_json:
        run.emit({**status.as_document(bus), **document}, "")
    else:
        run.emit({}, line + (status.compact(bus) if summary else status.full(bus, run.spell)))


def _verdict(run: cli.Run, manager_window: timedelta) -> tuple[dict[str, object], str]:
    """The verdict of the board, as JSON and as a line that names the command which shows what it rests on."""
    from tools.core.board import build, model  # only a manager's status costs a board
    from tools.core.board.text import verdict_line

    board = build.take(run, model.View(manager_window, reader=run.manager))
    counts = {"verdict": board.verdict, "alerts": len(board.alerts), "reminders": len(board.reminders)}
    report = run.spell(hint.tool("agent.coord_dashboard", "show"))
    shown = "" if board.verdict == model.GREEN else f" {report}"
    return {"board": counts}, f"{verdict_line(board)}{shown}\n"


if __name__ == "__main__":
    cli.main(main)
