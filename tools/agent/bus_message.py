#!/usr/bin/env python3
"""Say something in a task's thread, on the hub, or to one agent."""

from __future__ import annotations

if not __package__:  # started by its path: the checkout belongs on the module path, not this folder
    import sys
    from os.path import abspath, dirname

    sys.path[0] = dirname(dirname(dirname(abspath(__file__))))

from tools.core import clock, ids
from tools.core.bus import operations as bus
from tools.core.cli import app as cli
from tools.core.models.bus import Message
from tools.core.receipts import write as receipts
from tools.core.text import render


@cli.command(doc=__doc__, writes=True)
@cli.option("--task", required=True, type=cli.TASK, help="The thread: a task, manager-report, BUS-COORD-…")
@cli.option("--type", "kind", required=True, type=cli.MESSAGE, help="status, note, request, directive, summary, …")
@cli.option("--summary", required=True, help="One line.")
@cli.option("--note", default="", help="More text, any number of lines.")
@cli.option("--plan", type=cli.PLAN, help="The plan it is about (kept as meta.plan_id).")
@cli.option("--branch", type=cli.LINE, default="", help="The branch it is about.")
@cli.repeated("--receipt", help="A path of evidence.")
@cli.repeated("--meta", help="Free data, key=value.")
@cli.option("--target", type=cli.AGENT, help="Also put it into this agent's inbox.")
@cli.option("--reply-to", default="", help="The id of the message this answers; closes a request or directive.")
def main(
    run: cli.Run,
    task: str,
    kind: str,
    summary: str,
    note: str,
    plan: str | None,
    branch: str,
    receipt: tuple[str, ...],
    meta: tuple[str, ...],
    target: str | None,
    reply_to: str,
) -> None:
    seat = run.seat
    pairs = cli.key_values(meta)
    if plan:
        pairs["plan_id"] = plan
    paths, missing = receipts.cited_all(run.workspace, receipt)
    message = Message(
        id=ids.new_record_id(),
        ts=clock.to_text(run.now),
        sender=seat.agent_id,
        type=kind,
        task_id=task,
        summary=bus.summary_of(summary),
        to=target or "",
        branch=branch,
        note=note,
        receipts=paths,
        meta=pairs,
        reply_to=ids.require_record(reply_to) if reply_to else "",
    )
    threads = [task] if target is None or ids.inbox_of(target) == task else [task, ids.inbox_of(target)]
    written = bus.log(
        run,
        None,
        [(thread, message) for thread in threads],
    )
    run.warn(f"receipt {path} is not there yet" for path in missing)
    if reply_to and not bus.message_exists(
        run,
        reply_to,
    ):
        run.warn([f"no message has the id {reply_to}"])
    where = " and ".join(f"_bus/messages/{thread}.jsonl" for thread in threads)
    run.emit(
        {"message": written[0], "threads": threads}, f"{message.id} {render.short(message.summary, 120)} -> {where}"
    )


if __name__ == "__main__":
    cli.main(main)
