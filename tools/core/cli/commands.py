"""The index of all commands, read from their files' docstrings without importing them."""

from __future__ import annotations

import ast
import os
from typing import NamedTuple

from tools.core.cli import bootstrap

PACKAGES = ("agent", "planner", "consensus", "maintenance")


class Entry(NamedTuple):
    """One command: what `teof` calls it, its module, and the first sentence about it."""

    shown: str
    module: str
    sentence: str


def commands() -> list[Entry]:
    """All commands, the playbook's first."""
    entries = [Entry("init", "tools", "Make a git repository ready: folders, ignore lines, the bus, a seat.")]
    for package in PACKAGES:
        folder = os.path.join(bootstrap.CHECKOUT, "tools", package)
        for name in sorted(os.listdir(folder)):
            if name.endswith(".py") and not name.startswith("_"):
                entries.append(_entry(package, name.removesuffix(".py"), os.path.join(folder, name)))
    return entries


def _entry(package: str, name: str, path: str) -> Entry:
    with open(path, encoding="utf-8") as source:
        doc = ast.get_docstring(ast.parse(source.read())) or ""
    shown = name if package == "agent" else f"{package}.{name}"
    return Entry(shown, f"tools.{package}.{name}", " ".join(doc.split("\n\n")[0].split()))


def module_of(shown: str) -> str | None:
    """The module of a command as `teof` names it, its package left out or not; None when there is none."""
    package, _, name = shown.rpartition(".")
    package = package.removeprefix("tools").strip(".")
    if not name.isidentifier() or name.startswith("_") or package not in ("", *PACKAGES):
        return None
    for folder in (package,) if package else PACKAGES:
        if os.path.exists(os.path.join(bootstrap.CHECKOUT, "tools", folder, f"{name}.py")):
            return f"tools.{folder}.{name}"
    return None
