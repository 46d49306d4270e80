#!/usr/bin/env python3
"""Heartbeat in one call: an event and, if asked, a message; both or neither."""

from __future__ import annotations

if not __package__:  # started by its path: the checkout belongs on the module path, not this folder
    import sys
    from os.path import abspath, dirname

    sys.path[0] = dirname(dirname(dirname(abspath(__file__))))

from tools.core.bus import operations as bus
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.receipts import write as receipts


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
    seat = run.seat
    prefix = f"{seat.agent_id}: "
    text = bus.summary_of(summary if summary.startswith(prefix) else prefix + summary)
    says = message_task is not None and not skip_message
    if skip_event and not says:
        raise UsageError("nothing to write: --skip-event without a message", code="usage", hint="--message-task <task>")
    about = {"summary": text, "branch": branch}
    cited, absent = receipts.cited_all(run.workspace, event_receipt)
    record = None
    if not skip_event:
        about_work = {"task_id": task or "", "plan_id": plan or "", "meta": cli.key_values(extra)}
        record = bus.new_event(run, event=event, receipts=cited, **about_work, **about)
    cited, absent_too = receipts.cited_all(run.workspace, message_receipt)
    messages = []
    if says and message_task is not None:
        pairs = cli.key_values(message_meta) | ({"plan_id": plan} if plan else {})
        said = {"type": message_type, "task_id": message_task, "note": note, "meta": pairs}
        messages.append((message_task, bus.new_message(run, receipts=cited, **said, **about)))
    written = bus.log(
        run,
        record,
        messages,
    )
    run.warn(f"receipt {path} is not there yet" for path in (*absent, *absent_too))
    places = ["_bus/events/events.jsonl"] if record else []
    places += [f"_bus/messages/{thread}.jsonl" for thread, _ in messages]
    run.emit({"records": written}, f"{text} -> {' and '.join(places)}")


if __name__ == "__main__":
    cli.main(main)
