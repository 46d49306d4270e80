#!/usr/bin/env python3
"""Search all events and messages for words, the best first."""

from __future__ import annotations

from datetime import datetime

if not __package__:  # started by its path: the checkout belongs on the module path, not this folder
    import sys
    from os.path import abspath, dirname

    sys.path[0] = dirname(dirname(dirname(abspath(__file__))))

from tools.core.bus import feed
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.models.record import to_mapping
from tools.core.store.files import search
from tools.core.store.files.index import losses, open_index


@cli.command(doc=__doc__)
@cli.argument("text", nargs=-1, required=True)
@cli.option("--since", type=cli.SINCE, help="From a stamp, or a distance back: 90m, 24h, 7d.")
@cli.repeated("--agent", type=cli.AGENT, help="Only this agent's.")
@cli.repeated("--task", type=cli.TASK, help="Only about this task.")
@cli.option("--limit", type=cli.COUNT, default=20, show_default=True, help="The best N.")
def main(
    run: cli.Run,
    text: tuple[str, ...],
    since: datetime | None,
    agent: tuple[str, ...],
    task: tuple[str, ...],
    limit: int,
) -> None:
    if not search.words_of(" ".join(text)):
        raise UsageError("the text has no word to look for", code="search.empty")
    with open_index(run.workspace) as index:
        run.skipped(index.problems())
        run.warn(losses(index))
        hits, is_cut = search.find(index, search.Search(" ".join(text), agent, task, since, limit))
    if is_cut:
        run.note(
            "many records have these words: only the newest were ranked; --since, --agent, --task or more words narrow"
        )
    if not hits:
        run.note("nothing has these words")
    run.emit(
        {"hits": [_document(hit) for hit in hits]},
        "\n".join(feed.line_of(hit.entry) for hit in hits),
    )


def _document(hit: search.Hit) -> dict[str, object]:
    return {"source": hit.entry.source, "score": hit.score, **to_mapping(hit.entry.record)}


if __name__ == "__main__":
    cli.main(main)
