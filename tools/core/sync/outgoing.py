"""What the live bus sends: commits built of the tree that is there, its new records added, all else as it is.

The remote's lines come first in a committed log, so that no line of any clone's history ever moves.
Commits of people are never part of what is pushed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from tools.core import templates
from tools.core.context import Context
from tools.core.fs import files
from tools.core.git import trees
from tools.core.git.objects import Entry
from tools.core.git.packs import Objects
from tools.core.git.trees import FILE
from tools.core.models.bus import EVENTS
from tools.core.store import layout, merge, signpost
from tools.core.sync import door, finished, tree_format
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.live import Lacking
from tools.core.sync.tree_format import object_of

Edits = dict[str, Entry | None]


class Builder:
    """Builds trees and commits of the bus; what it makes is written by `Objects.write`."""

    def __init__(
        self, context: Context, agent: str, carrier: Carrier, objects: Objects, who: Mapping[str, str]
    ) -> None:
        self._context = context
        self._agent = agent
        self._carrier = carrier
        self._objects = objects
        self._who = who
        self.is_on_branch = False
        """Whether the branch is to say that confirmed operations swap it, and no ref of their own."""

        self._months: dict[str, frozenset[bytes]] = {}
        self.differing: set[str] = set()
        """The documents that the tree has otherwise or not."""

    def commit(self, top: str, parents: Iterable[str], lacking: Lacking, like: str) -> str:
        """A commit of the top's tree with what it lacks; the only parent itself when it lacks nothing."""
        whole = self._objects.tree_of(top) if top else ""
        prefix = self._carrier.prefix
        bus = trees.find(self._objects, whole, prefix.rstrip("/")) if prefix and whole else None
        tree = whole if not prefix else bus.name if bus is not None and bus.is_folder else ""
        edits = self._edits(tree, lacking, like) | self._signpost(tree, like)
        if edits and self._carrier.is_own and self._is_current(tree):
            edits |= self._moved(tree, finished.folder_of(top), lacking, like)
        if edits:
            below = {f"{prefix}{path}": entry for path, entry in edits.items()}
            whole = trees.edited(self._objects, whole, below, like)
        parents = list(dict.fromkeys(parent for parent in parents if parent))
        if len(parents) == 1 and whole == self._objects.tree_of(parents[0]):
            return parents[0]
        return self._made(whole, parents)

    def lent(self, theirs: str, lacking: Lacking, like: str) -> str:
        """A commit without parents of what the shared branch lacks, and nothing else."""
        tree = self._objects.tree_of(theirs) if theirs else ""
        edits: Edits = {layout.FORMAT_FILE: self._blob(files.dump_json(self._format), like)}
        for stream, lines in lacking.lines.items():
            edits[layout.log_path(stream)] = self._blob(_log(lines), like)
        edits |= {path: entry for path, entry in self._documents(tree, lacking, like).items() if entry is not None}
        return self._made(trees.edited(self._objects, "", edits, like), [])

    def _made(self, tree: str, parents: Iterable[str]) -> str:
        stamp = f"{int(self._context.now.timestamp())} +0000"
        who = {**self._who, "GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        return self._objects.add_commit(tree, parents, f"Bus of {self._agent}", who)

    def _blob(self, data: bytes, like: str) -> Entry:
        return Entry(FILE, self._objects.add("blob", data, like))

    # -- what differs --------------------------------------------------------------------------
    def _edits(self, tree: str, lacking: Lacking, like: str) -> Edits:
        edits = self._documents(tree, lacking, like)
        if self._carrier.is_own:
            if (lacking.lines or edits) and not self._is_current(tree):
                edits = {
                    **self._turned(tree, like),
                    **edits,
                    layout.FORMAT_FILE: self._blob(files.dump_json(self._format), like),
                }
            for stream, lines in lacking.lines.items():
                edits |= self._segments(tree, stream, lines, like)
        else:
            for stream, lines in lacking.lines.items():
                path = _plain_log(stream)
                edits[path] = self._blob(merge.union(self._bytes(tree, path) or b"") + _log(lines), like)
        return edits

    def _signpost(self, tree: str, like: str) -> Edits:
        """Where the bus is, when it moved since the tree was made."""
        here = files.read_bytes(self._context.workspace.signpost)
        name = os.path.basename(self._context.workspace.signpost.name)
        if here is None or signpost.since(here) <= signpost.since(self._bytes(tree, name)):
            return {}
        return {name: self._blob(here, like)}

    def _is_current(self, tree: str) -> bool:
        present = tree_format.content_of(self._objects, tree)
        return present.items() >= self._format.items()

    @property
    def _format(self) -> dict[str, object]:
        return tree_format.content(on_branch=self.is_on_branch)

    def _documents(self, tree: str, lacking: Lacking, like: str) -> Edits:
        edits: Edits = {}
        for name, data in lacking.documents.items():
            content = object_of(data, name)
            if content is None:
                continue  # damaged here: what git has stays
            path, plain = layout.document_path(name), f"{name}.json"
            if not self._carrier.is_own:
                path = plain
            present = self._bytes(tree, path)
            if present is None and self._is_in_its_month(tree, name, content):
                continue
            if present != data and (present is None or object_of(present, name) != content):
                edits[path] = self._blob(data, like)
                self.differing.add(name)
            if path != plain and trees.find(self._objects, tree, plain) is not None:
                edits[plain] = None
        return edits

    def _moved(self, tree: str, folder: str, lacking: Lacking, like: str) -> Edits:
        """The claims of one folder that are long over, moved to the logs of their months."""
        entry = trees.find(self._objects, tree, folder) if tree else None
        names = trees.entries(self._objects, entry.name) if entry is not None and entry.is_folder else {}
        edits: Edits = {}
        lines: dict[str, list[bytes]] = {}
        for path in (f"{folder}/{name}" for name in sorted(names)):
            claim = finished.claim_in(path, self._bytes(tree, path))
            if claim is None or claim[0] in lacking.documents:
                continue
            stream = finished.stream_of(*claim)
            if stream and finished.is_due(claim[1], self._context.now):
                edits[path] = None
                lines.setdefault(stream, []).append(finished.line_of(claim[1]))
        for stream, more in lines.items():
            present = self._lines_of(tree, stream)
            edits |= self._segments(tree, stream, [line for line in more if line not in present], like)
        return edits

    def _is_in_its_month(self, tree: str, name: str, content: Mapping[str, object]) -> bool:
        """Whether a document has moved to the log of its month, as it is."""
        stream = finished.stream_of(name, content) if self._carrier.is_own else ""
        return bool(stream) and finished.line_of(content) in self._lines_of(tree, stream)

    def _lines_of(self, tree: str, stream: str) -> frozenset[bytes]:
        if stream not in self._months:
            path = layout.log_path(stream)
            folder = trees.find(self._objects, tree, path.removesuffix(".jsonl")) if tree else None
            closed = trees.entries(self._objects, folder.name) if folder is not None and folder.is_folder else {}
            paths = [*(f"{path.removesuffix('.jsonl')}/{name}" for name in sorted(closed)), path]
            self._months[stream] = frozenset(
                line for each in paths for line in merge.lines_of(self._bytes(tree, each) or b"")
            )
        return self._months[stream]

    def _segments(self, tree: str, stream: str, lines: Iterable[bytes], like: str) -> Edits:
        """The end of a log with lines behind it, cut where it has grown long."""
        path, plain = layout.log_path(stream), _plain_log(stream)
        edits: Edits = {}
        data = merge.union(self._bytes(tree, path) or b"")
        if plain != path and (old := self._bytes(tree, plain)) is not None:
            data, edits[plain] = merge.union(old, data), None
        closed, rest = layout.cut(data + _log(lines))
        last = self._last_number(tree, path.removesuffix(".jsonl"))
        for number, segment in enumerate(closed, last + 1):
            edits[layout.segment_path(stream, number)] = self._blob(segment, like)
        edits[path] = self._blob(rest, like)
        return edits

    def _last_number(self, tree: str, folder: str) -> int:
        entry = trees.find(self._objects, tree, folder) if tree else None
        names = trees.entries(self._objects, entry.name) if entry is not None and entry.is_folder else {}
        numbers = [layout.address(f"{folder}/{name}") for name in names]
        return max((number.segment for number in numbers if number is not None), default=0)

    def _turned(self, tree: str, like: str) -> Edits:
        """The files of a tree of before, put where this layout has them, and what else a bus has in it."""
        present = trees.entries(self._objects, tree)
        own = templates.bus_files()
        edits: Edits = {name: self._blob(data, like) for name, data in own.items() if name not in present}
        for change in trees.changes(self._objects, "", tree, layout.is_entered):
            address, entry = layout.address(change.path), change.new
            if entry is None or address is None or door.name_reason(change.path, entry):
                continue
            if address.is_document and not address.is_current:
                edits[change.path] = None
                edits.setdefault(layout.document_path(address.of), entry)
            elif not address.is_document and not address.segment:
                blob = self._objects.get(entry.name, door.MAX_LOG)
                if not address.is_current or (blob is not None and blob.size > layout.SEGMENT):
                    edits |= self._segments(tree, address.of, (), like)
        return edits

    def _bytes(self, tree: str, path: str) -> bytes | None:
        entry = trees.find(self._objects, tree, path) if tree else None
        if entry is None or entry.mode != FILE:
            return None
        blob = self._objects.get(entry.name, door.MAX_LOG)
        return blob.data if blob is not None and blob.kind == "blob" else None


def identity(agent: str, settings: Mapping[str, str]) -> dict[str, str]:
    """git's variables for who commits: the agent, unless the repository's settings name a committer."""
    name = settings.get("bus.name") or agent
    mail = settings.get("bus.email") or f"{agent}@bus.invalid"
    return {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": mail,
    }


def _plain_log(stream: str) -> str:
    return layout.log_path(stream) if stream == EVENTS else f"{stream}.jsonl"


def _log(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
