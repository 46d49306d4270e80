#!/usr/bin/env python3
"""Write the manager's report, and send the manager's heartbeat if asked."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from datetime import datetime, timedelta

from tools.core.board import render_text as board_text
from tools.core.bus import posts
from tools.core.bus.assignment_rules import require_manager
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.receipts.write import write_stamped
from tools.core.reports import manager as manager_report


@cli.command(doc=__doc__, writes=True)
@cli.option("--manager", type=cli.AGENT, help="Whose report it is (default: the seat; another needs a manager seat).")
@cli.option("--log-heartbeat", is_flag=True, help="Send a status heartbeat of the acting seat that cites the report.")
@cli.option("--heartbeat-summary", default="", help="What the heartbeat says.")
@cli.repeated("--heartbeat-meta", help="Free data of the heartbeat, key=value.")
@cli.option("--heartbeat-shift", default="", help="The shift the heartbeat names, as meta shift=X.")
@cli.option("--since", type=cli.SINCE, help="Messages and receipts from a stamp, or a distance back (default 24h).")
def main(
    run: cli.Run,
    manager: str | None,
    log_heartbeat: bool,
    heartbeat_summary: str,
    heartbeat_meta: tuple[str, ...],
    heartbeat_shift: str,
    since: datetime | None,
) -> None:
    seat = run.seat
    whose = manager or seat.agent_id
    require_manager(seat, whose)
    if not log_heartbeat and (heartbeat_summary or heartbeat_meta or heartbeat_shift):
        raise UsageError("--heartbeat-… needs --log-heartbeat", code="usage")
    meta = cli.key_values(heartbeat_meta)
    if heartbeat_shift:
        meta["shift"] = heartbeat_shift
    summary = posts.summary_of(heartbeat_summary or f"{seat.agent_id} wrote the manager report")
    found = manager_report.gather(run, whose, since or run.now - timedelta(hours=24))
    data = manager_report.markdown(found, run.spell).encode("utf-8", "backslashreplace")
    folder = run.workspace.report.child("manager")
    place = write_stamped(folder, "manager-report", ".md", data, run.now)
    written = []
    if log_heartbeat:
        written = posts.post(run, posts.EventDraft("status", summary, receipts=(place.name,), meta=meta)).records
    lines = [board_text.verdict(found.board), f"written to {place.name}"]
    lines += [f"heartbeat: {summary}"] if written else []
    run.emit(
        {**manager_report.as_document(found), "path": place.name, "heartbeat": written[0] if written else None},
        "\n".join(lines),
    )


if __name__ == "__main__":
    cli.main(main)
