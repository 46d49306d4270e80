"""Command lines as their commands take them: parsed by the command that they name, and by a shell."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from tools.core.cli import commands, explained, plain_reader

OWN_WORDS = '"…"'
SHOWN = re.compile(
    r"^(?:hint: |  fix: |   → `|   (?=python -m tools|git )|(?:then: |next: |.* more: )(?=python -m tools|teof ))(.*?)`?$",
    re.M,
)
"""Where the output of a command shows what can be typed next."""

FIELDS = ("hint", "fix", "repair", "command")
"""The members of JSON documents that hold such a line."""


def hints_in(text: str) -> list[str]:
    """The lines for a shell in the output of a command, be it text or JSON."""
    documents = []
    for part in (text, *text.split("\n")):
        with suppress(ValueError):
            documents.append(json.loads(part))
    return [*SHOWN.findall(text), *(line for document in documents for line in inside(document))]


def inside(value: Any) -> list[str]:
    """The lines for a shell in a JSON document."""
    if isinstance(value, list):
        return [line for part in value for line in inside(part)]
    if not isinstance(value, dict):
        return []
    own = [part for key, part in value.items() if key in FIELDS and isinstance(part, str) and part]
    listed = [line for line in value.get("hints", ()) if isinstance(line, str)]
    return [*own, *listed, *(line for part in value.values() for line in inside(part))]


def require_line(line: str) -> None:
    """Fails unless a shell can read a line and each command of the toolkit in it takes its words."""
    done = subprocess.run(["bash", "-n", "-c", line], capture_output=True, text=True)
    assert done.returncode == 0, f"not for a shell: {line}: {done.stderr}"
    for part in split(line.replace(OWN_WORDS, "codex-1")):
        command, rest = named(part)
        if command is not None:
            require_words(command, rest)


def split(line: str) -> list[list[str]]:
    """The words of each command of a line."""
    parts: list[list[str]] = [[]]
    for word in shlex.split(line):
        if word == "&&":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def named(words: list[str]) -> tuple[Any, list[str]]:
    """The command of the toolkit that words start, and its arguments; None for another program."""
    if words[0].startswith("python"):
        name, rest = words[2], words[3:]
        if not name.startswith("tools"):
            return None, []
        return shown(rest) if name == "tools" else (importlib.import_module(name).main, rest)
    if words[0] == "teof":
        return shown(words[1:])
    if words[0].startswith("tools/"):
        return importlib.import_module(words[0].removesuffix(".py").replace("/", ".")).main, words[1:]
    return None, []


def shown(rest: list[str]) -> tuple[Any, list[str]]:
    """A command by the name that `teof` gives it."""
    if not rest or rest[0].startswith("-"):
        return importlib.import_module("tools.listing").index, rest
    module = commands.module_of(rest[0])
    assert module, f"no command {rest[0]}"
    return importlib.import_module(module).main, rest[1:]


def require_words(command: Any, rest: list[str]) -> None:
    """Parses arguments as a command would; raises when it would refuse them."""
    if not rest or "--help" in rest:  # a command that is only named
        return
    if not hasattr(command, "commands"):
        explained.build(command).make_context("x", list(rest))
        return
    if rest[0] not in command.commands and getattr(command, "default", ""):
        rest = [command.default, *rest]
    assert rest[0] in command.commands, f"no subcommand {rest[0]}"
    require_words(command.commands[rest[0]], rest[1:])


def require_one_reading(command: Any, words: Sequence[str]) -> bool:
    """Fails where the plain reader reads other values than click does; whether it reads the words at all."""
    plain = plain_reader.read(command, list(words))
    if plain is None:
        return False
    of_click = explained.read(command, list(words), ("x",))
    assert plain.command is of_click.command
    assert plain.values.keys() == of_click.values.keys()
    for name, value in plain.values.items():
        assert is_same(value, of_click.values[name]), f"{words}: {name} is {value!r} or {of_click.values[name]!r}"
    return True


def is_same(value: Any, other: Any) -> bool:
    """Whether two values are equal and of one type; moments counted back from now may be seconds apart."""
    if isinstance(value, datetime) and isinstance(other, datetime):
        return abs(value - other) < timedelta(seconds=5)
    return type(value) is type(other) and value == other
