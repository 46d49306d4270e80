"""What may stand next on a command line, and the lines that make a shell ask.

A shell calls `teof maintenance.completion --words … ` at each Tab. Commands and options come from the
declarations that `--help` shows, ids from the live bus, the backlog and the plans.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence

from tools.core.cli import commands
from tools.core.cli.decorators import HELP, Argument, Command, Group, Option
from tools.core.cli.params import Choice, Value

SHELLS = ("bash", "zsh", "fish")

_ASK = "teof maintenance.completion {shell} --words --"
_SCRIPTS = {
    "bash": """\
_teof() {{
    local IFS=$'\\n'
    COMPREPLY=($({ask} "${{COMP_WORDS[@]:1:COMP_CWORD}}" 2>/dev/null))
}}
complete -o default -F _teof teof
""",
    "zsh": """\
#compdef teof
_teof() {{
    local -a candidates
    candidates=("${{(@f)$({ask} "${{(@)words[2,$CURRENT]}}" 2>/dev/null)}}")
    [[ -n "${{candidates[1]}}" ]] && compadd -- "${{candidates[@]}}" || _files
}}
compdef _teof teof
""",
    "fish": """\
complete -c teof -f -a '({ask} (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
""",
}

Ids = Callable[[str], Iterable[str]]
"""The ids of a kind, which is the word that help shows for a value: TASK, AGENT or PLAN."""


def script(shell: str) -> str:
    """What a shell evaluates once, when it starts."""
    return _SCRIPTS[shell].format(ask=_ASK.format(shell=shell))


def candidates(words: Sequence[str], ids: Ids) -> list[str]:
    """What may stand for the last word, which is unfinished and may be empty; `words` begin behind `teof`."""
    *before, unfinished = words or [""]
    if not before:
        return _beginning(unfinished, _names(unfinished))
    module = commands.module_of(before[0])
    if module is None:
        return []
    command, words = _innermost(importlib.import_module(module).main, before[1:])
    return _beginning(unfinished, _next(command, words, unfinished, ids))


def _beginning(unfinished: str, words: Iterable[str]) -> list[str]:
    return sorted({word for word in words if word.startswith(unfinished)})


def _names(unfinished: str) -> list[str]:
    """The commands as the index shows them, and without their package where that alone fits."""
    shown = [*commands.names(), "--version", "--help", "--json"]
    if any(name.startswith(unfinished) for name in shown):
        return shown
    return [name.rpartition(".")[2] for name in shown]


def _innermost(command: Command | Group, words: Sequence[str]) -> tuple[Command | Group, Sequence[str]]:
    """The subcommand that words name, and the words behind it."""
    parts = command.commands if isinstance(command, Group) else {}
    for number, word in enumerate(words):
        if word in parts:
            return _innermost(parts[word], words[number + 1 :])
    return command, words


def _next(command: Command | Group, words: Sequence[str], unfinished: str, ids: Ids) -> Iterable[str]:
    if isinstance(command, Group):
        default = command.commands.get(command.default)
        more = _next(default, words, unfinished, ids) if default else HELP if unfinished else ()
        return [*command.commands, *more]
    options = [part for part in command.parts if isinstance(part, Option)]
    last = words[-1] if words else ""
    waiting = next((option for option in options if last in option.names and not option.is_flag), None)
    if waiting is not None:
        return _values(waiting, ids)
    if unfinished.startswith("-"):
        free = [option for option in options if option.settings.get("multiple") or not _is_spent(option, words)]
        return [*HELP, *(name for option in free for name in _spelled(option))]
    arguments = [part for part in command.parts if isinstance(part, Argument)]
    return [value for argument in arguments for value in _values(argument, ids)]


def _spelled(option: Option) -> list[str]:
    return [name for names in option.names for name in names.split("/") if name.startswith("-")]


def _is_spent(option: Option, words: Sequence[str]) -> bool:
    return any(name in words for name in _spelled(option))


def _values(part: Option | Argument, ids: Ids) -> Iterable[str]:
    if isinstance(part.kind, Choice):
        return part.kind.words
    return ids(part.kind.name) if isinstance(part.kind, Value) else ()
