"""The catalogue after a change.

A document is replaced by renaming a new file over it, which changes its folder. The folder is listed, and what has
another inode than in the listing before is read; because a second change may bring an old inode back, so is what
an event since then names. A folder that changed a moment ago is listed again by the next reader,
because a further change may carry the same time. Where the event log does not go on from what the catalogue
knew, or the folder of claims changed and neither tells what, each document is read once.
"""

from __future__ import annotations

from tools.core.models.claim_state import DONE, LIVE
from tools.core.plain import TYPE_CHECKING, suppress
from tools.core.store.files.documents import catalogue, claim_file, finished, listing, named, whole
from tools.core.store.files.documents.catalogue import (
    ASSIGNMENTS,
    CLAIMS,
    KINDS,
    SUFFIX,
    Catalogue,
    Kept,
    facts,
    folder,
    path_of,
    settled,
)
from tools.core.store.files.documents.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tools.core.store.files.documents.claim_file import Reading
    from tools.core.workspace import Workspace


def in_full(workspace: Workspace, now: int) -> Whole:
    """The whole catalogue as the folders are now, which is in nanoseconds."""
    kept = catalogue.read(workspace)
    with suppress(ValueError):
        if kept is not None and catalogue.holds(workspace, kept, KINDS):
            return whole.of(kept)
    return brought_up(workspace, kept, now)


def with_newest(workspace: Workspace, count: int, now: int) -> tuple[Catalogue, list[str]]:
    """The catalogue as the folders are now, which is in nanoseconds, and the tasks whose claims ended last."""
    with suppress(ValueError):
        known = in_full(workspace, now)
        return known.head, known.finished.newest(count)
    known = brought_up(workspace, None, now)
    return known.head, known.finished.newest(count)


def brought_up(workspace: Workspace, kept: Kept | None, now: int) -> Whole:
    """The catalogue as the folders are now, which is in nanoseconds, from what is kept where that can be believed."""
    with suppress(ValueError):
        if kept is not None:
            tasks = named.named_since(workspace, named.Position(*kept.head.log))
            if tasks is not None:
                return _after(workspace, whole.of(kept), tasks, now)
    return _after(workspace, whole.NONE, set(), now)


def _after(workspace: Workspace, before: Whole, tasks: set[str], now: int) -> Whole:
    """The catalogue after another one, since which events name some tasks."""
    log = named.position(workspace)  # before all else: of what comes later an event behind it tells
    folders = {kind: settled(folder(workspace, kind), now) for kind in KINDS}
    listings = {kind: listing.of(folder(workspace, kind)) for kind in KINDS}
    claims, assignments = (listing.compare(before.listings[kind], listings[kind]) for kind in KINDS)
    if not any((*claims, tasks)) and _has_changed(before.head.folders.get(CLAIMS), folders[CLAIMS]):
        return _after(workspace, whole.NONE, set(), now)
    new, gone = _tasks(claims.new), _tasks(claims.gone)
    edited = {task for task, (_, file) in before.head.live.items() if facts(path_of(workspace, task)) != file}
    suspects = new | _tasks(claims.replaced) | edited.union(before.head.unread)
    suspects |= _with_document(tasks - suspects - before.head.live.keys(), listings[CLAIMS])
    readings = {task: claim_file.read(path_of(workspace, task), task, now) for task in suspects - gone}
    over = _over(before, gone.union(readings) - new, readings)
    standing = _standing(before, gone, readings, assignments, listings[ASSIGNMENTS])
    unread = sorted(task for task, reading in readings.items() if reading.claim is None)
    live = {task: row for task, row in before.head.live.items() if task not in gone and task not in readings}
    live |= {
        task: (reading.claim, reading.file)
        for task, reading in readings.items()
        if reading.claim is not None and reading.file is not None and reading.claim.state in LIVE
    }
    counts = before.head.counts if over is before.finished else over.counts
    known = Whole(Catalogue(folders, log, live, unread, standing, counts), listings, over)
    if any(folders.values()) and any((*claims, *assignments, readings, folders != before.head.folders)):
        whole.keep(workspace, known)
    return known


def _has_changed(before: list[int] | None, now: list[int] | None) -> bool:
    return before is not None and now is not None and before[:3] != now[:3]


def _tasks(files: Iterable[str]) -> set[str]:
    """The documents among some files."""
    return {file[: -len(SUFFIX)] for file in files if file.endswith(SUFFIX) and file[0] != "."}


def _with_document(tasks: Collection[str], listed: listing.Listing) -> set[str]:
    """The tasks among some that have a document in a folder."""
    return _tasks(listed.among({task + SUFFIX for task in tasks}))


def _over(before: Whole, outdated: Iterable[str], readings: Mapping[str, Reading]) -> finished.Finished:
    """The claims that are over: those before without the outdated ones, and those that were read."""
    ended = [
        finished.Ended(task, reading.claim.state, reading.ended)
        for task, reading in readings.items()
        if reading.claim is not None and reading.claim.state not in LIVE
    ]
    if before is whole.NONE:
        return finished.of(ended)
    over = before.finished
    for task in outdated:
        if task not in before.head.live:
            over = over.without(task)
    for claim in ended:
        over = over.including(claim)
    return over


def _standing(
    before: Whole,
    gone: Collection[str],
    readings: Mapping[str, Reading],
    assignments: listing.Difference,
    listed: listing.Listing,
) -> dict[str, str]:
    """The assignments of what is not done, with the states of their claims."""
    states = dict.fromkeys(gone, "")
    states |= {task: reading.claim.state if reading.claim else "" for task, reading in readings.items()}
    standing = dict(before.head.standing)
    for task in _tasks(assignments.new | assignments.replaced) | _with_document(states, listed):
        if task in states:
            standing[task] = states[task]
        else:
            standing[task] = (
                before.head.live[task][0].state if task in before.head.live else before.finished.state(task)
            )
    dropped = _tasks(assignments.gone)
    return {task: state for task, state in standing.items() if state != DONE and task not in dropped}
