#!/usr/bin/env python3
"""Run every check before a pull request, and report everything in one go; CI runs the same."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.checks import findings, output, preflight
from tools.core.cli import app as cli


@cli.command(doc=__doc__)
@cli.option("--base", metavar="REF", help="Compare with this (default: the remote's default branch, else the local).")
@cli.option("--all", "everything", is_flag=True, help="Check every plan and log, not only changes.")
@cli.option("--format", "form", type=cli.Choice(["text", "github"]), default="text", help="The form of the findings.")
def main(run: cli.Run, *, base: str | None, everything: bool, form: str) -> None:
    base = base or preflight.default_base(run.workspace)
    sections = preflight.run(run, preflight.Scope(base, everything, run.binding))
    listed = findings.ordered(finding for section in sections for finding in section.findings)
    states = {section.name: _state(section) for section in sections}
    tail = [f"{name}: {state}" for name, state in states.items()]
    document = output.document(listed, run.spell, base=base, sections=states)
    run.emit(document, output.show(listed, form, run.spell, tail=tail))
    run.finish(1 if findings.failed(listed) else 0)


def _state(section: preflight.Section) -> str:
    if section.skipped:
        return f"skipped ({section.skipped})"
    errors = findings.count(section.findings)["error"]
    return f"{errors} error{'s' * (errors != 1)}" if errors else "ok"


if __name__ == "__main__":
    cli.main(main)
