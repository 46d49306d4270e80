#!/usr/bin/env python3
"""Open a coordination thread with a directive and point to it from the hub: both, or neither."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import ids
from tools.core.bus import directives
from tools.core.bus.posts import MessageDraft
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.models.bus import stream_of
from tools.core.models.lenient import text_of


@cli.command(doc=__doc__, writes=True)
@cli.option("--task", required=True, type=cli.TASK, help="The coordination thread, such as BUS-COORD-0001.")
@cli.option("--summary", required=True, help="The directive, in one line.")
@cli.option("--type", "kind", type=cli.MESSAGE, default="directive", show_default=True, help="The directive's type.")
@cli.option("--note", default="", help="More text.")
@cli.option("--plan", type=cli.PLAN, help="The plan it is about.")
@cli.option("--branch", type=cli.LINE, default="", help="The branch it is about.")
@cli.repeated("--receipt", help="A path of evidence.")
@cli.repeated("--meta", help="Free data, key=value.")
@cli.option("--pointer-task", type=cli.TASK, default=ids.HUB, show_default=True, help="Where the pointer goes.")
@cli.option("--pointer-summary", default="", help="What the pointer says (default: the directive's summary).")
@cli.option("--pointer-note", default="", help="More text for the pointer.")
@cli.option("--pointer-type", type=cli.MESSAGE, default="status", show_default=True, help="The pointer's type.")
@cli.repeated("--pointer-receipt", help="A path of evidence for the pointer.")
@cli.repeated("--pointer-meta", help="Free data of the pointer, key=value.")
def main(
    run: cli.Run,
    *,
    task: str,
    summary: str,
    kind: str,
    note: str,
    plan: str | None,
    branch: str,
    receipt: tuple[str, ...],
    meta: tuple[str, ...],
    pointer_task: str,
    pointer_summary: str,
    pointer_note: str,
    pointer_type: str,
    pointer_receipt: tuple[str, ...],
    pointer_meta: tuple[str, ...],
) -> None:
    pairs = cli.key_values(pointer_meta)
    if directives.KEY in pairs:
        raise UsageError(f"{directives.KEY!r} is set by the pointer itself", code="value.own_field")
    pointer_text = pointer_summary or directives.pointer_summary(task, summary)
    about = {"plan_id": plan or "", "branch": branch}
    directive = directives.Directive(
        MessageDraft(task, kind, summary, note=note, receipts=receipt, meta=cli.key_values(meta), **about),
        MessageDraft(
            pointer_task,
            pointer_type,
            pointer_text,
            note=pointer_note,
            receipts=pointer_receipt,
            meta=pairs,
            **about,
        ),
    )
    written = directives.post(run, directive)
    places = [run.store.where(stream_of(text_of(record["task_id"]))) for record in written if "type" in record]
    text = f"{task}: {summary} -> {' and '.join(places)}" if written else f"{task}: directive and pointer exist already"
    run.emit({"records": written, "changed": bool(written)}, text)


if __name__ == "__main__":
    cli.main(main)
