"""A whole log in bounded memory: every line, the chain of `prev`, duplicate ids, timestamps that run backwards.

After a merge the chain is a graph: each `prev` must be the hash of some line of the file, and several
lines may be first. A `prev` is usually the hash of the line just before; a second pass searches for
the others. Ids are kept as eight bytes each.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from tools.core import clock
from tools.core.checks.findings import Finding, from_problem, make_finding
from tools.core.checks.lines import ANCIENT, CANONICAL, UNKNOWN, LineContext, Shapes, classify, examine
from tools.core.checks.sources import Tree
from tools.core.errors import DataError
from tools.core.fs import jsonl

Observer = Callable[[int, jsonl.Line, dict[str, Any]], None]
"""Called with the number, the line and the record of every readable line."""

SKEW = timedelta(minutes=5)
"""How far a chained timestamp may run backwards: a command takes the time before it waits for the lock."""


def check(tree: Tree, context: LineContext, shapes: Shapes, observe: Observer | None = None) -> list[Finding]:
    """The findings of one log; none for a log that does not exist."""
    try:
        log = _Log(tree, context, shapes, observe)
        return [*log.scan(), *log.unknown_prevs(), *log.repeated_ids()]
    except DataError as error:
        return [from_problem("file.unreadable", error.problem_in(context.path))]


class _Log:
    def __init__(self, tree: Tree, context: LineContext, shapes: Shapes, observe: Observer | None) -> None:
        self._tree = tree
        self._context = context
        self._shapes = shapes
        self._observe = observe
        self._unmatched: dict[str, list[tuple[int, str]]] = {}
        self._ids = array("q")
        self._numbers = array("L")

    def scan(self) -> Iterator[Finding]:
        """Each line by itself and against the one before; the hot loop of every check."""
        context, shapes, observe, latest = self._context, self._shapes, self._observe, self._context.latest
        before: str | None = ""  # the hash of the line before; None when that line is too long to hash
        stamp = ""  # the last credible timestamp before
        for number, line in enumerate(self._tree.lines(context.path), 1):
            if not line.raw.strip():
                continue
            try:
                record: dict[str, Any] = jsonl.parse(line.raw)
            except ValueError as problem:
                before = line.hash if len(line.raw) <= jsonl.MAX_LINE else None
                yield self._unreadable(line, number, problem)
                continue
            own_hash = line.hash
            form = classify(shapes, line.raw, record)
            ends_in_lf = line.whole and line.end - line.offset - 1 == len(line.raw)
            if form != CANONICAL or not ends_in_lf or not ANCIENT < record["ts"] <= latest:
                is_valid = form != UNKNOWN
                yield from examine(context, line, own_hash, number, record, is_valid=is_valid)
            prev, moment = record.get("prev"), record.get("ts")
            if prev != before and prev and before is not None:
                self._unmatched.setdefault(str(prev), []).append((number, own_hash))
            if isinstance(moment, str):
                if moment < stamp and _runs_back(record, stamp, is_chained=prev == before):
                    message = f"ts {moment} is earlier than {stamp} of the record before"
                    yield make_finding("stamp.backwards", context.path, number, message, fingerprint=own_hash)
                stamp = moment if moment <= latest else ""
            before = own_hash
            self._remember(record.get("id"), number)
            if observe:
                observe(number, line, record)

    def _unreadable(self, line: jsonl.Line, number: int, problem: ValueError) -> Finding:
        path = self._context.path
        if not line.whole:
            return make_finding("record.torn", path, number, f"unfinished last line ({len(line.raw)} bytes)")
        return make_finding("record.unreadable", path, number, str(problem), fingerprint=line.hash)

    def _remember(self, record_id: object, number: int) -> None:
        if record_id and isinstance(record_id, str):
            self._ids.append(hash(record_id))
            self._numbers.append(number)

    def unknown_prevs(self) -> Iterator[Finding]:
        """Records whose `prev` is not the hash of any line."""
        if not self._unmatched:
            return
        for line in self._tree.lines(self._context.path):
            self._unmatched.pop(line.hash, None)
            if not self._unmatched:
                return
        for prev, places in self._unmatched.items():
            for number, fingerprint in places:
                message = f"prev {prev} is not the hash of any line: the line before this one was changed or removed"
                yield make_finding("record.prev_unknown", self._context.path, number, message, fingerprint=fingerprint)

    def repeated_ids(self) -> Iterator[Finding]:
        """Records of one log that share an id."""
        if len(set(self._ids)) == len(self._ids):
            return
        order = sorted(range(len(self._ids)), key=lambda at: (self._ids[at], at))
        for earlier, later in pairwise(order):
            if self._ids[earlier] == self._ids[later]:
                path, first = self._context.path, self._numbers[earlier]
                message = f"{path}:{first} has the same id"
                fingerprint = str(self._ids[later])
                yield make_finding("record.duplicate_id", path, self._numbers[later], message, fingerprint=fingerprint)


def _runs_back(record: dict[str, Any], before: str, *, is_chained: bool) -> bool:
    """Whether a record is earlier than the one before although it was written after it."""
    moment, moment_before = clock.parse(record["ts"]), clock.parse(before)
    if moment is None or moment_before is None:
        return False
    if record.get("prev"):
        return is_chained and moment_before - moment > SKEW  # else two branches were merged here
    return moment < moment_before and not record.get("id")
