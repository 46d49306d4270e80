"""The index of all commands, read from their files' docstrings without importing them."""

from __future__ import annotations

import os

from tools.core.cli import bootstrap
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("agent", "planner", "consensus", "maintenance")


class Entry(NamedTuple):
    """One command: what `teof` calls it, its module, and the first sentence about it."""

    shown: str
    module: str
    sentence: str


def commands() -> list[Entry]:
    """All commands, the playbook's first."""
    init = Entry("init", "tools", "Make a git repository ready: folders, ignore lines, the bus, a seat.")
    return [init, *(_entry(package, name) for package, name in _modules())]


def names() -> list[str]:
    """What `teof` calls each command; no file is opened."""
    return ["init", *(_shown(package, name) for package, name in _modules())]


def _modules() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for name in sorted(os.listdir(os.path.join(bootstrap.CHECKOUT, "tools", package))):
            if name.endswith(".py") and not name.startswith("_"):
                yield package, name.removesuffix(".py")


def _shown(package: str, name: str) -> str:
    return name if package == "agent" else f"{package}.{name}"


def shown_as(module: str) -> str:
    """What the index calls the command of a module."""
    return _shown(*module.split(".")[1:])


def _entry(package: str, name: str) -> Entry:
    import ast

    with open(os.path.join(bootstrap.CHECKOUT, "tools", package, f"{name}.py"), encoding="utf-8") as source:
        doc = ast.get_docstring(ast.parse(source.read())) or ""
    return Entry(_shown(package, name), f"tools.{package}.{name}", " ".join(doc.split("\n\n")[0].split()))


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
