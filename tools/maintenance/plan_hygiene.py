#!/usr/bin/env python3
"""Normalise plans in place: statuses in old spellings, receipts cited twice."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.hint import Note
from tools.core.plans import normalise, storage
from tools.core.text import terminal


@cli.command(doc=__doc__, writes=True)
@cli.argument("paths", nargs=-1)
@cli.option("--check", is_flag=True, help="Only list deviations; exit 1 when there are any.")
@cli.option("--apply", is_flag=True, help="Fix the files in place and record the difference.")
def main(run: cli.Run, *, paths: tuple[str, ...], check: bool, apply: bool) -> None:
    if check == apply:
        raise UsageError("give --check or --apply", code="usage", hint=hint.tool("maintenance.plan_hygiene", "--check"))
    places = [storage.place_named(run.workspace, path) for path in paths] or storage.all_places(run.workspace)
    result = normalise.survey(places) if check else normalise.apply(run, places, run.seat.agent_id)
    lines = [f"fixed {name}" for name in result.mended]
    lines += [str(deviation.problem) for deviation in result.deviations]
    lines += [f"unreadable: {problem}" for problem in result.problems]
    lines += [f"difference -> {result.record.name}"] if result.record else []
    if check and result.deviations:
        run.note(
            Note(f"{len(result.deviations)} values can be fixed", hint.tool("maintenance.plan_hygiene", "--apply"))
        )
    document = {
        "drift": [
            {"path": problem.path, "line": problem.line, "pointer": problem.pointer, "reason": problem.reason}
            for problem, _, _ in result.deviations
        ],
        "problems": [str(problem) for problem in result.problems],
        "mended": result.mended,
        "record": result.record.name if result.record else None,
    }
    run.emit(document, "\n".join(lines) or f"{terminal.number(len(places), 'plan')}, no deviations")
    run.finish(1 if result.deviations or result.problems else 0)


if __name__ == "__main__":
    cli.main(main)
