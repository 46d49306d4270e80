"""Make a git repository ready: folders, ignore lines, the bus, a seat."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os

from tools.core.cli import app as cli
from tools.core.cli import bootstrap


@cli.command()
@cli.option("--agent", type=cli.AGENT, help="Make this checkout the seat of an agent.")
@cli.repeated("--role", type=cli.LINE, help="A role of that seat, such as manager.")
@cli.option(
    "--bus",
    type=cli.Choice(["branch", "folder"]),
    help="The bus as a worktree of its own branch (the default), or as a plain folder.",
)
@cli.option("--allow-file-system", is_flag=True, help="Trust the locks of the bus's file system (recorded).")
@cli.option("--reason", type=cli.LINE, default="", help="Why, for --allow-file-system.")
@cli.option("--dry-run", is_flag=True, help="Say what would be done.")
def main(
    run: cli.Run,
    *,
    agent: str | None,
    role: tuple[str, ...],
    bus: str | None,
    allow_file_system: bool,
    reason: str,
    dry_run: bool,
) -> None:
    """Make a git repository ready: folders, ignore lines, the bus, a seat."""
    from tools.core.setup import byte_code
    from tools.core.setup.init import prepare

    if allow_file_system and not dry_run:
        _vouch(run, agent, reason)
    done = prepare(run, agent=agent, roles=role, bus=bus, dry_run=dry_run)
    shared = [] if dry_run else _share(run)
    if not dry_run:
        byte_code.keep(os.path.join(bootstrap.CHECKOUT, "tools"))
    lines = [f"- {step}" for step in [*done.steps, *shared]]
    head = ("would do:" if dry_run else "did:") if lines else f"nothing to do: {run.workspace.root} is ready"
    for note in done.notes if run.as_json else ():
        run.note(note)
    hints = [spelled for note in done.notes if (spelled := run.spell(note.hint))]
    run.emit({"steps": [*done.steps, *shared], "dry_run": dry_run, "hints": hints}, "\n".join([head, *lines]))
    for note in () if run.as_json else done.notes:
        run.note(note)


def _vouch(run: cli.Run, agent: str | None, reason: str) -> None:
    """Trusts the locks of the bus's file system before any is taken."""
    from tools.core.setup.vouched_locks import vouch

    seat = agent or (run.reader.agent_id if run.reader else "")
    run.note(vouch(run.workspace, seat, reason, run.now) or "these locks are trusted already")


def _share(run: cli.Run) -> list[str]:
    """Gives the worktree its share of what is set up for agents' programs in this clone."""
    from tools.core.gitdir import common_folder, git_folder
    from tools.core.setup import ledger

    own = git_folder(run.workspace.root)
    if own is None or not os.path.exists(ledger.place(common_folder(own)).path):
        return []
    from tools.core.setup import clone, launchers, programs

    here = clone.find(run.workspace, os.path.expanduser("~"), bootstrap.server_command())
    result = clone.repeat(
        here, launchers.here(bootstrap.command_word(programs.in_login_shell(bootstrap.CONSOLE_SCRIPT)))
    )
    return list(result.changes) if result else []


if __name__ == "__main__":
    cli.main(main)
