"""The same declarations as click reads them: for a help, an error, a short form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tools.core.cli.decorators import HELP, Argument, Command, Group, Option
from tools.core.cli.params import Choice, IntRange, Value
from tools.core.cli.plain_reader import Reading
from tools.core.cli.run import Ended
from tools.core.errors import ToolkitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.core.cli.decorators import Kind

_SETTINGS: dict[str, Any] = {"help_option_names": list(HELP), "max_content_width": 100}


def read(command: Command | Group, words: Sequence[str], start: Sequence[str]) -> Reading:
    """The command that the words name and its values; `start` are the words before them.

    Raises UsageError for a mistake, and Ended once it has printed a help.
    """
    built = build(command)
    try:
        with built.make_context(" ".join(start), list(words)) as context:
            reading: Reading = built.invoke(context)
            return reading
    except click.exceptions.Exit as done:
        raise Ended(done.exit_code) from None
    except click.ClickException as problem:
        raise UsageError(" ".join(problem.format_message().split()), code="usage") from None


def is_taken(command: Command | Group, words: Sequence[str]) -> bool:
    """Whether words are a call of a command, none that only shows a help; nothing is carried out."""
    built = build(command)
    try:
        with built.make_context("", list(words)) as context:
            built.invoke(context)
    except (click.ClickException, click.exceptions.Exit, ToolkitError):
        return False
    return True


def build(command: Command | Group, name: str | None = None) -> click.Command:
    """The command of click that has these declarations; invoked, it returns the Reading."""
    if isinstance(command, Group):
        made = _Group(name, help=command.doc, context_settings=_SETTINGS, no_args_is_help=False)
        made.default = command.default
        for word, part in command.commands.items():
            made.add_command(build(part, word), word)
        return made
    built = click.Command(
        name or command.name,
        callback=lambda **values: Reading(command, values),
        params=[_parameter(part) for part in command.parts],
        help=command.doc,
        context_settings=_SETTINGS,
    )
    if command.takes_anything:
        built.context_settings = {**_SETTINGS, "help_option_names": [], "ignore_unknown_options": True}
        built.params.append(click.Argument(["rest"], nargs=-1, expose_value=False))
    return built


class _Group(click.Group):
    """A group that may have a default subcommand, for words that begin with the name of none."""

    default = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self.default and (not args or args[0] not in {*self.commands, *HELP}):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def _parameter(part: Option | Argument) -> click.Parameter:
    settings = {**part.settings, "type": _type(part.kind)}
    return (click.Option if isinstance(part, Option) else click.Argument)(list(part.names), **settings)


def _type(kind: Kind) -> Any:
    if isinstance(kind, Choice):
        return click.Choice(list(kind.words))
    if isinstance(kind, IntRange):
        return click.IntRange(kind.min, kind.max)
    return None if kind is None else _Value(kind)


class _Value(click.ParamType):  # type: ignore[type-arg]  # before click 8.2 it takes no type
    """A value that a function makes of a text; the function raises UsageError."""

    def __init__(self, value: Value) -> None:
        self.name = value.name
        self._read = value.read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self._read(value) if isinstance(value, str) else value
