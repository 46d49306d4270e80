"""The command that was probably meant by words that no command takes.

A correction is only shown, never run, and only where there is one that the command would take: an option
that stands before the subcommand, a task without `--task`, a name with a letter wrong.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from tools.core import ids
from tools.core.cli import explained
from tools.core.cli.decorators import Command, Group

_TASK = "--task"
_STEPS = 3
"""Mistakes in one line that are corrected at most."""


def corrected(command: Command | Group, words: Sequence[str]) -> list[str] | None:
    """The words as the command takes them; None where no correction, or more than one, leads there."""
    lines = [list(words)]
    if explained.is_taken(command, lines[0]):  # what is wrong is no word
        return None
    for _ in range(_STEPS):
        lines = [line for before in lines for line in _corrections(command, before)]
        taken = {tuple(line) for line in lines if explained.is_taken(command, line)}
        if taken:
            return list(taken.pop()) if len(taken) == 1 else None
    return None


def _corrections(command: Command | Group, words: list[str]) -> Iterator[list[str]]:
    """The lines that differ by one correction; first the subcommand, then what it takes."""
    start = 0
    while isinstance(command, Group):
        names = list(command.commands)
        if start == len(words) or words[start] not in names:
            yield from _subcommands(words, start, names)
            return
        command = command.commands[words[start]]
        start += 1
    options = [name for part in command.parts for word in part.names for name in word.split("/") if name[:2] == "--"]
    end = words.index("--") if "--" in words else len(words)
    for at in range(start, end):
        name, equals, value = words[at].partition("=")
        if name.startswith("--") and name not in options:
            yield from ([*words[:at], f"{near}{equals}{value}", *words[at + 1 :]] for near in _near(name, options))
        elif _TASK in options and _TASK not in words and ids.is_task(words[at]):
            yield [*words[:at], _TASK, *words[at:]]


def _subcommands(words: list[str], start: int, names: Sequence[str]) -> Iterator[list[str]]:
    """The lines with a subcommand at its place: one that stands further behind, or the one that was misspelt."""
    for at, word in enumerate(words[start:], start):
        if word in names:
            yield [*words[:start], word, *words[start:at], *words[at + 1 :]]
    if start < len(words):
        yield from ([*words[:start], near, *words[start + 1 :]] for near in _near(words[start], names))


def _near(word: str, names: Sequence[str]) -> list[str]:
    return difflib.get_close_matches(word, names, 2, 0.7)
