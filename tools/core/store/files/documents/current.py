"""The catalogue as the folders are now, so that no reader opens the finished claims.

A document is replaced by renaming a new file over it, which changes its folder: while that is as it was, the
catalogue holds. Else the folder is listed, and what has another inode than in the listing before is read; because
a second change may bring an old inode back, so is what an event since then names. A folder that changed within
the last two seconds is listed again by the next reader, because a further change may carry the same moment.
Where the event log does not go on from what the catalogue knew, or the folder of claims changed and neither tells what,
each document is read once.
"""

from __future__ import annotations

import os

from tools.core.models.claim_state import LIVE
from tools.core.plain import TYPE_CHECKING, suppress
from tools.core.store.files.documents import catalogue, claim_file, finished, listing, named
from tools.core.store.files.documents.catalogue import ASSIGNMENTS, CLAIMS, KINDS, Body, Catalogue
from tools.core.store.files.documents.claim_file import facts, settled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tools.core.store.files.documents.claim_file import Reading
    from tools.core.workspace import Workspace

DONE = "done"
"""The state of a claim from which on its assignment does not count any more."""

_SUFFIX = ".json"


def current(workspace: Workspace, now: int, kinds: Iterable[str] = KINDS, *, in_full: bool = False) -> Catalogue:
    """The catalogue as the folders of some kinds are now, with its body where it is asked for; `now` is in nanoseconds."""
    kept = catalogue.kept(workspace)
    states = {kind: facts(_folder(workspace, kind)) for kind in kinds}
    if kept is None and not any(states.values()):
        return catalogue.NONE  # there may be no bus to keep anything in
    with suppress(ValueError):
        if kept is not None and all(kept.head.folders.get(kind, []) == state for kind, state in states.items()):
            return kept.whole() if in_full else kept.head
    return _brought_up(workspace, _believed(workspace, kept), now)


def listed_names(workspace: Workspace, kind: str) -> str:
    """The files of a folder as `Names` takes them; "" where they are not known as they are now."""
    kept = catalogue.kept(workspace)
    with suppress(ValueError):
        if kept is not None and kept.head.folders.get(kind, []) == facts(_folder(workspace, kind)):
            return os.fsdecode(kept.names(kind))
    return ""


def path_of(workspace: Workspace, task: str) -> str:
    """The path of a task's claim."""
    return f"{_folder(workspace, CLAIMS)}/{task}{_SUFFIX}"


def _folder(workspace: Workspace, kind: str) -> str:
    return workspace.bus.child(kind).path


def _believed(workspace: Workspace, kept: catalogue.Kept | None) -> tuple[Catalogue, set[str]]:
    """The catalogue before and what events since then name; nothing where there is none to go on from."""
    with suppress(ValueError):
        if kept is not None:
            tasks = named.named_since(workspace, kept.head.log)
            if tasks is not None:
                return kept.whole(), tasks
    return catalogue.NONE, set()


def _brought_up(workspace: Workspace, believed: tuple[Catalogue, set[str]], now: int) -> Catalogue:
    """The catalogue after the one before."""
    before, tasks = believed
    log = named.position(workspace)  # before all else: of what comes later an event behind it tells
    folders = {kind: settled(facts(_folder(workspace, kind)), now) for kind in KINDS}
    listings = {kind: listing.of(_folder(workspace, kind)) for kind in KINDS}
    claims, assignments = (listing.compare(before.body.listings[kind], listings[kind]) for kind in KINDS)
    if not any((*claims, tasks)) and _has_changed(before, folders):
        return _brought_up(workspace, (catalogue.NONE, set()), now)
    new, gone = _tasks(claims.new), _tasks(claims.gone)
    edited = {task for task, (_, file) in before.live.items() if facts(path_of(workspace, task)) != file}
    suspects = new | _tasks(claims.replaced) | edited.union(before.unread)
    suspects |= _with_document(tasks - suspects - before.live.keys(), listings[CLAIMS])
    readings = {task: claim_file.read(path_of(workspace, task), task, now) for task in suspects - gone}
    over = _over(before, gone.union(readings) - new, readings)
    standing = _standing(before, gone, readings, assignments, listings[ASSIGNMENTS])
    unread = sorted(task for task, reading in readings.items() if reading.claim is None)
    live = {task: row for task, row in before.live.items() if task not in gone and task not in readings}
    live |= {
        task: (reading.claim, reading.file)
        for task, reading in readings.items()
        if reading.claim is not None and reading.file is not None and reading.claim.state in LIVE
    }
    counts = before.counts if over is before.body.finished else over.counts
    known = Catalogue(folders, log, live, unread, standing, counts, Body(listings, over))
    if any((*claims, *assignments, readings, folders != before.folders)):
        catalogue.keep(workspace, known)
    return known


def _has_changed(before: Catalogue, folders: Mapping[str, list[int] | None]) -> bool:
    """Whether claims were changed, of which nothing else tells, since a catalogue was made."""
    state, now = before.folders.get(CLAIMS), folders[CLAIMS]
    return state is not None and now is not None and state[:3] != now[:3]


def _tasks(files: Iterable[str]) -> set[str]:
    """The documents among some files."""
    return {file[: -len(_SUFFIX)] for file in files if file.endswith(_SUFFIX) and file[0] != "."}


def _with_document(tasks: Collection[str], listed: listing.Listing) -> set[str]:
    """The tasks among some that have a document in a folder."""
    return _tasks(listed.among({task + _SUFFIX for task in tasks}))


def _over(before: Catalogue, outdated: Iterable[str], readings: Mapping[str, Reading]) -> finished.Finished:
    """The claims that are over: those before without the outdated ones, and those that were read."""
    ended = [
        finished.Ended(task, reading.claim.state, reading.ended)
        for task, reading in readings.items()
        if reading.claim is not None and reading.claim.state not in LIVE
    ]
    if before is catalogue.NONE:
        return finished.of(ended)
    over = before.body.finished
    for task in outdated:
        if task not in before.live:
            over = over.without(task)
    for claim in ended:
        over = over.including(claim)
    return over


def _standing(
    before: Catalogue,
    gone: Collection[str],
    readings: Mapping[str, Reading],
    assignments: listing.Difference,
    listed: listing.Listing,
) -> dict[str, str]:
    """The assignments of what is not done, with the states of their claims."""
    states = dict.fromkeys(gone, "")
    states |= {task: reading.claim.state if reading.claim else "" for task, reading in readings.items()}
    standing = dict(before.standing)
    for task in _tasks(assignments.new | assignments.replaced) | _with_document(states, listed):
        if task in states:
            standing[task] = states[task]
        else:
            standing[task] = before.live[task][0].state if task in before.live else before.body.finished.state(task)
    dropped = _tasks(assignments.gone)
    return {task: state for task, state in standing.items() if state != DONE and task not in dropped}
