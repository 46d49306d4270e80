"""What a damaged bus needs, and doing it: finish, set aside, bring back; never touch a whole line.

Lines that a log has lost come back exactly as they were, at its end: from the index, which remembers
what it once read, and from the newest versions of the log in git's history. Claims come back from
the events, which carry them whole. Everything is looked up first and looked at again under the lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from tools.core import clock, hint, ids
from tools.core.errors import DataError, SetupError, ToolkitError
from tools.core.fs import append, files, folders, jsonl, locks
from tools.core.git import history, objects
from tools.core.git import repository as git_repository
from tools.core.hint import Hint
from tools.core.models.bus import EVENTS, MESSAGES, Claim, stream_of
from tools.core.models.lenient import claim_from, text_of
from tools.core.models.record import to_mapping
from tools.core.plain import NamedTuple
from tools.core.store import layout
from tools.core.store.files.index.database import Index
from tools.core.store.files.journal import UnknownJournalError
from tools.core.store.files.store import FileStore
from tools.core.text import secrets
from tools.core.workspace import BUS, Workspace

_VERSIONS = 20
"""Versions of one log that are read from git's history, newest first."""

_CARRIES_CLAIM = "stream='events' AND instr(raw, CAST('\"claim\"' AS BLOB)) > 0"


class Step(NamedTuple):
    """One thing to do, or to explain where `mends` is False; `look` is a command that helps there."""

    kind: str  # journal, torn, lines, claim, unreadable
    path: str
    text: str
    look: Hint | None = None
    mends: bool = True


class Damage(NamedTuple):
    """What is wrong with a bus: the steps in words, and what they bring back."""

    steps: list[Step]
    lines: Mapping[str, list[bytes]]
    claims: Mapping[str, Claim]


class Source(NamedTuple):
    """Where git may have lost lines: the refs that carry this bus and no other; and what may come in again.

    A branch of code can have files of the same names, and a remote's branch what never came in. `admits_claim`
    gets a task, a claim that an event carries, the highest fence before it, and the fences of all events.
    """

    refs: Sequence[str]
    admits_line: Callable[[bytes], bool]
    admits_claim: Callable[[str, Mapping[str, object], int, Collection[int]], bool]


def survey(workspace: Workspace, source: Source) -> Damage:
    """What a repair would do; reads only, the bus's own history in git included."""
    store = FileStore(workspace)
    steps = [*_journal(workspace), *_torn(store)]
    index = Index(workspace, lambda _: None)
    lines = _lost_lines(workspace, source, store, index)
    claims = _lost_claims(source, store, index)
    index.close()
    for stream, raws in lines.items():
        steps.append(Step("lines", store.where(stream), f"bring back {len(raws)} lines that were there"))
    for task, claim in claims.items():
        text = f"bring back the claim of {claim.agent_id} ({claim.state}, fence {claim.fence}) from the events"
        steps.append(Step("claim", workspace.claim(task).name, text))
    for problem in store.history.problems():
        if problem.code != jsonl.TORN:
            look = hint.git("log", "-p", "--", problem.path)
            steps.append(Step("unreadable", problem.path, f"line {problem.line}: {problem.reason}", look, False))
    return Damage(steps, lines, claims)


def apply(workspace: Workspace, damage: Damage) -> None:
    """Does what a survey lists and what still holds under the lock."""
    store = FileStore(workspace)
    _finish_journal(workspace, store)
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        for stream in _streams(store):
            place = store.place(stream)
            if append.tail_of(place)[1]:
                append.sync(append.append(workspace.torn, place, []), place)
        for stream, raws in damage.lines.items():
            present = _Present(store, stream)
            missing = [raw for raw in raws if not present.has(raw)]
            if missing:
                append.bring_back(workspace.torn, store.place(stream), missing)
        for task, claim in damage.claims.items():
            if _is_behind(store, claim):
                _replace_claim(workspace, task, claim)


def _replace_claim(workspace: Workspace, task: str, claim: Claim) -> None:
    place = workspace.claim(task)
    with suppress(ToolkitError):
        if old := files.read_bytes(place):
            append.keep_torn(workspace.torn, place, old)
    files.replace(place, files.dump_json(secrets.redact_value(to_mapping(claim))))


# -- journal and tails -------------------------------------------------------------------------------


def _journal(workspace: Workspace) -> Iterator[Step]:
    if os.path.lexists(workspace.journal.path):
        yield Step("journal", workspace.journal.name, "complete what a dead process began, or set it aside")


def _finish_journal(workspace: Workspace, store: FileStore) -> None:
    try:
        store.recover()
    except UnknownJournalError:
        raise
    except DataError:  # damaged: keep it, and let writers in again
        with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
            _set_aside(workspace)


def _set_aside(workspace: Workspace) -> None:
    """Moves the journal to the torn lines, whatever it is: too large to read, a link, a folder."""
    name = f"journal-{clock.file_stamp(clock.now())}-{ids.new_record_id()[-6:]}"
    folders.make_folder(workspace.torn)
    with (
        files.folder_of(workspace.journal) as source,
        files.folder_of(workspace.torn.child(name)) as target,
        files.writable(workspace.torn),
    ):
        os.rename(os.path.basename(workspace.journal.name), name, src_dir_fd=source, dst_dir_fd=target)
        os.fsync(target)
        os.fsync(source)


