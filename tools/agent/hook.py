#!/usr/bin/env python3
"""What an agent's own program calls at each event: it guards claimed files and tells mail, and always ends with 0."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

if __name__ == "__main__":  # started at every step of an agent: what follows is never loaded
    from tools.core.cli import hook_program

    hook_program.main()

from tools.core.cli import app as cli


@cli.command(doc=__doc__)
@cli.argument("program", required=True, metavar="CLI")
@cli.argument("event", required=False, default="")
@cli.option("--guard", metavar="LEVEL", default="claims", show_default=True, help="off, claims, own or strict.")
@cli.option("--command", metavar="WORD", default="teof", show_default=True, help="How the texts spell this toolkit.")
def main(run: cli.Run, *, program: str, event: str, guard: str, command: str) -> None:
    from tools.core.cli import hook_program

    hook_program.main([program, event, "--guard", guard, "--command", command])
