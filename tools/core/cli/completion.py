"""What may stand next on a command line, and the lines that make a shell ask.

A shell calls `teof maintenance.completion --words … ` at each Tab. Commands and options come from the
declarations that `--help` shows, ids from the live bus, the backlog and the plans.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from tools.core.cli import commands

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


class _Place(NamedTuple):
    """A command or subcommand, and the words behind it."""

    command: Any
    words: Sequence[str]


def script(shell: str) -> str:
    """What a shell evaluates once, when it starts."""
    return _SCRIPTS[shell].format(ask=_ASK.format(shell=shell))


def candidates(words: Sequence[str], ids: Ids) -> list[str]:
    """What may stand for the last word, which is unfinished and may be empty; `words` begin behind `teof`."""
    *before, unfinished = words or [""]
    if not before:
        return _beginning(unfinished, _names(unfinished))
    module = commands.module_of(before[0]) if before[0] != "init" else "tools.__main__"
    if module is None:
        return []
    top = importlib.import_module(module)
    place = _innermost(_Place(top.init if before[0] == "init" else top.main, before[1:]))
    return _beginning(unfinished, _next(place, unfinished, ids))


def _beginning(unfinished: str, words: Iterable[str]) -> list[str]:
    return sorted({word for word in words if word.startswith(unfinished)})


def _names(unfinished: str) -> list[str]:
    """The commands as the index shows them, and without their package where that alone fits."""
    shown = [*commands.names(), "--version", "--help", "--json"]
    if any(name.startswith(unfinished) for name in shown):
        return shown
    return [name.rpartition(".")[2] for name in shown]


def _innermost(place: _Place) -> _Place:
    for number, word in enumerate(place.words):
        part = getattr(place.command, "commands", {}).get(word)
        if part is not None:
            return _innermost(_Place(part, place.words[number + 1 :]))
    return place


def _next(place: _Place, unfinished: str, ids: Ids) -> Iterable[str]:
    options = [parameter for parameter in place.command.params if parameter.param_type_name == "option"]
    last = place.words[-1] if place.words else ""
    waiting = next((option for option in options if last in option.opts and not option.is_flag), None)
    if waiting is not None:
        return _values(waiting, ids)
    parts = list(getattr(place.command, "commands", {}))
    if unfinished.startswith("-"):
        spent = {name for option in options if not option.multiple for name in option.opts if name in place.words}
        return [name for option in options for name in option.opts if name not in spent and name.startswith("--")] + [
            "--help"
        ]
    arguments = [parameter for parameter in place.command.params if parameter.param_type_name == "argument"]
    return parts + [value for argument in arguments for value in _values(argument, ids)]


def _values(parameter: Any, ids: Ids) -> Iterable[str]:
    choices = getattr(parameter.type, "choices", None)
    return choices if choices is not None else ids(parameter.type.name)
