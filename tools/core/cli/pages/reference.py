"""The reference of all commands as Markdown: what each says to `--help`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

from tools.core import errors
from tools.core.cli import bootstrap, explained
from tools.core.cli.pages.entries import Entry, all_entries
from tools.core.text.markdown import markdown_table

_WIDTH = 100
_INTRODUCTION = """\
# Commands

What each command says to `--help`, written by `make docs`; change it in the command.

Every command is started as `python -m tools.agent.<name>`, as `tools/agent/<name>.py`, or as `teof <name>`; where a
repository has a `tools/` package of its own, only the last works (README). Every command takes `--root PATH`, the checkout
to act on (the one around the current folder), and `--json`, which makes stdout one JSON document, or JSON Lines for a
stream. A command that writes takes `--agent`, which must be the seat's. stdout is the result, stderr the talk.
"""


def load(entry: Entry) -> Any:
    """The command of an entry of the index."""
    return importlib.import_module(entry.module).main


def reference() -> str:
    """The whole document; the same text for the same commands."""
    entries = all_entries()
    parts = [_INTRODUCTION, _exit_codes(), "## All commands\n", _index(entries)]
    return "\n".join([*parts, *(_page(entry, load(entry)) for entry in entries)])


def exits() -> list[tuple[str, str]]:
    """Every exit code and what it means, in order."""
    return [(str(code), text) for code, _, text in _exits()]


def _exits() -> list[tuple[int, str, str]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    kinds_of_errors = [
        (kind.exit_code, kind.kind, _sentence(kind)) for kind in kinds if issubclass(kind, errors.ToolkitError)
    ]
    rows = [(code, kind, text) for code, kind, text in kinds_of_errors if code != errors.ToolkitError.exit_code]
    return [
        (0, "", "Done."),
        (1, "", "The check ran and the answer is no: findings, requested alerts, a wait that timed out."),
        *rows,
        (70, "bug", "The toolkit itself failed; the message says where the details are."),
        (130, "", "Interrupted."),
        (141, "", "The reader of stdout has gone."),
    ]


def _exit_codes() -> str:
    table = markdown_table(("exit", "kind", "meaning"), [(str(code), kind, text) for code, kind, text in _exits()])
    return f"## Exit codes\n\n{table}\n\nThe codes behind each kind are in [refusals.md](refusals.md).\n"


def _sentence(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def _index(entries: Sequence[Entry]) -> str:
    return "".join(f"- [{entry.shown}](#{_anchor(entry.shown)}): {entry.sentence}\n" for entry in entries)


def _anchor(title: str) -> str:
    return title.lower().replace(".", "").replace(" ", "-")


def _page(entry: Entry, command: Any) -> str:
    spelled = f"python -m {entry.module}"
    blocks = [f"## {entry.shown}\n\n{_help(command, spelled)}"]
    blocks += [f"### {entry.shown} {words}\n\n{_help(part, f'{spelled} {words}')}" for words, part in parts(command)]
    return "\n".join(blocks)


def _help(command: Any, spelled: str) -> str:
    """What `--help` says, at a width that does not depend on a terminal."""
    with explained.build(command).make_context(spelled, [], resilient_parsing=True, terminal_width=_WIDTH) as context:
        return f"```text\n{context.get_help()}\n```\n"


def parts(command: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """The subcommands of a group however deep, with the words that choose them."""
    for word, part in sorted(getattr(command, "commands", {}).items()):
        yield f"{above}{word}", part
        yield from parts(part, f"{above}{word} ")


def is_checkout(root: str) -> bool:
    """Whether a folder is the source of this very toolkit, where its documents belong."""
    return os.path.realpath(root) == os.path.realpath(bootstrap.CHECKOUT)
