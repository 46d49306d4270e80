"""What commands there are, by their files: what each is called, and its module."""

from __future__ import annotations

import os

from tools.core.cli import bootstrap
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INIT = "init"
"""The command that belongs to no package."""

PACKAGES = ("agent", "planner", "consensus", "maintenance")


def names() -> list[str]:
    """What `teof` calls each command; no file is opened."""
    return [shown_as(module) for module in all_modules()]


def all_modules() -> Iterator[str]:
    """The module of each command, the playbook's first."""
    yield f"tools.{INIT}"
    for package in PACKAGES:
        for name in sorted(os.listdir(os.path.join(bootstrap.CHECKOUT, "tools", package))):
            if name.endswith(".py") and not name.startswith("_"):
                yield f"tools.{package}.{name.removesuffix('.py')}"


def shown_as(module: str) -> str:
    """What the index calls the command of a module."""
    return module.removeprefix("tools.").removeprefix("agent.")


def module_of(shown: str) -> str | None:
    """The module of a command as `teof` names it, its package left out or not; None when there is none."""
    if shown == INIT:
        return f"tools.{INIT}"
    package, _, name = shown.rpartition(".")
    package = package.removeprefix("tools").strip(".")
    if not name.isidentifier() or name.startswith("_") or package not in ("", *PACKAGES):
        return None
    for folder in (package,) if package else PACKAGES:
        if os.path.exists(os.path.join(bootstrap.CHECKOUT, "tools", folder, f"{name}.py")):
            return f"tools.{folder}.{name}"
    return None
