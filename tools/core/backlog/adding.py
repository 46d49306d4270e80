"""New tasks in the backlog: a file each, numbered after the last one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tools.core import hint, ids
from tools.core.backlog import items
from tools.core.backlog.items import Item
from tools.core.bus import claim_documents
from tools.core.context import Context
from tools.core.errors import UsageError
from tools.core.fs import files, locks
from tools.core.receipts.write import create_document
from tools.core.text import terminal

_WIDTH = 3
"""Digits of a number, at least; more where the backlog has more."""


class NewTask(NamedTuple):
    """What a new task says."""

    title: str
    priority: str = "medium"
    depends: Sequence[str] = ()
    paths: Sequence[str] = ()
    goal: str = ""
    acceptance: str = ""


def add(context: Context, task: NewTask) -> Item:
    """Writes the file of a task; UsageError for a dependency that is not there."""
    with locks.hold(context.workspace.report):  # two who add at once get different numbers
        existing, _ = items.all_items(context.workspace)
        _require_dependencies(context, task, existing)
        number, width = _next_number(context, existing)
        name = f"{number:0{width}}-{ids.slug(task.title) or 'task'}.md"
        place = context.workspace.queue.child(name)
        create_document(place, _text(task).encode("utf-8", "backslashreplace"))
        return items.parse(name, (files.read_bytes(place) or b"").decode())[0]


def _require_dependencies(context: Context, task: NewTask, existing: Sequence[Item]) -> None:
    names = [item.task_id for item in existing]
    for name in task.depends:
        if name not in names and claim_documents.of_task(context.store, name).claim is None:
            raise UsageError(
                f"{name} is not in the backlog{ids.near(name, names)}",
                code="task.depends",
                hint=hint.tool("agent.task", "list", "--all"),
            )


def _next_number(context: Context, existing: Sequence[Item]) -> tuple[int, int]:
    """The number after the highest that a file or a claim has, and the digits it is written with."""
    names = [name for name in files.names_in(context.workspace.queue, ".md") if items.is_name(name)]
    digits = [name.partition("-")[0] for name in names]
    claims, _ = claim_documents.all_claims(context.store)
    claimed = [claim.task_id.removeprefix("QUEUE-") for claim in claims if claim.task_id.startswith("QUEUE-")]
    taken = [int(word) for word in (*digits, *claimed) if word.isdecimal() and len(word) <= 9]
    return max([*taken, *(item.number for item in existing)], default=0) + 1, max([_WIDTH, *map(len, digits)])


def _text(task: NewTask) -> str:
    """The file of a task, which `items.parse` reads back as it was typed."""
    fields = [
        ("Status", items.OPEN),
        ("Priority", task.priority),
        ("Depends", ", ".join(task.depends)),
        ("Paths", ", ".join(task.paths)),
        ("Goal", terminal.clean(task.goal)),
        ("Acceptance", terminal.clean(task.acceptance)),
    ]
    return (
        "\n".join([f"# Task: {terminal.clean(task.title)}", *(f"{key}: {value}" for key, value in fields if value)])
        + "\n"
    )
