#!/usr/bin/env python3
"""Say something in a task's thread, on the hub, or to one agent."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint, ids
from tools.core.bus import posts
from tools.core.cli import app as cli
from tools.core.models.bus import stream_of
from tools.core.text import terminal


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
    *,
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
    if not ids.is_usual(task):
        from tools.core.backlog import task_ids  # most ids are written as the backlog writes them

        task_ids.require_thread(run, task, lambda meant: hint.again("--task", meant))
    draft = posts.MessageDraft(
        task,
        kind,
        summary,
        to=target or "",
        plan_id=plan or "",
        branch=branch,
        note=note,
        reply_to=reply_to,
        receipts=receipt,
        meta=cli.key_values(meta),
    )
    posted = posts.post(run, messages=[draft])
    message = posted.messages[0]
    where = " and ".join(run.store.where(stream_of(thread)) for thread in posted.threads)
    text = f"{message.id} {terminal.short(message.summary, 120)} -> {where}"
    run.emit({"message": posted.records[0], "threads": list(posted.threads)}, text)


if __name__ == "__main__":
    cli.main(main)
