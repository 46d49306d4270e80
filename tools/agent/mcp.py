#!/usr/bin/env python3
"""Serve the bus as an MCP server on stdin and stdout, for programs whose shell may not write."""

from __future__ import annotations

import os

if not __package__:  # started by its path: the checkout belongs on the module path, not this folder
    import sys
    from os.path import abspath, dirname

    sys.path[0] = dirname(dirname(dirname(abspath(__file__))))

from tools.core.cli import app as cli


@cli.command(doc=__doc__)
def main(run: cli.Run) -> None:
    from tools.core.cli import bootstrap
    from tools.core.integrations.mcp import server

    server.serve(lambda: (os.environ, os.getcwd()), bootstrap.version())


if __name__ == "__main__":
    cli.main(main)
