"""What a probe answers: one line, and the command that mends what is wrong."""

from __future__ import annotations

from typing import NamedTuple

PASS, WARN, FAIL, SKIP = STATUSES = ("pass", "warn", "fail", "skip")
PATIENCE = 5.0
"""Seconds one probe may take."""


class Probe(NamedTuple):
    """One answer; `cli` is the program it is about, "" for none."""

    name: str
    status: str
    detail: str
    fix: str = ""
    cli: str = ""


def passed(name: str, detail: str, cli: str = "") -> Probe:
    """All is well."""
    return Probe(name, PASS, detail, "", cli)


def skipped(name: str, detail: str, cli: str = "") -> Probe:
    """The question does not arise here."""
    return Probe(name, SKIP, detail, "", cli)


def line_of(probe: Probe) -> str:
    """One probe in one or two lines."""
    about = f"{probe.name} ({probe.cli})" if probe.cli else probe.name
    fix = f"\n      {probe.fix}" if probe.fix and probe.status in (WARN, FAIL) else ""
    return f"{probe.status:<5} {about}: {probe.detail}{fix}"
