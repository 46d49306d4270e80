"""What another place's bus brings into the live one: records that are missing here, documents that won.

A place is the shared branch of a remote, this clone's own branch, or the records another clone has
put beside its confirmed claims. Only what has changed there since it was last taken in is read. Logs
come before documents, so that nobody sees a claim before the event that tells of it. What `door`
does not let in is left where it is and told once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tools.core import clock, hint, ids
from tools.core.bus import losses
from tools.core.bus.losses import Loss
from tools.core.context import Context
from tools.core.errors import DataError, SetupError, UsageError
from tools.core.fs import files, jsonl
from tools.core.git import trees
from tools.core.git.packs import Objects
from tools.core.git.trees import Change as TreeChange
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, Claim, Event
from tools.core.models.lenient import claim_from
from tools.core.models.record import to_mapping
from tools.core.problem import Problem
from tools.core.store import layout, merge
from tools.core.store.api import Append, Change, Replace, retry_stale
from tools.core.store.layout import Address
from tools.core.sync import door
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.memory import Log, Memory

_FILES = 1_000_000
"""Files of one tree that are looked at; what comes behind them is left out."""

_OPEN = 1 << 30
"""Sorts the open end of a log behind its closed segments."""


class Conflict(NamedTuple):
    """A live claim of this clone that another clone's had beaten to the remote."""

    task: str
    holder: str
    loser: str


class Place(NamedTuple):
    """Where records come from: a ref, the commit it names, and whether it is what all clones share."""

    ref: str
    commit: str
    is_shared: bool


@dataclass
class Arrivals:
    """What came in one round, and what of the live bus the shared branch turned out to have."""

    received: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    shared: dict[str, list[bytes]] = field(default_factory=dict)
    """By log, the lines the shared branch has beyond what is remembered of it."""

    documents: set[str] = field(default_factory=set)
    """The documents that were changed in any place."""

    gone: dict[str, int] = field(default_factory=dict)
    """By log, how many lines the shared branch had and has no longer as they were."""


