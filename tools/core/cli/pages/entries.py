"""The index of all commands, read from their files' docstrings without importing them."""

from __future__ import annotations

import os

from tools.core.cli import bootstrap
from tools.core.cli.commands import all_modules, shown_as
from tools.core.plain import NamedTuple


class Entry(NamedTuple):
    """One command: what `teof` calls it, its module, and the first sentence about it."""

    shown: str
    module: str
    sentence: str


def all_entries() -> list[Entry]:
    """All commands, the playbook's first."""
    return [_entry(module) for module in all_modules()]


def _entry(module: str) -> Entry:
    import ast

    with open(os.path.join(bootstrap.CHECKOUT, f"{module.replace('.', '/')}.py"), encoding="utf-8") as source:
        doc = ast.get_docstring(ast.parse(source.read())) or ""
    return Entry(shown_as(module), module, " ".join(doc.split("\n\n")[0].split()))
