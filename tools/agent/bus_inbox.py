#!/usr/bin/env python3
"""What waits for me: my inbox, and open requests that name me or a task I hold."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import ids
from tools.core.bus import claim_documents, inbox
from tools.core.cli import app as cli
from tools.core.models.bus import stream_of


@cli.command(doc=__doc__, writes=True)
@cli.option(
    "--limit",
    type=cli.COUNT,
    default=20,
    show_default=True,
    help="The newest N; of what is open, the oldest of each sender first.",
)
@cli.option("--mark-read", is_flag=True, help="Mark everything as read.")
def main(run: cli.Run, *, limit: int, mark_read: bool) -> None:
    agent = run.seat.agent_id
    claims = claim_documents.live_claims(run.store)
    held = {claim.task_id for claim in claims.claims if claim.agent_id == agent}
    run.skipped([*claims.problems, *run.history.problems([stream_of(ids.inbox_of(agent))])])
    received = inbox.look(run.history, agent, held, inbox.read_mark(run.workspace, agent), limit=limit)
    shown = inbox.chosen(received.items, limit, run.now)
    if received.total > len(shown):
        run.note(f"{received.total - len(shown)} more; --limit {received.total} shows all")
    lines = [inbox.line_of(item, run.now) for item in shown]
    title = f"inbox of {agent}: {received.unread} unread of {received.total}"
    if mark_read:
        inbox.mark_read(run.workspace, agent, received)
        title += f"; all marked as read in {inbox.mark_place(run.workspace, agent).name}"
    run.emit(
        {"agent": agent, "unread": received.unread, "total": received.total, "items": [*map(inbox.as_document, shown)]},
        "\n".join([title, *lines]),
    )


if __name__ == "__main__":
    cli.main(main)
