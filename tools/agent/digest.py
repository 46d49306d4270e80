#!/usr/bin/env python3
"""What happened while you were away, in at most fifteen lines."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)


from tools.core import clock
from tools.core.board import digest, digest_text
from tools.core.board.model import View
from tools.core.cli import app as cli
from tools.core.errors import UsageError


@cli.command(doc=__doc__)
@cli.option(
    "--since", default="24h", show_default=True, help="A stamp, a distance such as 24h, or last: your own last record."
)
@cli.option(
    "--format", "form", type=cli.Choice(["text", "markdown"]), default="text", show_default=True, help="Of the text."
)
def main(run: cli.Run, *, since: str, form: str) -> None:
    """Print the digest; it writes nothing."""
    moment = digest.own_last_moment(run) if since == "last" else clock.parse_since(since, run.now)
    if moment is None:
        raise UsageError(
            f"{since!r} is neither a stamp nor a distance such as 90m, 24h, 7d, nor last", code="value.since"
        )
    made = digest.take(run, digest.Question(min(moment, run.now), View(), run.manager))
    text = digest_text.markdown(made) if form == "markdown" else digest_text.text(made)
    run.emit(digest.as_document(made), text)


if __name__ == "__main__":
    cli.main(main)
