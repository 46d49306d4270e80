"""The files of a bus as a checker reads them: from the store, or from a commit through one git process.

A bus is a folder `_bus/` in a code branch, or a branch of its own with its folders at the top. Names
here are always relative to a checkout: `_bus/…`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Protocol

from tools.core import hint, ids
from tools.core.context import Context
from tools.core.errors import DataError, SetupError
from tools.core.fs import files, jsonl
from tools.core.git import objects, refs, repository
from tools.core.git.objects import Entry
from tools.core.hint import Hint
from tools.core.models.bus import CLAIMS, EVENTS, MESSAGES
from tools.core.models.lenient import claim_from, text_of
from tools.core.problem import Problem
from tools.core.store import layout
from tools.core.store.addresses import name_at
from tools.core.store.layout import Address
from tools.core.workspace import BUS, MEMORY_LOG


class Tree(Protocol):
    """Files by their names relative to a checkout."""

    def names(self, folder: str) -> list[str]:
        """The names of the files in one folder of the bus, sorted."""

    def lines(self, name: str) -> Iterator[jsonl.Line]:
        """The lines of a log, none when it does not exist; DataError for something else than a file."""

    def document(self, name: str) -> bytes | None:
        """A whole file, None when it does not exist; DataError when it is not a file or is too large."""


class Live:
    """The live bus, and the files of the checkout beside it."""

    def __init__(self, context: Context) -> None:
        self._workspace = context.workspace
        self._store = context.store

    def names(self, folder: str) -> list[str]:
        """See Tree."""
        if folder == EVENTS:
            return [self._store.where(EVENTS)]
        addresses = [self._store.where(f"{folder}/{name}") for name in self._store.names(folder)]
        return sorted([*addresses, *self._store.strays(folder)])

    def lines(self, name: str) -> Iterator[jsonl.Line]:
        """See Tree."""
        inside = name_at(name)
        return self._store.lines(inside) if inside else jsonl.lines(self._workspace.in_root(name))

    def document(self, name: str) -> bytes | None:
        """See Tree."""
        inside = name_at(name)
        return self._store.content(inside) if inside else files.read_bytes(self._workspace.in_root(name))


class Commit:
    """A commit of a branch with a bus; a context manager."""

    def __init__(self, folder: str, commit: str) -> None:
        self.commit = commit
        self._listed = _listing(folder, commit)
        self._objects = objects.Reader(folder)
        self._moved: dict[str, bytes] | None = None

    def __enter__(self) -> Commit:
        return self

    def __exit__(self, *_: object) -> None:
        self._objects.__exit__()

    @property
    def logs(self) -> Mapping[str, str]:
        """The append-only logs by name, with their object ids: those of the bus, and the memory log."""
        return {
            name: " ".join(entry.name for entry in parts)
            for name, parts in self._listed.items()
            if name == MEMORY_LOG or (name.startswith(_LOGS) and name.endswith(".jsonl"))
        }

    def restoring(self, name: str, *, keeping: bool) -> Hint:
        """The git commands that put a file of code back as it was; `keeping` commits first what it is now."""
        restore = hint.git("checkout", self.commit[:12], "--", name)
        keep = hint.git("commit", "--allow-empty", "-m", "Keep before restoring", "--", name)
        return keep.then(restore) if keeping else restore

    def names(self, folder: str) -> list[str]:
        """See Tree."""
        top = f"{BUS}/{folder}/"
        names = {name for name in self._listed if name.startswith(top) and "/" not in name[len(top) :]}
        return sorted(names | self._finished().keys() if folder == CLAIMS else names)

    def lines(self, name: str) -> Iterator[jsonl.Line]:
        """See Tree."""
        with closing(self._blocks(name)) as blocks:
            yield from jsonl.split(blocks)

    def _blocks(self, name: str) -> Generator[bytes, None, None]:
        """The bytes of a log, piece after piece."""
        for entry in self._files(name):
            with closing(self._objects.blocks(entry.name)) as blocks:
                yield from blocks

    def document(self, name: str) -> bytes | None:
        """See Tree."""
        entries = self._files(name)
        if not entries:
            return self._finished().get(name) if name.startswith(f"{BUS}/{CLAIMS}/") else None
        content_blocks, size = [], 0
        with closing(self._objects.blocks(entries[0].name)) as blocks:
            for block in blocks:
                size += len(block)
                if size > files.MAX_DOCUMENT:
                    raise DataError(Problem(name, 1, f"more than {files.MAX_DOCUMENT} bytes", "file.size"))
                content_blocks.append(block)
        return b"".join(content_blocks)

    def _finished(self) -> dict[str, bytes]:
        """By the names of their files, the claims that are long over: they lie in the logs of their months."""
        if self._moved is None:
            self._moved = {}
            fences: dict[str, int] = {}
            for log in sorted(name for name in self._listed if name.startswith(f"{BUS}/{layout.FINISHED}/")):
                for line in self.lines(log):
                    content = jsonl.parse_plain(line.raw) or {}
                    task = text_of(content.get("task_id"))
                    fence = claim_from(content, task).fence
                    if ids.is_task(task) and fence >= fences.get(task, 0):
                        fences[task], self._moved[f"{BUS}/{CLAIMS}/{task}.json"] = fence, line.raw
        return self._moved

    def _files(self, name: str) -> list[Entry]:
        entries = self._listed.get(name, [])
        if not all(entry.is_file for entry in entries):
            raise DataError(Problem(name, 1, "a link stands where the bus needs a file", "file.kind"))
        return entries


_LOGS = (f"{BUS}/{EVENTS}/", f"{BUS}/{MESSAGES}/")


def _listing(folder: str, commit: str) -> dict[str, list[Entry]]:
    """By the name a file has below a checkout's root, what it is made of: a log may lie in pieces."""
    listed = objects.tree(folder, commit)
    is_code = any(name.startswith(f"{BUS}/") for name in listed)
    named: dict[str, list[Entry]] = {name: [entry] for name, entry in listed.items()}
    for name in sorted(listed, key=_order):
        address = layout.address(name.removeprefix(f"{BUS}/"))
        if address is None or name.startswith(f"{BUS}/") != is_code:
            continue
        named.pop(name)
        pieces = named.setdefault(f"{BUS}/{_live_name(address)}", [])
        if not address.is_document or not pieces:
            pieces.append(listed[name])
    return named


def _order(name: str) -> tuple[int, bool, str]:
    """The pieces of a log in their order; of two places of a document this layout's first."""
    address = layout.address(name.removeprefix(f"{BUS}/"))
    return (0, False, name) if address is None else (address.segment or 1 << 30, not address.is_current, name)


def _live_name(address: Address) -> str:
    if address.is_document:
        return f"{address.of}.json"
    return f"{EVENTS}/{EVENTS}.jsonl" if address.kind == EVENTS else f"{address.of}.jsonl"


def merge_base(folder: str, ours: str, base: str) -> str | None:
    """The merge-base of two commits; None for unrelated histories; SetupError where the clone is too shallow."""
    common = refs.merge_base(folder, ours, base)
    if not common and repository.is_shallow(folder):
        raise SetupError(
            "this clone is too shallow to compare with the base",
            code="git.shallow",
            hint=hint.git("fetch", "--unshallow", "origin"),
        )
    return common or None
