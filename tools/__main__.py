"""The console script `teof`: the words that start a command, and the command that they start."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import sys

from tools.core.cli import app as cli
from tools.core.cli import bootstrap, commands
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.core.cli.decorators import Command, Group


def main() -> None:
    """`teof <command> …` and `python -m tools …`."""
    arguments = sys.argv[1:]
    name = arguments[0] if arguments else ""
    start = bootstrap.start_of("tools")
    if not name or name.startswith("-"):
        from tools import listing  # most words name a command

        cli.main(listing.behind_options(arguments) or listing.index, arguments, start)
    cli.main(_command(name), arguments[1:], (*start, name))


def _command(name: str) -> Command | Group:
    module = commands.module_of(name)
    if not module:
        from tools import listing

        return listing.unknown(name)
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


if __name__ == "__main__":
    main()
