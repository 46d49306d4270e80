#!/usr/bin/env python3
"""Write the manager's report, and send the manager's heartbeat with --log-heartbeat."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from datetime import datetime, timedelta

from tools.core.board.text import verdict_line
from tools.core.bus import posts
from tools.core.bus.assignment_rules import require_manager
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.receipts import write
from tools.core.reports.manager import as_document, gather, markdown


@cli.command(doc=__doc__, writes=True)
@cli.option(
    "--manager", type=cli.AGENT, help="The manager of the report (default: the seat; another needs a manager seat)."
)
@cli.option("--log-heartbeat", is_flag=True, help="Send a status heartbeat of the acting seat that cites the report.")
@cli.option("--heartbeat-summary", default="", help="The summary of the heartbeat.")
@cli.repeated("--heartbeat-meta", help="Free data of the heartbeat, key=value.")
@cli.option("--heartbeat-shift", default="", help="The shift of the heartbeat, as meta shift=X.")
@cli.option("--since", type=cli.SINCE, help="Messages and receipts from a stamp, or a distance back (default 24h).")
def main(
    run: cli.Run,
    *,
    manager: str | None,
    log_heartbeat: bool,
    heartbeat_summary: str,
    heartbeat_meta: tuple[str, ...],
    heartbeat_shift: str,
    since: datetime | None,
) -> None:
    seat = run.seat
    manager = manager or seat.agent_id
    require_manager(seat, manager)
    if not log_heartbeat and (heartbeat_summary or heartbeat_meta or heartbeat_shift):
        raise UsageError("--heartbeat-… needs --log-heartbeat", code="usage")
    meta = cli.key_values(heartbeat_meta)
    if heartbeat_shift:
        meta["shift"] = heartbeat_shift
    summary = posts.summary_of(heartbeat_summary or f"{seat.agent_id} wrote the manager report")
    report = gather(run, manager, since or run.now - timedelta(hours=24))
    data = markdown(report, run.spell).encode("utf-8", "backslashreplace")
    folder = run.workspace.report.child("manager")
    place = write.write_stamped(folder, "manager-report", ".md", data, run.now)
    written = []
    if log_heartbeat:
        written = posts.post(run, posts.EventDraft("status", summary, receipts=(place.name,), meta=meta)).records
    lines = [verdict_line(report.board), f"written to {place.name}"]
    lines += [f"heartbeat: {summary}"] if written else []
    run.emit(
        {**as_document(report), "path": place.name, "heartbeat": written[0] if written else None},
        "\n".join(lines),
    )


if __name__ == "__main__":
    cli.main(main)
