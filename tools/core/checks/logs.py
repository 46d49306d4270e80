"""A whole log in bounded memory: every line, the chain of `prev`, ids that come twice, time that runs back.

After a merge the chain is a graph: each `prev` must be the hash of some line of the file, and there
may be several first lines. Usually it is the line just before; only what is not is looked for in a
second pass. Ids are kept as eight bytes each.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from tools.core import clock
from tools.core.checks import findings
from tools.core.checks import lines as line_checks
from tools.core.checks.findings import Finding
from tools.core.checks.lines import Context, Shapes
from tools.core.checks.sources import Tree
from tools.core.errors import DataError
from tools.core.fs import jsonl

Observer = Callable[[int, jsonl.Line, dict[str, Any]], None]
"""Is shown every record with its line number."""

_ANCIENT = line_checks.ANCIENT
SKEW = timedelta(minutes=5)
"""How far a chained stamp may run back: a command takes its moment before it waits for the lock."""


def check(tree: Tree, context: Context, shapes: Shapes, observe: Observer | None = None) -> list[Finding]:
    """Everything that is wrong with one log; an absent one is fine."""
    try:
        log = _Log(tree, context, shapes, observe)
        return [*log.scan(), *log.unknown_prevs(), *log.repeated_ids()]
    except DataError as error:
        return [findings.of("file.unreadable", error.problem_in(context.path))]


class _Log:
    def __init__(self, tree: Tree, context: Context, shapes: Shapes, observe: Observer | None) -> None:
        self._tree = tree
        self._context = context
        self._shapes = shapes
        self._observe = observe
        self._waiting: dict[str, list[tuple[int, str]]] = {}
        self._ids = array("q")
        self._numbers = array("L")

    def scan(self) -> Iterator[Finding]:
        """Every line by itself and against the one before; the hot loop of every check."""
        context, shapes, observe, latest = self._context, self._shapes, self._observe, self._context.latest
        before: str | None = ""  # the hash of the line before; None where that cannot be told
        stamp = ""  # the last credible one before
        for number, line in enumerate(self._tree.lines(context.path), 1):
            if not line.raw.strip():
                continue
            try:
                record: dict[str, Any] = jsonl.parse(line.raw)
            except ValueError as problem:
                before = line.hash if len(line.raw) <= jsonl.MAX_LINE else None
                yield self._unreadable(line, number, problem)
                continue
            found = line.hash
            verdict = line_checks.judge(shapes, line.raw, record)
            is_plain = line.whole and line.end - line.offset - 1 == len(line.raw)  # no CR before the line end
            if verdict != line_checks.AS_WRITTEN or not is_plain or not _ANCIENT < record["ts"] <= latest:
                is_valid = verdict != line_checks.UNSURE
                yield from line_checks.examine(context, line, found, number, record, is_valid=is_valid)
            prev, moment = record.get("prev"), record.get("ts")
            if prev != before and prev and before is not None:
                self._waiting.setdefault(str(prev), []).append((number, found))
            if isinstance(moment, str):
                if moment < stamp and _runs_back(record, stamp, prev == before):
                    message = f"ts {moment} is earlier than {stamp} of the record before"
                    yield findings.make("stamp.backwards", context.path, number, message, mark=found)
                stamp = moment if moment <= latest else ""
            before = found
            self._remember(record.get("id"), number)
            if observe:
                observe(number, line, record)

    def _unreadable(self, line: jsonl.Line, number: int, problem: ValueError) -> Finding:
        path = self._context.path
        if not line.whole:
            return findings.make("record.torn", path, number, f"unfinished last line ({len(line.raw)} bytes)")
        return findings.make("record.unreadable", path, number, str(problem), mark=line.hash)

    def _remember(self, record_id: object, number: int) -> None:
        if record_id and isinstance(record_id, str):
            self._ids.append(hash(record_id))
            self._numbers.append(number)

    def unknown_prevs(self) -> Iterator[Finding]:
        """Records whose `prev` is the hash of no line at all."""
        if not self._waiting:
            return
        for line in self._tree.lines(self._context.path):
            self._waiting.pop(line.hash, None)
            if not self._waiting:
                return
        for prev, places in self._waiting.items():
            for number, mark in places:
                message = f"prev {prev} is the hash of no line here: the line before this one was changed or removed"
                yield findings.make("record.prev_unknown", self._context.path, number, message, mark=mark)

    def repeated_ids(self) -> Iterator[Finding]:
        """Records of one log that share an id."""
        if len(set(self._ids)) == len(self._ids):
            return
        order = sorted(range(len(self._ids)), key=lambda at: (self._ids[at], at))
        for one, other in pairwise(order):
            if self._ids[one] == self._ids[other]:
                path, first = self._context.path, self._numbers[one]
                message = f"the id of this record is that of {path}:{first} too"
                mark = str(self._ids[other])
                yield findings.make("record.duplicate_id", path, self._numbers[other], message, mark=mark)


def _runs_back(record: dict[str, Any], before: str, chained: bool) -> bool:
    """Whether time runs back from the record before, where the two were written one after the other."""
    one, other = clock.parse(record["ts"]), clock.parse(before)
    if one is None or other is None:
        return False
    if record.get("prev"):
        return chained and other - one > SKEW  # else two branches were merged here
    return one < other and not record.get("id")
