"""A command line read by the declarations alone: whole option names, `--name value` or `--name=value`, in any order.

It never words an error. Whatever it does not understand goes untouched to `explained`: a help, a mistake, a short
form, an argument.
"""

from __future__ import annotations

from tools.core.cli.decorators import HELP, Command, Group, Option
from tools.core.errors import UsageError
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Reading(NamedTuple):
    """The command that the words name, and its values by the names of its function's arguments."""

    command: Command
    values: dict[str, Any]


def read(command: Command | Group, words: Sequence[str]) -> Reading | None:
    """What the words say; None where only click can tell."""
    while isinstance(command, Group):
        first = words[0] if words else ""
        if first in command.commands:
            command, words = command.commands[first], words[1:]
        elif command.default and first not in HELP:
            command = command.commands[command.default]
        else:
            return None
    if command.takes_anything:
        return None
    options = [part for part in command.parts if isinstance(part, Option)]
    if len(options) < len(command.parts):
        return None
    try:
        return Reading(command, _values(options, words))
    except (LookupError, StopIteration, UsageError):
        return None


def _values(options: Sequence[Option], words: Sequence[str]) -> dict[str, Any]:
    """The value of each option; LookupError, StopIteration or UsageError for words that are not understood."""
    by_name = {
        name: (option, at == 0)
        for option in options
        for names in option.names
        if names.startswith("--")
        for at, name in enumerate(names.split("/"))
    }
    present: dict[str, list[Any]] = {}
    rest = iter(words)
    for word in rest:
        name, equals, text = word.partition("=")
        option, is_on = by_name[name]
        if option.is_flag and equals:
            raise LookupError(word)
        value = is_on if option.is_flag else text if equals else next(rest)
        present.setdefault(option.target, []).append(value)
    return {option.target: _value(option, present.get(option.target, [])) for option in options}


def _value(option: Option, present: Sequence[Any]) -> Any:
    default = option.settings.get("default")
    if option.is_flag:
        return present[-1] if present else bool(default)
    read = option.kind.read if option.kind else str
    if option.settings.get("multiple"):
        return tuple(map(read, present))
    if present:
        return read(present[-1])
    if option.settings.get("required"):
        raise LookupError(option.word)
    return read(default) if isinstance(default, str) else default
