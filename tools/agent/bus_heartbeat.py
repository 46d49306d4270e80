#!/usr/bin/env python3
"""Check that a manager watches and that holders are at work; write a receipt, raise new alerts."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import ids
from tools.core.board.model import AMBER, AlertRow
from tools.core.board.text import verdict_line
from tools.core.bus import posts
from tools.core.cli import app as cli
from tools.core.receipts.write import write_stamped
from tools.core.reports import heartbeat
from tools.core.text import terminal

MOST_REMINDERS = 5


@cli.command(doc=__doc__, writes=True)
@cli.manager_window
@cli.agent_window
@cli.option("--dry-run", is_flag=True, help="Only the receipt.")
@cli.option("--no-bus-event", is_flag=True, help="Raise no event.")
@cli.option("--no-bus-message", is_flag=True, help="Post no message.")
@cli.option("--task", type=cli.TASK, default=ids.HUB, show_default=True, help="The thread an alert is posted in.")
@cli.option("--plan", type=cli.PLAN, help="The plan the alert is about.")
@cli.repeated("--ignore-manager", type=cli.AGENT, help="Leave this manager out.")
@cli.option("--now", type=cli.STAMP, help="Judge as of this moment.")
@cli.option("--fail-on-alert", is_flag=True, help="Exit 1 when there are alerts.")
def main(
    run: cli.Run,
    *,
    manager_window: timedelta,
    agent_window: timedelta,
    dry_run: bool,
    no_bus_event: bool,
    no_bus_message: bool,
    task: str,
    plan: str | None,
    ignore_manager: tuple[str, ...],
    now: datetime | None,
    fail_on_alert: bool,
) -> None:
    agent = run.seat.agent_id
    moment = now or run.now
    result = heartbeat.check(
        run.at(moment), manager_window=manager_window, agent_window=agent_window, ignored_managers=ignore_manager
    )
    run.skipped(run.store.history.problems())
    document = heartbeat.as_document(result)
    folder = run.workspace.in_root(heartbeat.folder_of(agent))
    receipt = write_stamped(folder, "heartbeat", ".json", document, moment)
    raising = Raising(receipt.name, task, plan or "", event=not no_bus_event, message=not no_bus_message)
    alerts, new = result.board.alerts, result.new
    if new and not dry_run:
        posts.post_once(run, lambda: raising.draft(_not_raised(run, new)))
    lines = [f"{len(alerts)} alert{'s' * (len(alerts) != 1)} ({len(new)} new); receipt {receipt.name}"]
    lines += [f"- {terminal.clean(alert.text)}" for alert in alerts]
    lines += [verdict_line(result.board)] if result.board.verdict == AMBER else []
    lines += [f"- {terminal.clean(terminal.short(row.text, 200))}" for row in result.board.reminders[:MOST_REMINDERS]]
    run.emit({**document, "receipt": receipt.name, "dry_run": dry_run}, "\n".join(lines))
    if fail_on_alert and alerts:
        run.finish(1)


def _not_raised(run: cli.Run, alerts: Sequence[AlertRow]) -> list[AlertRow]:
    """The alerts that have not been raised meanwhile."""
    before = heartbeat.raised_before(run.store.history)
    return [alert for alert in alerts if heartbeat.identity(alert) not in before]


class Raising(NamedTuple):
    """How alerts are raised: which receipt they cite, where, and by what."""

    receipt: str
    task: str
    plan: str
    event: bool
    message: bool

    def draft(self, new: Sequence[AlertRow]) -> posts.Draft | None:
        """The event and the message of alerts; None without any."""
        if not new or not (self.event or self.message):
            return None
        text = terminal.short("; ".join(alert.text for alert in new), 1900)
        severity = "high" if any(alert.kind.startswith("manager") for alert in new) else "medium"
        event = posts.EventDraft(
            "alert",
            text,
            task_id="" if self.task == ids.HUB else self.task,
            plan_id=self.plan,
            severity=severity,
            receipts=(self.receipt,),
            meta={"alert": " ".join(map(heartbeat.identity, new))},
        )
        words = posts.MessageDraft(
            self.task, "status", text, plan_id=self.plan, receipts=(self.receipt,), meta={"severity": severity}
        )
        return posts.Draft(event if self.event else None, [words] if self.message else [])


if __name__ == "__main__":
    cli.main(main)