class Receiver:
    """Takes places in, one after the other."""

    def __init__(
        self,
        context: Context,
        agent: str,
        carrier: Carrier,
        objects: Objects,
        memory: Memory,
        *,
        accepts_rewrite: bool = False,
    ) -> None:
        self._context = context
        self._agent = agent
        self._carrier = carrier
        self._objects = objects
        self._memory = memory
        self._accepts_rewrite = accepts_rewrite
        self.arrivals = Arrivals()

    def take(self, place: Place) -> None:
        """Brings one place's news into the live bus; SetupError for the format of a newer toolkit."""
        old, new = self._tree(self._memory.taken.get(place.ref, "")), self._tree(place.commit)
        require_format(self._objects, new)
        logs, documents = self._sorted(place, old, new)
        for stream, changes in sorted(logs.items()):
            self._log(place, stream, changes, new)
        for document, changes in sorted(documents.items()):
            self._documents(place, document, changes, old)
        self._memory.taken[place.ref] = place.commit

    def _tree(self, commit: str) -> str:
        """The tree of the bus in a commit; "" where git has no such commit (any more)."""
        held = self._objects.get(commit) if commit else None
        if held is None or held.kind != "commit":
            return ""
        tree = self._objects.tree_of(commit)
        prefix = self._carrier.prefix.rstrip("/")
        entry = trees.find(self._objects, tree, prefix) if prefix else None
        return tree if not prefix else entry.name if entry and entry.is_folder else ""

    def _sorted(
        self, place: Place, old: str, new: str
    ) -> tuple[dict[str, list[TreeChange]], dict[str, list[TreeChange]]]:
        """What differs, by log and by document; what is none of a bus's is told."""
        logs: dict[str, list[TreeChange]] = {}
        documents: dict[str, list[TreeChange]] = {}
        refused: list[Problem] = []
        for count, change in enumerate(trees.changes(self._objects, old, new, layout.is_entered)):
            if count >= _FILES:
                refused.append(_refused(change.path, f"it and all behind it are more than {_FILES} files"))
                break
            reason = door.name_reason(change.path, change.new) if change.new else ""
            if reason:
                refused.append(_refused(change.path, reason))
                change = change._replace(new=None)
            address = layout.address(change.path)
            if address is not None and (change.old or change.new):
                part = documents if address.is_document else logs
                part.setdefault(address.of, []).append(change)
        self._tell_refused(place, refused)
        return logs, documents

    def _tell_refused(self, place: Place, refused: Sequence[Problem]) -> None:
        shown = list(refused[:5])
        if len(refused) > len(shown):
            shown.append(_refused("", f"{len(refused) - len(shown)} more files are none of a bus's"))
        where = _shown(place.ref)
        self.arrivals.problems += [
            part._replace(path=f"{where}:{part.path}", reason=f"left out: {part.reason}") for part in shown
        ]

    # -- logs ----------------------------------------------------------------------------------
    def _log(self, place: Place, stream: str, changes: Sequence[TreeChange], tree: str) -> None:
        before, after = self._joined(place, changes, "old"), self._joined(place, changes, "new")
        if after.startswith(before) and (not before or before.endswith(b"\n")):
            news = merge.lines_of(after[len(before) :])
        else:
            old, now = merge.lines_of(before), merge.lines_of(after)
            news = merge.missing(old, now)
            if place.is_shared and not merge.is_kept(old, now):
                self.arrivals.gone[stream] = len(merge.missing(now, old)) or 1
                if not self._accepts_rewrite:  # what is gone there is compared with what is here, and goes back
                    self._memory.logs[stream] = Log()
                    news = merge.lines_of(self._whole(place, stream, tree))
        if place.is_shared:
            self.arrivals.shared[stream] = news
        self._adopt(place, stream, news)

    def _whole(self, place: Place, stream: str, tree: str) -> bytes:
        every = trees.changes(self._objects, "", tree, layout.is_entered)
        return self._joined(place, [change for change in every if _is_of(change.path, stream)], "new")

    def _joined(self, place: Place, changes: Sequence[TreeChange], side: str) -> bytes:
        parts = []
        for change in sorted(changes, key=lambda change: _order(change.path)):
            entry = change.old if side == "old" else change.new
            address = layout.address(change.path)
            if entry is None or address is None or door.name_reason(change.path, entry):
                continue
            held = self._objects.get(entry.name, door.largest(address))
            if held is None or held.kind != "blob" or held.data is None:
                if side == "new":
                    self._tell_refused(
                        place, [_refused(change.path, f"it has more than {door.largest(address)} bytes")]
                    )
                continue
            parts.append(held.data if held.data.endswith(b"\n") or not held.data else held.data + b"\n")
        return b"".join(parts)

    def _adopt(self, place: Place, stream: str, news: Sequence[bytes]) -> None:
        verdict = door.lines(merge.vouched_first(news))
        if verdict.refused:
            self._tell_refused(place, [_refused(stream, f"{verdict.refused} lines: {verdict.reason}")])
        if not verdict.admitted or stream.startswith(f"{layout.FINISHED}/"):
            self._finished(place, verdict.admitted)
            return
        try:
            lines, behind = self._not_here(place, stream, verdict.admitted)
            came = self._context.store.adopt(stream, lines, behind, self._agent)
            self.arrivals.received += came
        except (DataError, UsageError) as error:
            self._tell_refused(place, [error.problem_in(stream)])

    def _not_here(self, place: Place, stream: str, lines: list[bytes]) -> tuple[list[bytes], int]:
        """The lines that the live log may lack, and the byte of it from which on they are to be compared.

        What is new on the shared branch is not among the lines it is remembered to have had. What another
        clone put beside its claims may be: it may have come here by way of the branch.
        """
        log = self._memory.logs.get(stream)
        if log is None or place.is_shared:
            return lines, log.starts() if log else 0
        present = self._context.store.history.lines_with(stream, {merge.id_of(line) for line in lines} - {""})
        lacking = [line for line in lines if present.get(merge.id_of(line)) != line]
        is_certain = all(merge.id_of(line) and merge.id_of(line) not in present for line in lacking)
        return lacking, log.starts() if is_certain else 0

    def _finished(self, place: Place, lines: Sequence[bytes]) -> None:
        """Claims that another clone has moved to the log of their month."""
        for line in lines:
            content = jsonl.parse_plain(line) or {}
            task = content.get("task_id")
            if ids.is_task(task):
                self._document(place, Address(CLAIMS, str(task)), line, None)

    # -- documents -----------------------------------------------------------------------------
    def _documents(self, place: Place, document: str, changes: Sequence[TreeChange], old: str) -> None:
        """A document that changed there; what the place had of it before bears on who was first."""
        self.arrivals.documents.add(document)
        before = self._blob_at(old, layout.document_path(document)) or self._blob_at(old, f"{document}.json")
        for change in sorted(changes, key=lambda change: _order(change.path)):
            address = layout.address(change.path)
            assert address is not None  # it was sorted by it
            if change.new is None:
                continue
            held = self._objects.get(change.new.name, door.MAX_DOCUMENT)
            if held is None or held.kind != "blob" or held.data is None:
                self._tell_refused(place, [_refused(change.path, f"it has more than {door.MAX_DOCUMENT} bytes")])
                continue
            self._document(place, address, held.data, before)
            before = before or held.data

    def _blob_at(self, tree: str, path: str) -> bytes | None:
        entry = trees.find(self._objects, tree, path) if tree else None
        held = self._objects.get(entry.name, door.MAX_DOCUMENT) if entry is not None and entry.is_file else None
        return held.data if held is not None else None

    def take_value(self, task: str, data: bytes) -> None:
        """Brings in what a task's own ref on the remote says of its documents."""
        value = object_of(data, f"refs/teof/claims/{task}") or {}
        for kind in (CLAIMS, ASSIGNMENTS):
            content = value.get(kind)
            if isinstance(content, dict):
                place = Place(f"refs/teof/claims/{task}", "", False)
                self._document(place, Address(kind, task), files.dump_json(content), None)

    def _document(self, place: Place, address: Address, data: bytes, before: bytes | None) -> None:
        try:
            theirs = door.document(address, data, self._context.now)
            base = object_of(before, address.of)
            self.arrivals.received += retry_stale(lambda: self._decide(address, theirs, base))
        except (DataError, UsageError) as error:
            self._tell_refused(place, [error.problem_in(f"{address.of}.json")])

    def _decide(self, address: Address, theirs: Mapping[str, object], base: Mapping[str, object] | None) -> int:
        store, name, task = self._context.store, address.of, address.name
        current = store.get(name)
        if address.kind == CLAIMS:
            self._require_steps(task, theirs, current.content if current else None, base)
        if current is None:
            store.commit([Replace(name, theirs, "")])
            return 1
        rule = merge.assignment(current.content, theirs, base)
        if address.kind == CLAIMS:
            rule = merge.claim(task, current.content, theirs, base)
        if rule == merge.OURS:
            return 0
        changes: list[Change] = [Replace(name, theirs, current.version)]
        lost = None
        if rule == merge.CONFLICT:
            lost = Conflict(task, claim_from(theirs, task).agent_id, claim_from(current.content, task).agent_id)
            changes = [*self._told(lost, current.content, claim_from(theirs, task)), *changes]
        store.commit(changes)
        if lost:
            self.arrivals.conflicts.append(lost)
        return 1

    def _require_steps(
        self,
        task: str,
        theirs: Mapping[str, object],
        current: Mapping[str, object] | None,
        base: Mapping[str, object] | None,
    ) -> None:
        """DataError for a fence that jumps: each grant between leaves an event, and events came first."""
        known = max(claim_from(claim, task).fence if claim else 0 for claim in (current, base))
        fence = claim_from(theirs, task).fence
        if fence <= known + 1:
            return
        told = {claim_from(event.claim or {}, task).fence for event in self._context.store.history.claim_changes(task)}
        reason = door.jump_reason(fence, known, told)
        if reason:
            raise DataError(_refused(f"{CLAIMS}/{task}.json", reason))

    def _told(self, lost: Conflict, claim: Mapping[str, object], holder: Claim) -> list[Change]:
        """The event of a lost claim, and the message that tells its loser."""
        summary = f"{lost.loser} lost {lost.task}: {lost.holder} had claimed it on the remote first"
        stamp, agent = clock.to_text(self._context.now), self._agent or lost.loser
        meta = {"holder": lost.holder, "loser": lost.loser, "lost_claimed_at": str(claim.get("claimed_at", ""))}
        event = Event(
            id=ids.new_record_id(),
            ts=stamp,
            agent_id=agent,
            event="conflict",
            summary=summary,
            task_id=lost.task,
            severity="medium",
            meta=meta,
        )
        told = losses.notice(self._context, agent, Loss(lost.loser, holder, summary, losses.CONFLICT))
        return [Append(EVENTS, to_mapping(event)), told]


