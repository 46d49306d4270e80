#!/usr/bin/env python3
"""Keep commits and pushes off what others hold: staged files, messages, pushes, and ranges as CI checks them."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
import sys
from collections.abc import Sequence
from typing import Any

from tools.core.checks import findings
from tools.core.checks import output as reports
from tools.core.checks.findings import Finding
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.text import terminal

main = cli.group(__doc__)
_INDEX = "GIT_INDEX_FILE"
"""The index that git is about to commit, where that is not the usual one."""


def _has_something_to_say(run: cli.Run) -> bool:
    return os.path.isdir(run.workspace.bus.path) and run.reader is not None


def _index() -> dict[str, str]:
    return {_INDEX: os.environ[_INDEX]} if _INDEX in os.environ else {}


@cli.command(main, "staged")
def staged(run: cli.Run) -> None:
    """Check the staged paths; TEOF_GUARD_REASON lets them pass and is recorded."""
    from tools.core.checks import staged as rules
    from tools.core.git import commits

    problems: list[Finding] = []
    if _has_something_to_say(run):
        problems = rules.check(run, commits.staged(run.workspace.root, _index()))
    reason = os.environ.get("TEOF_GUARD_REASON", "").strip()
    if problems and reason:
        rules.override(run, problems, reason)
        run.note(f"recorded, as others hold it: {terminal.number(len(problems), 'path')} to commit: {reason}")
        problems = []
    _show(run, problems, "text")


@cli.command(main, "message")
@cli.argument("file", type=cli.LINE)
@cli.argument("source", type=cli.LINE, required=False, default="")
@cli.argument("commit", type=cli.LINE, required=False, default="")
def message(run: cli.Run, *, file: str, source: str, commit: str) -> None:
    """Put the task and its fence under a commit's message."""
    from tools.core.checks import staged as rules
    from tools.core.git import commits

    claim = None
    if source not in rules.NO_TRAILERS and _has_something_to_say(run):
        claim = rules.claim_of(run, commits.staged(run.workspace.root, _index()))
    if claim is not None:
        rules.add_trailers(run.workspace.root, os.path.abspath(file), claim)
    run.emit({"task_id": claim.task_id if claim else None, "fence": claim.fence if claim else None}, "")


@cli.command(main, "push")
@cli.argument("remote", type=cli.LINE, required=False, default="origin")
@cli.argument("url", type=cli.LINE, required=False, default="")
def push(run: cli.Run, *, remote: str, url: str) -> None:
    """Check what a push would bring; reads what git tells a pre-push hook from stdin."""
    from tools.core.checks import staged as rules

    pushes = rules.pushes_of(sys.stdin.read())
    problems = rules.check_push(run, remote, pushes) if _has_something_to_say(run) else []
    _show(run, problems, "text")


@cli.command(main, "range")
@cli.argument("revisions", type=cli.LINE, metavar="A..B")
@cli.option(
    "--bus", metavar="REF", help="The bus in this branch or commit, such as origin/bus (default: the live one)."
)
@cli.option("--branch", type=cli.LINE, default="", help="The branch the commits are on (default: the current one).")
@cli.option("--format", "form", type=cli.Choice(reports.FORMATS), default="text", help="How to show the findings.")
@cli.option("--strict", is_flag=True, help="Unknown tasks are errors, commits without trailers warnings.")
def check_range(run: cli.Run, *, revisions: str, bus: str | None, branch: str, form: str, strict: bool) -> None:
    """Check a range of commits against the claims, as CI does."""
    from tools.core.checks import commit_facts, commits
    from tools.core.git.branches import current_branch

    if revisions.startswith("-"):
        raise UsageError(f"not a range of commits: {revisions!r}", code="guard.range")
    span = commit_facts.Range((revisions,), branch or current_branch(run.workspace.root) or "")
    problems = commit_facts.check_range(run, span, bus)
    _show(run, commits.stricter(problems) if strict else problems, form, range=revisions, bus=bus)


def _show(run: cli.Run, problems: Sequence[Finding], form: str, **more: Any) -> None:
    ordered = findings.ordered(problems)
    if run.as_json:
        run.emit(reports.document(ordered, run.spell, **more), "")
    elif ordered or form != "text" or more:
        run.emit({}, reports.show(ordered, form, run.spell, **more))
    run.finish(1 if findings.failed(ordered) else 0)


if __name__ == "__main__":
    cli.main(main)
