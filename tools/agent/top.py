#!/usr/bin/env python3
"""Show the board on the whole terminal, kept up to date; answer from it."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
import sys
from importlib.util import find_spec

from tools.core import hint
from tools.core.board.model import View
from tools.core.cli import app as cli
from tools.core.errors import SetupError, UsageError


@cli.command(doc=__doc__)
def main(run: cli.Run) -> None:
    """Show the board until q is pressed."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError(
            "top needs a whole terminal",
            code="top.terminal",
            hint=hint.tool("agent.coord_dashboard", "report", "--compact", "--output", "-"),
        )
    if find_spec("textual") is None:
        raise SetupError(
            "top needs the package textual: pip install 'teof-parallel-agents[tui]'",
            code="top.extra",
            hint=hint.tool("agent.coord_dashboard", "report", "--compact", "--follow", "2"),
        )
    from tools.core.terminal import app  # textual is for this command alone

    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    app.run(run, View(), run.reader, plain=plain)


if __name__ == "__main__":
    cli.main(main)
