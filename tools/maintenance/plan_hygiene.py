#!/usr/bin/env python3
"""Find statuses spelled another way and receipts cited twice in plans, and mend them in place."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.hint import Note
from tools.core.plans import normalise, storage


@cli.command(doc=__doc__, writes=True)
@cli.argument("paths", nargs=-1)
@cli.option("--check", is_flag=True, help="Only say what drifts; exit 1 when something does.")
@cli.option("--apply", is_flag=True, help="Mend it in place and record the difference.")
def main(run: cli.Run, paths: tuple[str, ...], check: bool, apply: bool) -> None:
    if check == apply:
        raise UsageError("give --check or --apply", code="usage", hint=hint.tool("maintenance.plan_hygiene", "--check"))
    places = [storage.place_named(run.workspace, path) for path in paths] or storage.all_places(run.workspace)
    done = normalise.survey(places) if check else normalise.apply(run, places, run.seat.agent_id)
    lines = [f"mended {name}" for name in done.mended]
    lines += [str(deviation.problem) for deviation in done.deviations]
    lines += [f"unreadable: {problem}" for problem in done.problems]
    lines += [f"difference -> {done.record.name}"] if done.record else []
    if check and done.deviations:
        run.note(Note(f"{len(done.deviations)} values can be mended", hint.tool("maintenance.plan_hygiene", "--apply")))
    document = {
        "drift": [
            {"path": problem.path, "line": problem.line, "pointer": problem.pointer, "reason": problem.reason}
            for problem, _, _ in done.deviations
        ],
        "problems": [str(problem) for problem in done.problems],
        "mended": done.mended,
        "record": done.record.name if done.record else None,
    }
    run.emit(document, "\n".join(lines) or f"{len(places)} plans, no drift")
    run.finish(1 if done.deviations or done.problems else 0)


if __name__ == "__main__":
    cli.main(main)