def _streams(store: FileStore) -> list[str]:
    return [EVENTS, *(stream_of(name) for name in store.names(MESSAGES) if ids.is_task(name))]


def _torn(store: FileStore) -> Iterator[Step]:
    for stream in _streams(store):
        try:
            _, torn = append.tail_of(store.place(stream))
        except ToolkitError:
            continue  # a link or folder: bus_check reports it
        if torn and append.is_record(torn):
            yield Step("torn", store.where(stream), "give the last line its line end")
        elif torn:
            yield Step("torn", store.where(stream), f"move an unfinished last line ({len(torn)} bytes) to _bus/.torn/")


# -- lines that are gone -----------------------------------------------------------------------------


class _Present:
    """What a log has now: by id, and by bytes for lines without one."""

    def __init__(self, store: FileStore, stream: str) -> None:
        self._ids: set[str] = set()
        self._hashes: set[str] = set()
        with suppress(DataError):
            for outcome in jsonl.scan(store.place(stream)):
                if isinstance(outcome, jsonl.StoredRecord):
                    self._ids.add(text_of(outcome.record.get("id")))
                    self._hashes.add(outcome.line.hash)
        self._ids.discard("")

    def has(self, raw: bytes) -> bool:
        """Whether the log has this line, or a record with its id."""
        return jsonl.line_hash(raw) in self._hashes or text_of(jsonl.parse(raw).get("id")) in self._ids


def _lost_lines(workspace: Workspace, source: Source, store: FileStore, index: Index) -> dict[str, list[bytes]]:
    kept: dict[str, dict[bytes, None]] = {}
    for stream, raw in [
        *_in_history(workspace, source),
        *index.ask("SELECT stream, raw FROM lost ORDER BY stream, rowid"),
    ]:
        kept.setdefault(stream, {})[raw] = None
    lost: dict[str, list[bytes]] = {}
    for stream, raws in kept.items():
        present = _Present(store, stream)
        missing = {_key(raw): raw for raw in raws if append.is_record(raw) and not present.has(raw)}
        if missing:
            lost[stream] = list(missing.values())
    return lost


def _key(raw: bytes) -> str:
    return text_of(jsonl.parse(raw).get("id")) or jsonl.line_hash(raw)


def _in_history(workspace: Workspace, source: Source) -> Iterator[tuple[str, bytes]]:
    """The lines of the newest versions of each log that git has, oldest version first."""
    try:
        repository = git_repository.of_bus(workspace)
    except SetupError:
        return
    versions = _versions(repository, source.refs, "." if repository == workspace.bus.path else BUS)
    with objects.Reader(repository) as reader:
        for stream, blobs in versions.items():
            for blob in reversed(blobs):
                for line in jsonl.split(reader.blocks(blob)):
                    if source.admits_line(line.raw):
                        yield stream, line.raw


def _versions(repository: str, refs: Sequence[str], below: str) -> dict[str, list[str]]:
    """By stream, the newest contents of each of its segments in the history of these refs."""
    by_path: dict[str, list[str]] = {}
    for path, blob in history.versions(repository, refs, below):
        blobs = by_path.setdefault(path, [])
        if blob not in blobs and len(blobs) < _VERSIONS:
            blobs.append(blob)
    versions: dict[str, list[str]] = {}
    for path, blobs in by_path.items():
        if stream := _stream_of(path):
            versions.setdefault(stream, []).extend(blobs)
    return versions


def _stream_of(path: str) -> str:
    address = layout.address(path.removeprefix(f"{BUS}/"))
    return address.of if address is not None and address.kind in (EVENTS, MESSAGES) else ""


# -- claims ------------------------------------------------------------------------------------------


def _lost_claims(source: Source, store: FileStore, index: Index) -> dict[str, Claim]:
    """By task, the claim that the events tell of last, where the document is gone, damaged or older."""
    carried: dict[str, list[Mapping[str, object]]] = {}
    for (raw,) in index.ask(f"SELECT raw FROM entries WHERE {_CARRIES_CLAIM} ORDER BY seq"):
        record: dict[str, Any] = jsonl.parse(raw)
        task, content = record.get("task_id"), record.get("claim")
        if isinstance(content, dict) and isinstance(task, str) and ids.is_task(task):
            carried.setdefault(task, []).append(content)
    latest = {task: _last_of(source, task, contents) for task, contents in carried.items()}
    return {task: claim for task, claim in latest.items() if claim is not None and _is_behind(store, claim)}


def _last_of(source: Source, task: str, contents: Sequence[Mapping[str, object]]) -> Claim | None:
    """The claim of the last event that carries one with the highest fence that may come in."""
    fences = [claim_from(content, task).fence for content in contents]
    latest: Claim | None = None
    for content, fence in zip(contents, fences, strict=True):
        highest = latest.fence if latest is not None else 0
        if fence >= highest and source.admits_claim(task, content, highest, fences):
            latest = claim_from(content, task)
    return latest


def _is_behind(store: FileStore, claim: Claim) -> bool:
    try:
        document = store.get(f"claims/{claim.task_id}")
    except ToolkitError:
        return True
    if document is None:
        return True
    return claim_from(document.content, claim.task_id).fence < claim.fence
