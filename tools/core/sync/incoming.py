"""What another clone's bus brings into the live one: records that are missing here, documents that won.

A source is the shared branch of a remote, this clone's own branch, or the records another clone has
put beside its confirmed claims. Only what has changed there since it was last taken in is read. Logs
come before documents, so that no claim is visible before its event. What `door` does not let in is left
where it is and named once.
"""

from __future__ import annotations

from collections.abc import Sequence

from tools.core import ids
from tools.core.context import Context
from tools.core.errors import DataError, UsageError
from tools.core.fs import jsonl
from tools.core.git import trees
from tools.core.git.packs import Objects
from tools.core.git.trees import Change
from tools.core.models.bus import CLAIMS
from tools.core.problem import Problem
from tools.core.store import layout, merge
from tools.core.store.layout import Address
from tools.core.sync import door, tree_format
from tools.core.sync.arbiter import Arbiter
from tools.core.sync.arrivals import Arrivals, Source, refusal
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.memory import Log, Memory

_FILES = 1_000_000
"""Files of one tree that are looked at; what comes behind them is left out."""

_OPEN = 1 << 30
"""Sorts the open end of a log behind its closed segments."""


class Receiver:
    """Takes sources in, one after the other."""

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
        self.arbiter = Arbiter(context, agent, self.arrivals)

    def take(self, source: Source) -> None:
        """Brings one source's news into the live bus; SetupError for the format of a newer toolkit."""
        old, new = self._tree(self._memory.taken.get(source.ref, "")), self._tree(source.commit)
        tree_format.require_readable(self._objects, new)
        logs, documents = self._sorted(source, old, new)
        for stream, changes in sorted(logs.items()):
            self._log(source, stream, changes, new)
        news = [change.new.name for changes in documents.values() for change in changes if change.new is not None]
        self._objects.read_ahead(news)
        for document, changes in sorted(documents.items()):
            self._documents(source, document, changes, old)
        self.arbiter.settle()
        self._memory.taken[source.ref] = source.commit

    def _tree(self, commit: str) -> str:
        """The tree of the bus in a commit; "" where git has no such commit (any more)."""
        object_ = self._objects.get(commit) if commit else None
        if object_ is None or object_.kind != "commit":
            return ""
        tree = self._objects.tree_of(commit)
        prefix = self._carrier.prefix.rstrip("/")
        entry = trees.find(self._objects, tree, prefix) if prefix else None
        return tree if not prefix else entry.name if entry and entry.is_folder else ""

    def _sorted(self, source: Source, old: str, new: str) -> tuple[dict[str, list[Change]], dict[str, list[Change]]]:
        """What differs, by log and by document; what is not part of a bus is named."""
        logs: dict[str, list[Change]] = {}
        documents: dict[str, list[Change]] = {}
        refused: list[Problem] = []
        for count, change in enumerate(trees.changes(self._objects, old, new, layout.is_entered)):
            if count >= _FILES:
                refused.append(refusal(change.path, f"it and all behind it are more than {_FILES} files"))
                break
            reason = door.name_reason(change.path, change.new) if change.new else ""
            if reason:
                refused.append(refusal(change.path, reason))
                change = change._replace(new=None)
            address = layout.address(change.path)
            if address is not None and (change.old or change.new):
                part = documents if address.is_document else logs
                part.setdefault(address.of, []).append(change)
        self.arrivals.leave_out(source, refused)
        return logs, documents

    # -- logs ----------------------------------------------------------------------------------
    def _log(self, source: Source, stream: str, changes: Sequence[Change], tree: str) -> None:
        before, after = self._joined(source, changes, "old"), self._joined(source, changes, "new")
        if after.startswith(before) and (not before or before.endswith(b"\n")):
            news = merge.lines_of(after[len(before) :])
        else:
            old, now = merge.lines_of(before), merge.lines_of(after)
            news = merge.missing(old, now)
            if source.is_shared and not merge.is_kept(old, now):
                self.arrivals.gone[stream] = len(merge.missing(now, old)) or 1
                if not self._accepts_rewrite:  # what is gone there is compared with what is here, and goes back
                    self._memory.logs[stream] = Log()
                    news = merge.lines_of(self._whole(source, stream, tree))
        if source.is_shared:
            self.arrivals.shared[stream] = news
        self._adopt(source, stream, news)

    def _whole(self, source: Source, stream: str, tree: str) -> bytes:
        every = trees.changes(self._objects, "", tree, layout.is_entered)
        return self._joined(source, [change for change in every if _is_of(change.path, stream)], "new")

    def _joined(self, source: Source, changes: Sequence[Change], side: str) -> bytes:
        parts = []
        for change in sorted(changes, key=lambda change: _order(change.path)):
            entry = change.old if side == "old" else change.new
            address = layout.address(change.path)
            if entry is None or address is None or door.name_reason(change.path, entry):
                continue
            blob = self._objects.get(entry.name, door.largest(address))
            if blob is None or blob.kind != "blob" or blob.data is None:
                if side == "new":
                    self.arrivals.leave_out(
                        source, [refusal(change.path, f"it has more than {door.largest(address)} bytes")]
                    )
                continue
            parts.append(blob.data if blob.data.endswith(b"\n") or not blob.data else blob.data + b"\n")
        return b"".join(parts)

    def _adopt(self, source: Source, stream: str, news: Sequence[bytes]) -> None:
        verdict = door.lines(merge.vouched_first(news))
        if verdict.refused:
            self.arrivals.leave_out(source, [refusal(stream, f"{verdict.refused} lines: {verdict.reason}")])
        if not verdict.admitted or stream.startswith(f"{layout.FINISHED}/"):
            self._finished(source, verdict.admitted)
            return
        try:
            lines, behind = self._not_here(source, stream, verdict.admitted)
            came = self._context.store.adopt(stream, lines, behind, self._agent)
            self.arrivals.received += came
        except (DataError, UsageError) as error:
            self.arrivals.leave_out(source, [error.problem_in(stream)])

    def _not_here(self, source: Source, stream: str, lines: list[bytes]) -> tuple[list[bytes], int]:
        """The lines that the live log may lack, and the byte of it from which on they are to be compared.

        What is new on the shared branch is not among the lines it is remembered to have had. What another
        clone put beside its claims may be: it may have come here by way of the branch.
        """
        log = self._memory.logs.get(stream)
        if log is None or source.is_shared:
            return lines, log.starts() if log else 0
        present = self._context.store.history.lines_with(stream, {merge.id_of(line) for line in lines} - {""})
        lacking = [line for line in lines if present.get(merge.id_of(line)) != line]
        is_certain = all(merge.id_of(line) and merge.id_of(line) not in present for line in lacking)
        return lacking, log.starts() if is_certain else 0

    def _finished(self, source: Source, lines: Sequence[bytes]) -> None:
        """Claims that another clone has moved to the log of their month."""
        for line in lines:
            content = jsonl.parse_plain(line) or {}
            task = content.get("task_id")
            if ids.is_task(task):
                self.arbiter.take_later(source, Address(CLAIMS, str(task)), line, None)

    # -- documents -----------------------------------------------------------------------------
    def _documents(self, source: Source, document: str, changes: Sequence[Change], old: str) -> None:
        """A document that changed there; what the source had of it before bears on who was first."""
        self.arrivals.documents.add(document)
        before = self._blob_at(old, layout.document_path(document)) or self._blob_at(old, f"{document}.json")
        for change in sorted(changes, key=lambda change: _order(change.path)):
            address = layout.address(change.path)
            assert address is not None  # it was sorted by it
            if change.new is None:
                continue
            blob = self._objects.get(change.new.name, door.MAX_DOCUMENT)
            if blob is None or blob.kind != "blob" or blob.data is None:
                self.arrivals.leave_out(source, [refusal(change.path, f"it has more than {door.MAX_DOCUMENT} bytes")])
                continue
            self.arbiter.take_later(source, address, blob.data, before)
            before = before or blob.data

    def _blob_at(self, tree: str, path: str) -> bytes | None:
        entry = trees.find(self._objects, tree, path) if tree else None
        blob = self._objects.get(entry.name, door.MAX_DOCUMENT) if entry is not None and entry.is_file else None
        return blob.data if blob is not None else None


def _is_of(path: str, stream: str) -> bool:
    address = layout.address(path)
    return address is not None and address.of == stream


def _order(path: str) -> tuple[int, bool, str]:
    address = layout.address(path)
    assert address is not None  # only what has one is sorted
    return (address.segment or _OPEN, not address.is_current if address.is_document else address.is_current, path)
