"""The index of commands, and what is said where words name none."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import sys

from tools.core import hint, versions
from tools.core.cli import app as cli
from tools.core.cli import bootstrap, commands
from tools.core.cli.pages.entries import all_entries
from tools.core.errors import UsageError
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.core.cli.decorators import Command

HELP = """Several coding agents and a manager share one git repository.

Without a command: the list of all commands. `<command> --help` explains one."""


def behind_options(words: list[str]) -> Command | None:
    """A refusal that shows the line in its order, where a command stands behind options; None where none does."""
    at = next((at for at, word in enumerate(words) if at and commands.module_of(word)), None)
    if at is None:
        return None
    shown = _as_hint(words[at], [*words[:at], *words[at + 1 :]])
    return _refusal(f"{words[at]} comes first, its options behind it", shown)


def unknown(name: str) -> Command:
    """A refusal that names the command which was meant, where one is near."""
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
    rows = all_entries()
    width = max(len(row.shown) for row in rows)
    lines = [f"  {row.shown:<{width}}  {row.sentence}" for row in rows]
    listing = {"commands": [{"name": row.shown, "module": row.module, "summary": row.sentence} for row in rows]}
    run.emit(listing, "\n".join(["commands (each takes --help, --json, --root):", *lines]))


if __name__ == "__main__":
    cli.main(index)
