"""Where an export is written: a new file of the checkout, or one that holds nothing that the export does not."""

from __future__ import annotations

from collections.abc import Sequence

from tools.core import hint
from tools.core.context import Context
from tools.core.errors import ConflictError, DataError, UsageError
from tools.core.fs import files, locks
from tools.core.receipts.write import replace_document
from tools.core.trackers.formats import checklist, comma_separated, registry
from tools.core.trackers.formats.source_files import MAX_BYTES, Source
from tools.core.trackers.outgoing import Outgoing
from tools.core.workspace import BUS, PLANS, QUEUE, REPORT, Place, Workspace

_OURS = (BUS, PLANS, QUEUE, REPORT, "memory", ".git")
"""Folders whose files no export may replace."""


def put(context: Context, target: str, path: str, text: str, tasks: Sequence[Outgoing]) -> Place:
    """Writes an export; UsageError for a forbidden path, ConflictError where something would be lost."""
    place = _place(context.workspace, path)
    with locks.hold(context.workspace.report):
        before = files.read_bytes(place, MAX_BYTES)
        reason = _loses(target, place, before.decode("utf-8", "replace"), tasks) if before is not None else ""
        if reason:
            raise ConflictError(
                f"{place.name} {reason}", code="export.file", hint=hint.tool("agent.task_export", "--help")
            )
        replace_document(place, text.encode("utf-8", "backslashreplace"))
    return place


def _place(workspace: Workspace, path: str) -> Place:
    name = Workspace(workspace.root, workspace.root).relative(path)
    top = name.split("/")[0]
    if top in _OURS or top.startswith("AGENT_MANIFEST") or name.endswith("/"):
        raise UsageError(f"{name} is not a place for an export", code="path.output")
    return workspace.in_root(name)


def _loses(target: str, place: Place, before: str, tasks: Sequence[Outgoing]) -> str:
    """Why a file that is there must not be replaced; "" when all of it is in the export."""
    if target == "csv":
        return "" if before.startswith(",".join(comma_separated.COLUMNS)) else "is not a table that an export wrote"
    if target == "markdown":
        return "" if checklist.EXPORTED in before.split("\n")[:3] else "is not a checklist that an export wrote"
    try:
        reading = registry.importer(target).read_items(Source(place.path, place.name, before))
    except DataError as problem:
        return f"cannot be read, so it stays: {problem.message}"
    here = {task.key for task in tasks}
    missing = [piece.key for piece in reading.pieces if piece.key not in here]
    if missing:
        return f"has {len(missing)} that are not here, {missing[0][:80]} first; import them before it is replaced"
    if reading.problems or reading.left_out:
        return f"has {len(reading.problems) + len(reading.left_out)} lines that no export can give back"
    return ""
