"""The hash chain of the memory log: each entry has its own hash, and names the hash of an entry of the file.

After a merge the chain is a graph, as in the logs of the bus: `hash_prev` may name any entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.core.checks.findings import Finding, from_problem, make_finding
from tools.core.checks.sources import Tree
from tools.core.errors import DataError
from tools.core.fs import jsonl
from tools.core.models.evidence import MEMORY_FIELDS, MemoryEntry
from tools.core.receipts import memory_log
from tools.core.workspace import MEMORY_LOG


def check(tree: Tree) -> list[Finding]:
    """The findings of the memory log; none where it does not exist."""
    try:
        lines = list(tree.lines(MEMORY_LOG))
    except DataError as error:
        return [from_problem("file.unreadable", error.problem_in(MEMORY_LOG))]
    unreadable: list[Finding] = []
    entries: list[tuple[int, jsonl.Line, Mapping[str, object]]] = []
    for number, line in enumerate(lines, 1):
        if line.raw.strip():
            try:
                entries.append((number, line, jsonl.parse(line.raw)))
            except ValueError as problem:
                unreadable.append(
                    make_finding("record.unreadable", MEMORY_LOG, number, str(problem), fingerprint=line.hash)
                )
    return unreadable + list(_entries(entries))


def _entries(entries: list[tuple[int, jsonl.Line, Mapping[str, object]]]) -> Iterator[Finding]:
    from tools.core.models import validate  # pydantic: only a check loads it

    hashes = {entry.get("hash_self") for _, _, entry in entries}
    before: object = None
    for number, line, entry in entries:
        own = entry.get("hash_self")
        for rule, message in _links(entry, hashes, before):
            yield make_finding(rule, MEMORY_LOG, number, message, fingerprint=line.hash)
        if own:
            for problem in validate.problems(MemoryEntry, entry):
                rule = "record.shape" if problem.pointer[1:] in MEMORY_FIELDS else "record.old"
                text = f"{problem.pointer or '/'}: {problem.reason}"
                yield make_finding(rule, MEMORY_LOG, number, text, fingerprint=line.hash)
        before = own


def _links(entry: Mapping[str, object], hashes: set[object], before: object) -> Iterator[tuple[str, str]]:
    own, prev = entry.get("hash_self"), entry.get("hash_prev")
    if not own:
        yield "memory.unhashed", "the entry has no hash_self, so a change cannot be detected"
        return
    if own != memory_log.hash_of(entry):
        yield "memory.chain", "hash_self is not the hash of this entry: it was changed"
    if prev is None and before:
        yield "memory.chain", "hash_prev is null although the entry before has a hash"
    elif prev is not None and prev not in hashes:
        yield "memory.chain", f"hash_prev {str(prev)[:16]}… is not the hash of any entry: one was changed or removed"
