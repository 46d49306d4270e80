#!/usr/bin/env python3
"""See and make tasks of the backlog: what a task asks for, who has it, what it waits for."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import hint, ids
from tools.core.backlog import adding, items, pickup, states, task_ids
from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.text import terminal

main = cli.group(__doc__)


@cli.command(main, "show")
@cli.option("--task", required=True, type=cli.TASK, help="The task.")
def show(run: cli.Run, *, task: str) -> None:
    """Show a task of the backlog: title, goal, acceptance, paths, state, and the command that goes on."""
    backlog = pickup.read(run)
    run.warn(run.losses())
    run.skipped(backlog.problems)
    row = next((row for row in backlog.tasks if row.item.task_id == task), None)
    if row is None:
        task_ids.checked(run, task)
        names = [row.item.task_id for row in backlog.tasks]
        raise UsageError(
            f"{task} is not in the backlog{ids.near(task, names)}",
            code="task.unknown",
            hint=hint.tool("agent.task", "list", "--all"),
        )
    item = row.item
    command = _next(row, run.reader.agent_id if run.reader else "")
    lines = [f"{item.task_id}: {_state(row)}, priority {item.priority}", *task_ids.lines_of(item, 2000)]
    lines += [f"paths: {' '.join(item.paths)}"] if item.paths else []
    lines += [f"depends: {_depends(row)}"] if item.depends else []
    lines += [f"plan: {plan}"] if (plan := backlog.plans.get(item.path)) else []
    lines += [f"then: {run.spell(command)}"] if command else []
    run.emit(pickup.document(row, backlog), "\n".join(map(terminal.clean, lines)))


def _state(row: states.Task) -> str:
    return f"{row.state} ({row.engineer})" if row.engineer else row.state


def _depends(row: states.Task) -> str:
    return ", ".join(f"{name}{'' if name in row.waits_for else ' (done)'}" for name in row.item.depends)


def _next(row: states.Task, agent: str) -> hint.Hint | None:
    """The command that goes on with a task, for the agent who looks."""
    task = row.item.task_id
    if row.state == states.READY or (row.state == states.ASSIGNED and row.engineer == agent):
        return hint.tool("agent.bus_claim", "claim", "--task", task)
    if row.state in ("active", "paused"):
        return hint.tool("agent.session_brief", "--task", task)
    return None


@cli.command(main, "list")
@cli.option("--all", "everything", is_flag=True, help="Finished and dropped tasks too.")
@cli.option("--limit", type=cli.COUNT, default=pickup.SHOWN, show_default=True, help="The number of tasks.")
def list_tasks(run: cli.Run, *, everything: bool, limit: int) -> None:
    """Show the tasks of the backlog with their states, best first."""
    backlog = pickup.read(run)
    run.warn(run.losses())
    run.skipped(backlog.problems)
    over = (items.DONE, items.DROPPED)
    rows = [row for row in backlog.tasks if everything or row.state not in over]
    options = ("--all",) if everything else ()
    more = hint.tool("agent.task", "list", *options, "--limit", str(len(rows)))
    document = {"tasks": [pickup.document(row, backlog) for row in rows[:limit]], "more": max(0, len(rows) - limit)}
    if not rows:
        run.advise(hint.tool("agent.task", "add", hint.WORDS))
    run.emit(document, pickup.table(rows[:limit], backlog) + run.cut(len(rows) - limit, more))


@cli.command(main, "add", writes=True)
@cli.argument("title", nargs=1, required=True)
@cli.option(
    "--priority", type=cli.Choice(items.PRIORITIES), default="medium", show_default=True, help="How much it matters."
)
@cli.repeated("--depends", type=cli.TASK, help="A task that must be done first.")
@cli.repeated("--paths", type=cli.LINE, help="A pattern of files the work will touch, as in .gitignore.")
@cli.option("--goal", type=cli.LINE, default="", help="What it is for, in one line.")
@cli.option("--acceptance", type=cli.LINE, default="", help="When it is done, in one line.")
def add(
    run: cli.Run,
    *,
    title: str,
    priority: str,
    depends: tuple[str, ...],
    paths: tuple[str, ...],
    goal: str,
    acceptance: str,
) -> None:
    """Put a task into the backlog, as a file of queue/ that is yours to commit."""
    if not title.strip() or "\n" in title:
        raise UsageError("the title is one line", code="usage")
    item = adding.add(run, adding.NewTask(title.strip(), priority, depends, paths, goal, acceptance))
    document = {"task_id": item.task_id, "path": item.path, "title": item.title}
    run.emit(document, f"{item.task_id}: {item.title}\nwrote {item.path}")
    run.advise(hint.tool("agent.task_assign", "--task", item.task_id, "--engineer", hint.WORDS))


if __name__ == "__main__":
    cli.main(main)
