"""The reference of all commands as Markdown, read from the commands themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tools.core import errors
from tools.core.cli import bootstrap
from tools.core.cli import commands as catalogue
from tools.core.text import render

_SHARED = ("root", "as_json", "help")
_KINDS = {"integer range": "N", "integer": "N", "text": "TEXT"}
_INTRODUCTION = """\
# Commands

Written by `make docs` from the commands themselves; change it there.

Every command is started as `python -m tools.agent.<name>`, as `tools/agent/<name>.py`, or as `teof <name>`; where a
repository has a `tools/` package of its own, only the last works (README). Every command takes `--root PATH`, the checkout
to act on (the one around the current folder), and `--json`, which makes stdout one JSON document, or JSON Lines for a
stream. A command that writes takes `--agent`, which must be the seat's. stdout is the result, stderr the talk.
"""


def reference(load: Callable[[catalogue.Entry], Any]) -> str:
    """The whole document; the same text for the same commands. `load` gives an entry's command."""
    entries = catalogue.commands()
    parts = [_INTRODUCTION, _exit_codes(), "## All commands\n", _index(entries)]
    return "\n".join([*parts, *(_page(entry, load(entry)) for entry in entries)])


def _exit_codes() -> str:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    told = [(kind.exit_code, kind.kind, _sentence(kind)) for kind in kinds if issubclass(kind, errors.ToolkitError)]
    rows = [(code, kind, text) for code, kind, text in told if code != errors.ToolkitError.exit_code]
    fixed = [
        (0, "", "Done."),
        (1, "", "The check ran and the answer is no: findings, alerts asked for, a wait that timed out."),
        *rows,
        (70, "bug", "The toolkit itself failed; the message says where the details are."),
        (130, "", "Interrupted."),
        (141, "", "Nobody reads stdout any more."),
    ]
    table = render.markdown_table(("exit", "kind", "meaning"), [(str(code), kind, text) for code, kind, text in fixed])
    return f"## Exit codes\n\n{table}\n\nThe codes behind each kind are in [refusals.md](refusals.md).\n"


def _sentence(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def _index(entries: Sequence[catalogue.Entry]) -> str:
    return "".join(f"- [{entry.shown}](#{_anchor(entry.shown)}): {entry.sentence}\n" for entry in entries)


def _anchor(title: str) -> str:
    return title.lower().replace(".", "").replace(" ", "-")


def _page(entry: catalogue.Entry, command: Any) -> str:
    spelled = "python -m tools init" if entry.shown == "init" else f"python -m {entry.module}"
    lines = [f"## {entry.shown}\n", f"{command.help}\n"]
    for name, part in _parts(command):
        if name:
            lines += [f"### {entry.shown} {name}\n", f"{part.help}\n"]
        lines += [f"```\n{_usage(f'{spelled} {name}'.rstrip(), part)}\n```\n", _options(part)]
    return "\n".join(lines)


def _parts(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """A command, or the subcommands of a group however deep, with the words that choose them."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, part in sorted(command.commands.items()):
        yield from _parts(part, f"{name} {word}".strip())


def _usage(spelled: str, command: Any) -> str:
    words = [spelled]
    for param in command.params:
        if param.param_type_name == "argument":
            shown = param.human_readable_name + ("…" if param.nargs != 1 else "")
            words.append(shown if param.required else f"[{shown}]")
        elif param.required:
            words.append(f"{param.opts[0]} {_kind(param)}")
    return " ".join([*words, "[OPTIONS]"])


def _options(command: Any) -> str:
    shown = [param for param in command.params if param.param_type_name == "option" and param.name not in _SHARED]
    return "".join(f"- `{_spelling(param)}`{_default(param)}: {_meaning(param)}\n" for param in shown)


def _meaning(param: Any) -> str:
    return (param.help or "") + (" May be repeated." if param.multiple else "")


def _spelling(param: Any) -> str:
    names = "/".join([*param.opts, *param.secondary_opts])
    return names if param.is_flag else f"{names} {_kind(param)}"


def _kind(param: Any) -> str:
    if param.metavar:
        return str(param.metavar)
    choices = getattr(param.type, "choices", None)
    if choices:
        return "|".join(map(str, choices))
    return _KINDS.get(param.type.name, str(param.type.name).upper())


def _default(param: Any) -> str:
    if param.required:
        return " (required)"
    value = param.default
    if param.is_flag:
        names = param.opts if value is True else param.secondary_opts
        return f" (default `{names[0]}`)" if param.secondary_opts else ""
    return f" (default {value})" if isinstance(value, (str, int, float)) and value != "" else ""


def is_checkout(root: str) -> bool:
    """Whether a folder is the source of this very toolkit, where its documents belong."""
    return os.path.realpath(root) == os.path.realpath(bootstrap.CHECKOUT)
