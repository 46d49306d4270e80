"""An import from beginning to end: read, decide, write, report."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

from tools.core import hint
from tools.core.backlog import items
from tools.core.bus import claim_documents
from tools.core.context import Context
from tools.core.errors import ConflictError, DataError, GuardError
from tools.core.fs import locks
from tools.core.models.bus import Message
from tools.core.problem import Problem
from tools.core.seats import manifests
from tools.core.seats.seat import all_manifests
from tools.core.text import terminal
from tools.core.trackers import backlog_files, comments, kept
from tools.core.trackers.formats import source_files
from tools.core.trackers.formats.registry import Importer
from tools.core.trackers.formats.source_files import Source
from tools.core.trackers.imports import changes, writing
from tools.core.trackers.imports.changes import Changes, Options, Row, Sides
from tools.core.trackers.pieces import Piece, Reading


class ImportOptions(NamedTuple):
    """Which tasks an import changes (`selection`), and what it does beside them."""

    selection: Options
    with_comments: bool = True
    assign: bool = False
    dry_run: bool = False


class Result(NamedTuple):
    """What an import did, or would do, and what it read."""

    reading: Reading
    source: str
    changes: Changes
    problems: list[Problem]
    notes: list[Message]
    assigned: list[Row]
    dry_run: bool

    @property
    def is_clean(self) -> bool:
        """Whether everything could be read and nothing was in the way."""
        return not (self.problems or self.changes.conflicts)

    def as_document(self) -> dict[str, Any]:
        """The report of `--json`."""
        rows = self.changes._asdict()
        lists = ("created", "updated", "unchanged", "changed_there", "conflicts", "left_out", "vanished")
        return {
            "source": self.source,
            **{name: [row._asdict() for row in rows[name]] for name in lists},
            "notes": self.changes.notes,
            "problems": [str(problem) for problem in self.problems],
            "comments": len(self.notes),
            "assigned": [row._asdict() for row in self.assigned],
            "dry_run": self.dry_run,
        }


def run(context: Context, importer: Importer, source: Source, options: ImportOptions) -> Result:
    """Imports the items of a tracker; everything is read and decided before the first file is written.

    GuardError for assignments from a seat that is not a manager's; DataError for a source that cannot
    be read at all.
    """
    reading = importer.read_items(source)
    if len(reading.pieces) > source_files.MAX_PIECES:
        raise DataError(
            f"{source.name} has {terminal.number(len(reading.pieces), 'piece')} of work, {source_files.MAX_PIECES} at most",
            code="import.size",
        )
    if options.assign:
        _require_manager(context)
    with nullcontext() if options.dry_run else locks.hold(context.workspace.report):
        before, damaged = kept.read(context.workspace, importer.NAME)
        claims = claim_documents.all_claims(context.store)[0]
        sides = Sides(
            importer.NAME,
            before,
            backlog_files.read(context.workspace),
            {claim.task_id: claim.agent_id for claim in claims},
        )
        planned = changes.of(reading, sides, options.selection)
        if not options.dry_run:
            new = planned.kept if planned.kept != before else None
            writing.write(context.workspace, planned.writes, importer.NAME, new)
    here = {piece.key: piece for piece in reading.pieces if piece.key in planned.ids}
    notes = _add_notes(context, importer.NAME, here, planned.ids, options)
    assigned = _assign(context, here, planned, options)
    return Result(reading, importer.NAME, planned, [*damaged, *reading.problems], notes, assigned, options.dry_run)


def _require_manager(context: Context) -> None:
    if not context.seat.is_manager:
        raise GuardError(
            f"{context.seat.agent_id} is not a manager seat, so it cannot assign tasks",
            code="assign.manager",
            hint=hint.tool("agent.manifest_helper", "list"),
        )


def _add_notes(
    context: Context, source: str, here: Mapping[str, Piece], task_ids: Mapping[str, str], options: ImportOptions
) -> list[Message]:
    if not options.with_comments or not any(piece.comments for piece in here.values()):
        return []
    messages = comments.missing(context, source, here.values(), task_ids)
    if not options.dry_run:
        comments.write(context, messages)
    return messages


def _seats(context: Context) -> frozenset[str]:
    """The agents that have a seat in this clone."""
    bound = (manifest.agent_id for manifest in all_manifests(context.workspace))
    return frozenset([*bound, *(variant.agent_id for variant in manifests.variants(context.workspace)[0])])


def _assign(context: Context, here: Mapping[str, Piece], planned: Changes, options: ImportOptions) -> list[Row]:
    """Assigns each task whose assignee has a seat here; tasks claimed by others stay theirs."""
    if not options.assign:
        return []
    from tools.core.bus import assignments  # presence, and with it SQLite, only where tasks are given out
    from tools.core.bus.assignment_rules import AssignmentRequest

    seats = _seats(context)
    done = []
    for key, piece in here.items():
        name = next((name for name in piece.assignee.split(", ") if name in seats), "")
        if not name or piece.status not in (items.OPEN, items.IN_PROGRESS):
            continue
        row = Row(planned.ids[key], piece.where, f"assigned to {name}")
        order = AssignmentRequest(row.task_id, name, context.seat.agent_id, claim="")
        if not options.dry_run:
            try:
                if not assignments.assign(context, order).written:
                    continue
            except ConflictError as conflict:
                row = row._replace(what=conflict.message)
        done.append(row)
    return done
