"""The index of commands, `init`, and the console script `teof`."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
import sys

from tools.core import hint, versions
from tools.core.cli import app as cli
from tools.core.cli import bootstrap, commands
from tools.core.errors import UsageError
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.core.cli.decorators import Command, Group

HELP = """Several coding agents and a manager share one git repository.

Without a command: the list of all commands. `<command> --help` explains one."""


def main() -> None:
    """`teof <command> …` and `python -m tools …`."""
    arguments = sys.argv[1:]
    name = arguments[0] if arguments else ""
    start = bootstrap.start_of("tools")
    if not name or name.startswith("-"):
        cli.main(_behind_options(arguments) or index, arguments, start)
    cli.main(_command(name), arguments[1:], (*start, name))


def _command(name: str) -> Command | Group:
    if name == "init":
        return init
    module = commands.module_of(name)
    if not module:
        return _unknown(name)
    if "." not in name:
        _say_full_name(name, commands.shown_as(module))
    __import__(module)  # `importlib` is a module more
    main: Command | Group = sys.modules[module].main
    return main


def _say_full_name(name: str, listed: str) -> None:
    """Names a command as the index does, where its package was left out; a document says nothing of it."""
    if name != listed and "--json" not in sys.argv and sys.stderr:
        from contextlib import suppress

        with suppress(OSError):  # what cannot be written is said by the command's own end
            sys.stderr.write(f"{name} is listed as {listed}\n")


def _behind_options(words: list[str]) -> Command | None:
    """A refusal that shows the line in its order, where a command stands behind options; None where none does."""
    at = next((at for at, word in enumerate(words) if at and (word == "init" or commands.module_of(word))), None)
    if at is None:
        return None
    shown = _as_hint(words[at], [*words[:at], *words[at + 1 :]])
    return _refusal(f"{words[at]} comes first, its options behind it", shown)


def _unknown(name: str) -> Command:
    import difflib

    names = {word: full for full in commands.names() for word in (full.rpartition(".")[2], full)}
    near = difflib.get_close_matches(name, names, 1)
    if not near:
        return _refusal(f"no command {name!r}", hint.tool(""))
    meant = names[near[0]]
    is_certain = difflib.SequenceMatcher(None, name, near[0]).ratio() >= _TYPING_MISTAKE
    shown = _as_hint(meant, sys.argv[2:]) if is_certain else hint.tool("")
    return _refusal(f"no command {name!r}; did you mean {meant}?", shown)


_TYPING_MISTAKE = 0.8
"""How like a command's a word is that is taken for it: what is less alike is named, and never offered to be pasted."""


def _as_hint(name: str, arguments: list[str]) -> hint.Hint:
    return hint.program(*bootstrap.start_of("tools"), name, *arguments)


def _refusal(message: str, shown: hint.Hint) -> Command:
    def refuse(run: cli.Run) -> None:
        raise UsageError(message, code="usage", hint=shown)

    return cli.catch_all(refuse)


@cli.command(doc=HELP)
@cli.option("--version", is_flag=True, help="Show the version; with --json also those of the formats and of Python.")
def index(run: cli.Run, *, version: bool) -> None:
    if version:
        python = ".".join(map(str, sys.version_info[:3]))
        document = {"version": versions.TOOLKIT, "formats": versions.FORMATS, "python": python}
        run.emit(document, f"{bootstrap.CONSOLE_SCRIPT} {versions.TOOLKIT}")
        return
    rows = commands.commands()
    width = max(len(row.shown) for row in rows)
    lines = [f"  {row.shown:<{width}}  {row.sentence}" for row in rows]
    listing = {"commands": [{"name": row.shown, "module": row.module, "summary": row.sentence} for row in rows]}
    run.emit(listing, "\n".join(["commands (each takes --help, --json, --root):", *lines]))


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
def init(
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
    main()
