"""What a command is made of, as data: two readers turn a command line into the values that it names.

`plain_reader` reads whole option names and loads nothing. `explained` has click read the same declarations where
there is something to explain or to shorten: a help, an error, a short form.
"""

from __future__ import annotations

from tools.core import hint
from tools.core.cli.params import AGENT, DURATION, Choice, IntRange, Value
from tools.core.errors import UsageError
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from tools.core.cli.run import Run

    Body = TypeVar("Body", bound=Callable[..., Any])
    Kind = Value | Choice | IntRange | None

HELP = ("-h", "--help")
"""The options that show a command's help."""

_PARTS = "__parts_of_the_command__"
"""Under this name a function keeps the options and arguments that are declared above it, the last one first."""


class Option(NamedTuple):
    """An option by its names, as click spells them, and by the settings that click takes, all but the type."""

    names: tuple[str, ...]
    kind: Kind
    settings: Mapping[str, Any]

    @property
    def target(self) -> str:
        """The argument of the function that gets the value."""
        for name in self.names:
            if name.isidentifier():
                return name
        return self.names[0].partition("/")[0].lstrip("-").replace("-", "_").lower()

    @property
    def is_flag(self) -> bool:
        """Whether it takes no value."""
        return bool(self.settings.get("is_flag")) or "/" in self.names[0]

    @property
    def is_list(self) -> bool:
        """Whether it may be repeated."""
        return bool(self.settings.get("multiple"))

    @property
    def is_required(self) -> bool:
        """Whether there is no command without it."""
        return bool(self.settings.get("required"))

    @property
    def word(self) -> str:
        """What a refusal calls it."""
        return self.names[0].partition("/")[0]


class Argument(NamedTuple):
    """A word that has its meaning by its place, declared like an option."""

    names: tuple[str, ...]
    kind: Kind
    settings: Mapping[str, Any]

    @property
    def target(self) -> str:
        """The argument of the function that gets the value."""
        return self.names[0]

    @property
    def is_flag(self) -> bool:
        """Whether it takes no value."""
        return False

    @property
    def is_list(self) -> bool:
        """Whether it takes all words that are left."""
        return self.settings.get("nargs") == -1

    @property
    def is_required(self) -> bool:
        """Whether there is no command without it."""
        return bool(self.settings.get("required", not self.is_list and "default" not in self.settings))

    @property
    def word(self) -> str:
        """What a refusal calls it."""
        return str(self.settings.get("metavar") or self.names[0].upper())


class Command:
    """A function with the options and arguments that its command line may have.

    The function's first argument is the Run. One that `takes_anything` has neither options of its own nor a help.
    """

    def __init__(self, name: str | None, body: Callable[..., Any], parts: list[Option | Argument], doc: str) -> None:
        self.name = name
        self.body = body
        self.parts = parts
        self.doc = doc
        self.takes_anything = False

    def carry_out(self, run: Run, values: Mapping[str, Any]) -> None:
        """Calls the function on a run, which is closed when it ends."""
        if any(map(_is_unfilled, values.values())):
            part = next(part for part in self.parts if _is_unfilled(values.get(part.target)))
            raise UsageError(f"{part.word} is still {hint.WORDS}: put your own words there", code="value.words")
        try:
            self.body(run, **values)
        finally:
            run.close()


class Group:
    """A command with subcommands; `default` is the one that may be left out."""

    def __init__(self, doc: str, default: str = "") -> None:
        self.doc = doc
        self.default = default
        self.commands: dict[str, Command | Group] = {}

    def add_command(self, command: Command | Group, name: str) -> None:
        """One more subcommand."""
        self.commands[name] = command


def option(*names: str, type: Kind = None, **settings: Any) -> Callable[[Body], Body]:
    """An option of a command; its help says what it defaults to, where that is a text or a number."""
    default = settings.get("default")
    says = isinstance(default, (str, int)) and not isinstance(default, bool) and default != ""
    return _declare(Option(names, type, {"show_default": says, **settings}))


def argument(name: str, *, type: Kind = None, **settings: Any) -> Callable[[Body], Body]:
    """An argument of a command."""
    return _declare(Argument((name,), type, settings))


def repeated(*names: str, type: Kind = None, help: str) -> Callable[[Body], Body]:
    """An option that may be repeated and accumulates."""
    return _declare(Option(names, type, {"multiple": True, "help": f"{help} May be repeated."}))


def _declare(part: Option | Argument) -> Callable[[Body], Body]:
    def add(body: Body) -> Body:
        vars(body).setdefault(_PARTS, []).append(part)
        return body

    return add


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

confirm = option("--confirm", is_flag=True, help="Decide on what the remote has now; succeed only once it agrees.")
patience = option("--patience", type=DURATION, default="120s", help="How long a lost race is run again.")

_AGENT = Option(("--agent", "acting_agent"), AGENT, {"help": "The acting seat (default: the manifest's)."})
_ROOT = Option(
    ("--root",),
    None,
    {"metavar": "PATH", "help": "The checkout to act on (default: the one around the current folder)."},
)
_JSON = Option(("--json", "as_json"), None, {"is_flag": True, "help": "Print one JSON document."})


def group(doc: str | None, *, default: str = "") -> Group:
    """A command with subcommands; its help is the module's docstring; `default` is the subcommand that may be left out."""
    return Group(_help(doc), default)


def command(
    parent: Group | None = None, name: str | None = None, *, doc: str | None = None, writes: bool = False
) -> Callable[[Callable[..., Any]], Command]:
    """Makes a function a command (of a group) with `--root`, `--json` and, for a writer, `--agent`.

    The function's first argument is the Run.
    """

    def wrap(body: Callable[..., Any]) -> Command:
        own = name or (body.__name__ if parent else None)
        shared = [_AGENT, _ROOT, _JSON] if writes else [_ROOT, _JSON]
        parts = [*reversed(vars(body).get(_PARTS, [])), *shared]
        made = Command(own, body, parts, _help(doc if doc is not None else body.__doc__))
        if parent is not None:
            parent.add_command(made, own or "")
        return made

    return wrap


def _is_unfilled(value: Any) -> bool:
    """Whether a hint was pasted whose words are still to be filled in: pasting alone must change nothing."""
    return hint.WORDS in value if isinstance(value, tuple) else value == hint.WORDS


def catch_all(body: Callable[[Run], None]) -> Command:
    """A command that takes any arguments, for one that only explains why it cannot run."""
    made = command(doc="")(body)
    made.takes_anything = True
    return made


def _help(doc: str | None) -> str:
    return (doc or "").strip()
