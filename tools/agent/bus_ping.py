#!/usr/bin/env python3
"""Heartbeat in one call: an event and, if asked, a message; both or neither."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint, ids
from tools.core.bus import posts
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.models.bus import EVENTS, stream_of


@cli.command(doc=__doc__, writes=True)
@cli.option("--summary", default="alive", show_default=True, help="One line; the agent's name is put before it.")
@cli.option("--event", type=cli.EVENT, default="status", show_default=True, help="The kind of event.")
@cli.option("--task", type=cli.TASK, help="The task the event is about.")
@cli.option("--plan", type=cli.PLAN, help="The plan it is about.")
@cli.option("--branch", type=cli.LINE, default="", help="The branch it is about.")
@cli.repeated("--event-receipt", help="A path of evidence for the event.")
@cli.option("--message-task", type=cli.TASK, help="Also say it in this thread.")
@cli.option("--message-type", type=cli.MESSAGE, default="status", show_default=True, help="The kind of message.")
@cli.option("--note", default="", help="More text for the message.")
@cli.repeated("--message-receipt", help="A path of evidence for the message.")
@cli.repeated("--message-meta", help="Free data of the message, key=value.")
@cli.repeated("--extra", help="Free data of the event, key=value.")
@cli.option("--skip-event", is_flag=True, help="Only the message.")
@cli.option("--skip-message", is_flag=True, help="Only the event.")
def main(
    run: cli.Run,
    *,
    summary: str,
    event: str,
    task: str | None,
    plan: str | None,
    branch: str,
    event_receipt: tuple[str, ...],
    message_task: str | None,
    message_type: str,
    note: str,
    message_receipt: tuple[str, ...],
    message_meta: tuple[str, ...],
    extra: tuple[str, ...],
    skip_event: bool,
    skip_message: bool,
) -> None:
    prefix = f"{run.seat.agent_id}: "
    text = summary if summary.startswith(prefix) else prefix + summary
    messages = []
    if message_task is not None and not skip_message:
        if not ids.is_usual(message_task):
            from tools.core.backlog import task_ids  # most ids are written as the backlog writes them

            task_ids.require_thread(run, message_task, lambda meant: hint.again("--message-task", meant))
        meta = cli.key_values(message_meta)
        messages.append(
            posts.MessageDraft(
                message_task,
                message_type,
                text,
                plan_id=plan or "",
                branch=branch,
                note=note,
                receipts=message_receipt,
                meta=meta,
            )
        )
    if skip_event and not messages:
        raise UsageError(
            "nothing to write: --skip-event without a message",
            code="usage",
            hint=hint.again("--message-task", hint.WORDS),
        )
    about = {"task_id": task or "", "plan_id": plan or "", "branch": branch}
    beat = posts.EventDraft(event, text, receipts=event_receipt, meta=cli.key_values(extra), **about)
    posted = posts.post(run, None if skip_event else beat, messages)
    streams = [*([] if skip_event else [EVENTS]), *map(stream_of, posted.threads)]
    run.emit({"records": posted.records}, f"{text} -> {' and '.join(map(run.store.where, streams))}")


if __name__ == "__main__":
    cli.main(main)
