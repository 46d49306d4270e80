"""What a probe answers: one line, and the command that mends what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tools.core.hint import Hint

PASS, WARN, FAIL, SKIP = STATUSES = ("pass", "warn", "fail", "skip")
PATIENCE = 5.0
"""Seconds one probe may take."""


class Probe(NamedTuple):
    """One answer; `cli` is the program it is about, "" for none."""

    name: str
    status: str
    detail: str
    fix: Hint | str | None = None  # a command, or a step in words
    cli: str = ""


def passed(name: str, detail: str, cli: str = "") -> Probe:
    """All is well."""
    return Probe(name, PASS, detail, None, cli)


def skipped(name: str, detail: str, cli: str = "") -> Probe:
    """The question does not arise here."""
    return Probe(name, SKIP, detail, None, cli)


def fix_of(probe: Probe, spell: Callable[[Hint | None], str]) -> str:
    """What mends it, spelled as `spell` spells hints."""
    return probe.fix if isinstance(probe.fix, str) else spell(probe.fix)


def line_of(probe: Probe, spell: Callable[[Hint | None], str]) -> str:
    """One probe in one or two lines."""
    about = f"{probe.name} ({probe.cli})" if probe.cli else probe.name
    words = fix_of(probe, spell)
    fix = f"\n      {words}" if words and probe.status in (WARN, FAIL) else ""
    return f"{probe.status:<5} {about}: {probe.detail}{fix}"
