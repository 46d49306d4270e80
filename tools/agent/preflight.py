#!/usr/bin/env python3
"""Run every check before a pull request, and report everything in one go; CI runs the same."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.checks import findings, preflight
from tools.core.checks import output as reports
from tools.core.cli import app as cli


@cli.command(doc=__doc__)
@cli.option("--base", metavar="REF", help="Compare with this (default: the remote's default branch, else the local).")
@cli.option("--all", "everything", is_flag=True, help="Check every plan and log, not only what changed.")
@cli.option("--format", "form", type=cli.Choice(["text", "github"]), default="text", help="How to show it.")
def main(run: cli.Run, base: str | None, everything: bool, form: str) -> None:
    base = base or preflight.default_base(run.workspace)
    sections = preflight.run(run, preflight.Scope(base, everything, run.binding))
    found = findings.ordered(part for section in sections for part in section.findings)
    states = {section.name: _state(section) for section in sections}
    tail = [f"{name}: {state}" for name, state in states.items()]
    document = reports.document(found, run.spell, base=base, sections=states)
    run.emit(document, reports.show(found, form, run.spell, tail=tail))
    run.finish(1 if findings.failed(found) else 0)


def _state(section: preflight.Section) -> str:
    if section.skipped:
        return f"skipped ({section.skipped})"
    errors = findings.count(section.findings)["error"]
    return f"{errors} error{'s' * (errors != 1)}" if errors else "ok"


if __name__ == "__main__":
    cli.main(main)
