"""The backlog's `Status:` lines brought in line with the claims; the rest of the files stays."""

from __future__ import annotations

from typing import NamedTuple

from tools.core import clock
from tools.core.backlog import states
from tools.core.backlog.items import all_items, with_status
from tools.core.bus import claim_documents
from tools.core.context import Context
from tools.core.fs import files, locks
from tools.core.problem import Problem
from tools.core.receipts.write import write_stamped
from tools.core.workspace import Place


class Edit(NamedTuple):
    """One status line that differs from the claim."""

    path: str
    task_id: str
    before: str
    after: str


class Synced(NamedTuple):
    """The lines that were changed, or would be; `receipt` is None for a dry run."""

    edits: list[Edit]
    receipt: Place | None
    problems: list[Problem]


def edits(context: Context) -> tuple[list[Edit], list[Problem]]:
    """The lines to change, and the problems of unreadable files."""
    items, problems = all_items(context.workspace)
    present = claim_documents.live(context.store, [item.task_id for item in items])
    claims = {claim.task_id: claim for claim in present.claims}
    statuses = [(item, states.file_status(item, claims.get(item.task_id))) for item in items]
    changes = [Edit(item.path, item.task_id, item.status, status) for item, status in statuses if status != item.status]
    return changes, [*problems, *present.problems]


def sync(context: Context, agent: str, *, dry_run: bool) -> Synced:
    """Writes the receipt and then the lines, so that an interrupted run is completed by the next."""
    if dry_run:
        changes, problems = edits(context)
        return Synced(changes, None, problems)
    with locks.hold(context.workspace.report):
        changes, problems = edits(context)
        document = {
            "agent_id": agent,
            "ts": clock.to_text(context.now),
            "changes": [edit._asdict() for edit in changes],
            "problems": [str(problem) for problem in problems],
        }
        folder = context.workspace.agent_report(agent).child("task_sync")
        receipt = write_stamped(folder, "task-sync", ".json", document, context.now)
        for edit in changes:
            place = context.workspace.in_root(edit.path)
            data = files.read_bytes(place)
            if data is not None:
                files.replace(place, with_status(data, edit.after))
    return Synced(changes, receipt, problems)
