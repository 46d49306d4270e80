#!/usr/bin/env python3
"""Set up agents' programs in this clone: hooks, MCP, sandbox, instructions; `--remove` takes it out byte for byte."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
from typing import Any

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.errors import UsageError


@cli.command(doc=__doc__)
@cli.argument("programs", nargs=-1, metavar="[CLI]...")
@cli.option("--scope", type=cli.Choice(["project", "user"]), help="Files of this clone (default), or the user's own.")
@cli.option(
    "--guard", type=cli.Choice(["off", "claims", "own", "strict"]), help="What edits are refused (default claims)."
)
@cli.option("--allow-commits", is_flag=True, default=None, help="Let sandboxed agents commit in their worktrees.")
@cli.option("--no-mcp", is_flag=True, default=None, help="No MCP server.")
@cli.option("--no-instructions", is_flag=True, help="No AGENTS.md block, CLAUDE.md import and skill.")
@cli.option("--dry-run", is_flag=True, help="Print the changes as a diff and write nothing.")
@cli.option("--remove", is_flag=True, help="Take out what setup put in.")
def main(
    run: cli.Run, *, programs: tuple[str, ...], no_instructions: bool, dry_run: bool, remove: bool, **asked: Any
) -> None:
    from tools.core.cli import bootstrap
    from tools.core.setup import agents, clone, launchers, plan
    from tools.core.setup import programs as installed

    names = plan.require_names(list(programs))
    here = clone.find(run.workspace, os.path.expanduser("~"), bootstrap.server_command())
    if not names:
        if remove:
            raise UsageError(
                "--remove needs the programs meant", code="usage", hint=hint.tool("agent.setup", "all", "--remove")
            )
        overview = clone.overview(here)
        run.emit({"programs": [row._asdict() for row in overview]}, "\n".join(map(clone.line_of, overview)))
        return
    request = clone.request(here, names, asked, without_instructions=no_instructions, remove=remove, dry_run=dry_run)
    tools = launchers.here(bootstrap.command_word(installed.in_login_shell(bootstrap.CONSOLE_SCRIPT)))
    result = agents.set_up(request, clone.place(here, request.options), tools)
    _show(run, result, dry_run=dry_run)


def _show(run: cli.Run, result: Any, *, dry_run: bool) -> None:
    document = {
        "changes": result.changes,
        "dry_run": dry_run,
        "manual": [step._asdict() for step in result.manual],
        "left": result.left,
    }
    head = ("would do:" if dry_run else "did:") if result.changes else "nothing to do"
    lines = [head, *(f"- {change}" for change in result.changes)]
    lines += [f"left as it is, because somebody changed it: {part}" for part in result.left]
    if result.manual:
        lines += ["you must:", *(f"- {step.cli}: {step.step} ({step.why})" for step in result.manual)]
    if result.diff:
        run.emit({**document, "diff": result.diff}, result.diff + "\n".join(lines))
    else:
        run.emit(document, "\n".join(lines))


if __name__ == "__main__":
    cli.main(main)
