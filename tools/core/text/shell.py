"""A hint as a shell takes it: each argument quoted, what only the user knows as "…".

What a record says is an argument like any other. A hint that would carry an id that is none, or text
that a terminal does not show as it is, is left out.
"""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import TypeAlias


from tools.core import ids
from tools.core.hint import AGAIN, WORDS, Command, Hint
from tools.core.text import terminal

Start: TypeAlias = "Callable[[str], Sequence[str]]"
"""The words that start a module of the toolkit, or (for AGAIN) that started this process."""

_IDS: dict[str, Callable[[object], bool]] = {
    "--task": ids.is_task,
    "--agent": ids.is_agent,
    "--target": ids.is_agent,
    "--engineer": ids.is_agent,
    "--to": ids.is_agent,
    "--plan": ids.is_plan,
    "--reply-to": ids.is_record,
}
"""The options whose value is an id."""

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UNQUOTED = _CAPITALS + _CAPITALS.lower() + "0123456789_@%+=:,./-"
"""What a shell takes as it is, by `shlex.quote`."""


def as_module(module: str) -> Sequence[str]:
    """How a module is started when no other way has been set."""
    return ("python", "-m", module)


def line(hint: Hint | None, start: Start) -> str:
    """The hint as one line for a shell; "" for none and for one that is left out."""
    if hint is None or not all(_can_be_shown(command) for command in hint.commands):
        return ""
    return " && ".join(" ".join(map(_quoted, _words(command, start))) for command in hint.commands)


def options(*arguments: str) -> str:
    """Options as words of a line; "" where the value of one is no id."""
    return " ".join(map(_quoted, arguments)) if _can_be_shown(Command("", arguments)) else ""


def words(hint: Hint | None, start: Start) -> list[str]:
    """The same as the words of one process: of a shell where there are several commands; [] for none."""
    text = line(hint, start)
    if hint is None or not text:
        return []
    return list(_words(hint.commands[0], start)) if len(hint.commands) == 1 else ["sh", "-c", text]


def _words(command: Command, start: Start) -> Sequence[str]:
    if command.program == AGAIN:
        typed = _without(start(AGAIN), _with_values(command.arguments))
        end = typed.index("--") if "--" in typed else len(typed)
        return (*typed[:end], *command.arguments, *typed[end:])
    is_module = command.program.split(".")[0] == "tools"
    return (*(start(command.program) if is_module else (command.program,)), *command.arguments)


def _with_values(arguments: Sequence[str]) -> set[str]:
    """The options among some arguments that have a value."""
    pairs = zip(arguments, arguments[1:], strict=False)
    return {option for option, value in pairs if option.startswith("--") and not value.startswith("--")}


def _without(typed: Sequence[str], options: Collection[str]) -> list[str]:
    """A line that was typed without the values of some options, which get others."""
    kept: list[str] = []
    words = iter(typed)
    for word in words:
        if word == "--":
            return [*kept, word, *words]
        if word.partition("=")[0] not in options:
            kept.append(word)
        elif "=" not in word:
            following = next(words, "")
            kept += [following] if following.startswith("-") else []
    return kept


def _can_be_shown(command: Command) -> bool:
    pairs = zip(command.arguments, command.arguments[1:], strict=False)
    are_ids = all(value == WORDS or _IDS[option](value) for option, value in pairs if option in _IDS)
    return are_ids and all(terminal.clean(argument) == argument for argument in command.arguments)


def _quoted(word: str) -> str:
    variable, _, value = word.rpartition("=")
    if value == WORDS and not variable.strip(_CAPITALS + "_") and not word.startswith("="):
        return f'"{word}"'
    if word and not word.strip(_UNQUOTED):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
