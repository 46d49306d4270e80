#!/usr/bin/env python3
"""Serve the bus as an MCP server on stdin and stdout, for programs whose shell may not write."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os

from tools.core.cli import app as cli


@cli.command(doc=__doc__)
def main(run: cli.Run) -> None:
    from tools.core.cli import bootstrap
    from tools.core.integrations.mcp import server

    server.serve(lambda: (os.environ, os.getcwd()), bootstrap.version())


if __name__ == "__main__":
    cli.main(main)
