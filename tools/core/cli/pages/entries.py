"""The index of all commands, read from their files' docstrings without importing them."""

from __future__ import annotations

import os

from tools.core.cli import bootstrap
from tools.core.cli.commands import modules, shown_in
from tools.core.plain import NamedTuple


class Entry(NamedTuple):
    """One command: what `teof` calls it, its module, and the first sentence about it."""

    shown: str
    module: str
    sentence: str


def all_entries() -> list[Entry]:
    """All commands, the playbook's first."""
    init = Entry("init", "tools", "Make a git repository ready: folders, ignore lines, the bus, a seat.")
    return [init, *(_entry(package, name) for package, name in modules())]


def _entry(package: str, name: str) -> Entry:
    import ast

    with open(os.path.join(bootstrap.CHECKOUT, "tools", package, f"{name}.py"), encoding="utf-8") as source:
        doc = ast.get_docstring(ast.parse(source.read())) or ""
    return Entry(shown_in(package, name), f"tools.{package}.{name}", " ".join(doc.split("\n\n")[0].split()))