def require_format(objects: Objects, tree: str) -> None:
    """SetupError when a tree says that a newer toolkit wrote it."""
    entry = trees.find(objects, tree, layout.FORMAT_FILE) if tree else None
    held = objects.get(entry.name, door.MAX_DOCUMENT) if entry and entry.is_file else None
    told = object_of(held.data, layout.FORMAT_FILE) if held and held.data is not None else None
    version = (told or {}).get("format", 1)
    if type(version) is int and version > layout.FORMAT:
        raise SetupError(
            f"the bus is in format {version}, which a newer toolkit wrote; this one knows {layout.FORMAT}",
            code="bus.format",
            hint=hint.program("teof", "--version"),
            details={"format": version, "known": layout.FORMAT},
        )


def object_of(data: bytes | None, name: str) -> dict[str, object] | None:
    """The JSON object in some bytes; None where there is none."""
    try:
        return None if data is None else files.parse_object(data, name)
    except DataError:
        return None


def _refused(path: str, reason: str) -> Problem:
    return Problem(path, 1, reason, "sync.left_out")


def _shown(ref: str) -> str:
    return ref.removeprefix("refs/remotes/").removeprefix("refs/heads/").removeprefix("refs/")


def _is_of(path: str, stream: str) -> bool:
    address = layout.address(path)
    return address is not None and address.of == stream


def _order(path: str) -> tuple[int, bool, str]:
    address = layout.address(path)
    assert address is not None  # only what has one is sorted
    return (address.segment or _OPEN, not address.is_current if address.is_document else address.is_current, path)
