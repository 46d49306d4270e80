"""Commands that help, as data: who shows a hint spells it in the form in which the process was started."""

from __future__ import annotations

from tools.core.plain import NamedTuple

WORDS = "…"
"""An argument that stands for the user's own words, or for an id that only the user knows."""

AGAIN = ""
"""The program of a command that repeats the one that runs, with more arguments."""


class Command(NamedTuple):
    """A module of the toolkit (`tools.agent.bus_claim`), another program (`git`) or AGAIN, and its arguments."""

    program: str
    arguments: tuple[str, ...]


class Hint(NamedTuple):
    """What can be typed next: one command, or several of which each needs the one before."""

    commands: tuple[Command, ...]

    def then(self, other: Hint) -> Hint:
        """This hint and, once it worked, another."""
        return Hint((*self.commands, *other.commands))


class Note(NamedTuple):
    """A sentence for the user, and the command that helps where there is one."""

    text: str
    hint: Hint | None = None


def tool(name: str, *arguments: str) -> Hint:
    """A command of the toolkit by its name below `tools`: `agent.bus_claim`; "" is the index of commands."""
    return Hint((Command(f"tools.{name}".rstrip("."), arguments),))


def init(*arguments: str) -> Hint:
    """`init`, which has no module of its own."""
    return tool("", "init", *arguments)


def program(name: str, *arguments: str) -> Hint:
    """A command that is none of the toolkit's."""
    return Hint((Command(name, arguments),))


def git(*arguments: str) -> Hint:
    """A git command."""
    return program("git", *arguments)


def again(*arguments: str) -> Hint:
    """The command that was refused, with more arguments."""
    return Hint((Command(AGAIN, arguments),))
