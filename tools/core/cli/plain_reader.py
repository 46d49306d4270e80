"""A command line read by the declarations alone: whole option names, `--name value` or `--name=value`, and arguments.

They may stand in any order. It never words an error: whatever it does not understand goes untouched to `explained`,
a help, a mistake, a short form.
"""

from __future__ import annotations

from tools.core.cli.decorators import HELP, Argument, Command, Group, Option
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
    try:
        return Reading(command, _values(command.parts, words))
    except (LookupError, StopIteration, UsageError):
        return None


def _values(parts: Sequence[Option | Argument], words: Sequence[str]) -> dict[str, Any]:
    """The value of each part; LookupError, StopIteration or UsageError for words that are not understood."""
    by_name = {
        name: (option, at == 0)
        for option in parts
        if isinstance(option, Option)
        for names in option.names
        if names.startswith("--")
        for at, name in enumerate(names.split("/"))
    }
    present: dict[str, list[Any]] = {}
    texts: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "-" or not word.startswith("-"):
            texts.append(word)
            continue
        name, equals, text = word.partition("=")
        option, is_on = by_name[name]
        if option.is_flag and equals:
            raise LookupError(word)
        value = is_on if option.is_flag else text if equals else next(rest)
        present.setdefault(option.target, []).append(value)
    for argument in parts:
        if isinstance(argument, Argument):
            count = len(texts) if argument.is_list else 1
            present[argument.target], texts = texts[:count], texts[count:]
    if texts:
        raise LookupError(texts[0])
    return {part.target: _value(part, present.get(part.target, [])) for part in parts}


def _value(part: Option | Argument, present: Sequence[Any]) -> Any:
    default = part.settings.get("default")
    if part.is_flag:
        return present[-1] if present else part.settings.get("default", False)
    read = part.kind.read if part.kind else str
    if part.is_required and not present:
        raise LookupError(part.word)
    if part.is_list:
        return tuple(map(read, present))
    if present:
        return read(present[-1])
    return read(default) if isinstance(default, str) else default
