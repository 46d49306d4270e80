#!/usr/bin/env python3
"""Worktrees of seats: make one with all an agent needs, list them, remove one without losing work."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
import shlex

from tools.core.cli import app as cli
from tools.core.errors import ToolkitError
from tools.core.text import terminal

main = cli.group(__doc__)


@cli.command(main, "add")
@cli.argument("agent", type=cli.AGENT)
@cli.option("--path", type=cli.LINE, help="Where (default: beside the main checkout).")
@cli.option("--base", type=cli.LINE, default="HEAD", show_default=True, help="What its branch begins at.")
@cli.repeated("--role", type=cli.LINE, help="A role of the seat.")
@cli.option("--run", "command", help="A command to run in it once; its failure is a warning.")
def add(run: cli.Run, *, agent: str, path: str | None, base: str, role: tuple[str, ...], command: str | None) -> None:
    """Make a worktree that is an agent's seat."""
    from tools.core.cli import bootstrap
    from tools.core.setup import clone, launchers, programs, worktrees

    added = worktrees.add(run, agent, path, base, role)
    manual, launch = [], []
    try:
        here = clone.find(run.workspace, os.path.expanduser("~"), bootstrap.server_command())
        launch = worktrees.launch_lines(added.path, here.ledger.clis)
        share = clone.repeat(
            here, launchers.here(bootstrap.command_word(programs.in_login_shell(bootstrap.CONSOLE_SCRIPT)))
        )
        manual = share.manual if share else []
    except ToolkitError as problem:
        run.warn([f"its share of what is set up is missing: {problem.message}; python -m tools.agent.doctor --fix"])
    if command and added.is_new:
        _run_once(run, added.path, command)
    state = "made" if added.is_new else "there already:"
    steps = [f"{step.cli}: {step.step}" for step in manual if added.path in step.step]
    lines = [f"{state} {added.path} on {added.branch}, the seat of {agent}", *(f"- {line}" for line in launch)]
    lines += ["you must:", *(f"- {step}" for step in steps)] if steps else []
    run.emit({**added._asdict(), "launch": launch, "manual": [step._asdict() for step in manual]}, "\n".join(lines))


def _run_once(run: cli.Run, place: str, command: str) -> None:
    import subprocess

    done = subprocess.run(shlex.split(command), cwd=place, stdin=subprocess.DEVNULL, stdout=2, check=False)
    if done.returncode:
        run.warn([f"{command!r} ended with {done.returncode}"])


@cli.command(main, "list")
def list_worktrees(run: cli.Run) -> None:
    """Show every worktree and the seat in it."""
    from tools.core.setup import worktrees

    rows = worktrees.rows(run.workspace)
    table = terminal.table(
        ("seat", "branch", "path"), [(row.agent or "-", row.branch or "-", row.path) for row in rows]
    )
    run.emit({"worktrees": [row._asdict() for row in rows]}, table)


@cli.command(main, "remove", writes=True)
@cli.argument("name", type=cli.AGENT, metavar="AGENT")
@cli.option("--force", is_flag=True, help="Although it has work or claims (needs --reason, recorded).")
@cli.option("--reason", type=cli.LINE, default="", help="Why.")
def remove(run: cli.Run, *, name: str, force: bool, reason: str) -> None:
    """Remove a seat's worktree; its branch stays."""
    from tools.core.setup import worktrees

    row = worktrees.remove(run, name, force=force, reason=reason)
    run.emit(row._asdict(), f"removed {row.path}; the branch {row.branch or '-'} stays")


if __name__ == "__main__":
    cli.main(main)
