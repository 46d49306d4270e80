#!/usr/bin/env python3
"""Search all events and messages for words, the newest first."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from datetime import datetime

from tools.core.bus import feed
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.models.entry import Entry, Search
from tools.core.models.record import to_mapping


@cli.command(doc=__doc__)
@cli.argument("text", nargs=-1, required=True)
@cli.option("--since", type=cli.SINCE, help="From a stamp, or a distance back: 90m, 24h, 7d.")
@cli.repeated("--agent", type=cli.AGENT, help="Only this agent's.")
@cli.repeated("--task", type=cli.TASK, help="Only about this task.")
@cli.option("--limit", type=cli.COUNT, default=20, show_default=True, help="The newest N.")
def main(
    run: cli.Run,
    *,
    text: tuple[str, ...],
    since: datetime | None,
    agent: tuple[str, ...],
    task: tuple[str, ...],
    limit: int,
) -> None:
    search = Search(" ".join(text), agent, task, since, limit)
    if not search.words:
        raise UsageError("the text has no word to look for", code="search.empty")
    run.skipped(run.history.problems())
    matches = run.history.search(search)
    if matches.is_cut:
        run.note(
            "only the newest records with these words were looked at; --since, --agent, --task or more words narrow"
        )
    if not matches.entries:
        run.note("nothing has these words")
    run.emit(
        {"hits": [_document(entry) for entry in matches.entries]},
        "\n".join(feed.line_of(entry) for entry in matches.entries),
    )


def _document(entry: Entry) -> dict[str, object]:
    return {"source": entry.source, **to_mapping(entry.record)}


if __name__ == "__main__":
    cli.main(main)
