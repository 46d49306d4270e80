"""What a command is made of: options, groups, and the decorator that gives a function the shared options."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from tools.core import hint
from tools.core.cli.params import AGENT, DURATION
from tools.core.cli.run import Run
from tools.core.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
AGAIN = "tools.again"
"""Under this key click's context keeps the words that started the command."""

argument = click.argument
Choice = click.Choice
IntRange = click.IntRange


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """An option of a command; its help says what it defaults to, where that is a text or a number."""
    default = settings.get("default")
    says = isinstance(default, (str, int)) and not isinstance(default, bool) and default != ""
    return click.option(*names, **{"show_default": says, **settings})


manager_window = option(
    "--manager-window",
    type=DURATION,
    default="30m",
    help="A manager silent for longer is stale; 0 switches off.",
)
agent_window = option(
    "--agent-window",
    type=DURATION,
    default="240m",
    help="A holder silent for longer is idle; 0 switches off.",
)


def repeated(*names: str, type: Any = None, help: str) -> Callable[[Command], Command]:
    """An option that may be repeated and accumulates."""
    return click.option(*names, multiple=True, type=type, help=f"{help} May be repeated.")


class _Group(click.Group):
    """A group that may have a default subcommand, for words that begin with the name of none."""

    default = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        names = {*self.commands, *SETTINGS["help_option_names"]}
        if self.default and (not args or args[0] not in names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def group(doc: str | None, *, default: str = "") -> click.Group:
    """A command with subcommands; its help is the module's docstring; `default` is the subcommand that may be left out."""
    made = _Group(help=_help(doc), context_settings=SETTINGS, no_args_is_help=False)
    made.default = default
    return made


def command(
    parent: click.Group | None = None, name: str | None = None, *, doc: str | None = None, writes: bool = False
) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function a command (of a group) with `--root`, `--json` and, for a writer, `--agent`.

    The function's first argument is the Run.
    """

    def wrap(body: Callable[..., Any]) -> click.Command:
        made = click.Command(
            name or (body.__name__ if parent else None),
            callback=_callback(body),
            params=[*reversed(getattr(body, "__click_params__", [])), *_shared_options(writes=writes)],
            help=_help(doc if doc is not None else body.__doc__),
            context_settings=SETTINGS,
        )
        if parent is not None:
            parent.add_command(made)
        return made

    return wrap


def _callback(body: Callable[..., Any]) -> Callable[..., Any]:
    """The body with a Run as its first argument, closed when the body ends."""

    @functools.wraps(body)
    def callback(*, root: str | None, as_json: bool, **values: Any) -> Any:
        acting = values.pop("acting_agent", None)
        context = click.get_current_context()
        run = Run(root, acting, as_json=as_json, again=context.meta.get(AGAIN, ()))
        context.find_root().obj = run
        for parameter in context.command.params:
            _refuse_unfilled(parameter, values.get(parameter.name or ""))
        try:
            return body(run, **values)
        finally:
            run.close()

    return callback


def _shared_options(*, writes: bool) -> list[click.Parameter]:
    agent = click.Option(["--agent", "acting_agent"], type=AGENT, help="The acting seat (default: the manifest's).")
    root = click.Option(
        ["--root"], metavar="PATH", help="The checkout to act on (default: the one around the current folder)."
    )
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document.")
    return [agent, root, as_json] if writes else [root, as_json]


def _refuse_unfilled(parameter: click.Parameter, value: Any) -> None:
    """UsageError where a hint was pasted whose words are still to be filled in, so that pasting alone changes nothing."""
    if hint.WORDS in (value if isinstance(value, tuple) else (value,)):
        name = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
        raise UsageError(f"{name} is still {hint.WORDS}: put your own words there", code="value.words")


def catch_all(body: Callable[[Run], None]) -> click.Command:
    """A command that takes any arguments, for one that only explains why it cannot run."""
    made = command(doc="")(body)
    made.context_settings = {**SETTINGS, "help_option_names": [], "ignore_unknown_options": True}
    made.params.append(click.Argument(["rest"], nargs=-1, expose_value=False))
    return made


def _help(doc: str | None) -> str:
    return (doc or "").strip()
