"""The interpreter, git, how a shell finds the command, what shadows it, the clock."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator

from tools.core import clock, hint
from tools.core.context import Context
from tools.core.git import repository
from tools.core.integrations.vendors import registry
from tools.core.setup import programs
from tools.core.setup.clone import Clone
from tools.core.setup.probes.probe import FAIL, WARN, Probe, passed, skipped

_GIT = (2, 31)
_PYTHON = (3, 11)


def python(context: Context) -> Probe:
    """The interpreter that runs now is the one the launchers start."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _PYTHON:
        return Probe("python", FAIL, f"{version} is older than 3.11", hint.program("uv", "python", "install", "3.12"))
    return passed("python", f"{version} at {sys.executable}")


def git_version(context: Context) -> Probe:
    """git is there and new enough."""
    version = repository.version()
    text = ".".join(map(str, version))
    if version < _GIT:
        return Probe("git", FAIL, f"{text} is older than 2.31", hint.git("--version"))
    return passed("git", text)


def versions(clone: Clone) -> Iterator[Probe]:
    """The programs that are set up are those that this toolkit was tried with."""
    for name in clone.ledger.clis:
        vendor = registry.vendor_of(name)
        if vendor is None:
            continue
        path = shutil.which(vendor.PROGRAM)
        if path is None:
            yield skipped("version", f"{vendor.PROGRAM} is not on the path", name)
            continue
        text = programs.said(path, "--version")
        numbers = re.search(r"(?<!\d)\d+\.\d+(?:\.\d+)?", text)
        if numbers and (numbers[0] == vendor.TESTED or numbers[0].startswith(f"{vendor.TESTED}.")):
            yield passed("version", numbers[0], name)
        else:
            shown = numbers[0] if numbers else "an unknown version"
            yield Probe("version", WARN, f"{shown}; tried with {vendor.TESTED}", f"{vendor.PROGRAM} --version", name)


def command(context: Context) -> Probe:
    """A login shell, as agents' programs start one, finds `teof`."""
    place = programs.in_login_shell("teof")
    if place:
        return passed("command", place)
    return Probe(
        "command",
        WARN,
        "a login shell does not find teof",
        hint.program("uv", "tool", "install", "teof-parallel-agents"),
    )


def shadow(context: Context) -> Probe:
    """A repository with a package `tools` of its own."""
    own = os.path.join(context.workspace.root, "tools", "__init__.py")
    ours = os.path.dirname(
        os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    )
    if os.path.exists(own) and os.path.realpath(context.workspace.root) != os.path.realpath(ours):
        return Probe(
            "shadow",
            WARN,
            "the checkout has a package tools of its own, which `python -m tools` means",
            hint.program("teof", "--help"),
        )
    return passed("shadow", "no other package tools")


def the_clock(context: Context) -> Probe:
    """The newest records are not ahead of this machine's clock."""
    rows = context.store.tail("events", 5).records
    moments = [moment for row in rows if (moment := clock.parse(row.record.get("ts")))]
    if moments and max(moments) > context.now + clock.CREDIBLE_AHEAD:
        ahead = clock.span((max(moments) - context.now).total_seconds())
        return Probe("clock", WARN, f"the newest record is {ahead} ahead of this clock", hint.program("date", "-u"))
    return passed("clock", clock.to_text(context.now))
