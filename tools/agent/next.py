#!/usr/bin/env python3
"""Take one task and begin: the claim, its paths, its branch, the brief."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)


from tools.core.backlog import pickup
from tools.core.cli import app as cli
from tools.core.models.record import to_mapping


@cli.command(doc=__doc__, writes=True)
@cli.option("--task", type=cli.TASK, help="This task (default: the best ready one).")
@cli.repeated("--paths", type=cli.LINE, help="A pattern of files the work will touch (default: the task's Paths).")
@cli.option("--switch/--no-switch", default=True, show_default=True, help="Stand on the task's branch.")
@cli.option("--plan", is_flag=True, help="Make a plan with a scaffold, unless the task has one.")
def main(run: cli.Run, *, task: str | None, paths: tuple[str, ...], switch: bool, plan: bool) -> None:
    from tools.core.session import next_task

    claim = next_task.current(run)
    is_new = claim is None
    if claim is None:
        if switch:
            next_task.require_clean(run)
        claim = pickup.begin(run, task, paths)
        if claim is None:
            from tools.core.backlog import elsewhere  # it asks git

            if more := elsewhere.missing(run.workspace):
                run.note(more)
            run.emit({"claim": None}, "nothing is ready")
            run.finish(1)
        if switch:
            next_task.switch(run, claim.branch)
    elif task not in (None, claim.task_id):
        run.note(f"{run.seat.agent_id} is at work on {claim.task_id}; {task} was not claimed")
    if plan and not claim.plan_id:
        claim = next_task.with_plan(run, claim)
    brief = next_task.brief(run, claim, is_new=is_new)
    document = {
        "claim": to_mapping(claim),
        "new": is_new,
        "item": brief.item._asdict() if brief.item else None,
        "near": [to_mapping(other) for other in brief.neighbours],
    }
    run.emit(document, next_task.text_of(brief, run.spell))


if __name__ == "__main__":
    cli.main(main)
