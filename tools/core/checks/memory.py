"""The memory log's chain: every entry hashes to what it says, and to an entry that is here.

After a merge the chain is a graph, as that of the bus: `hash_prev` may name any entry of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.core.checks import findings
from tools.core.checks.findings import Finding
from tools.core.checks.sources import Tree
from tools.core.errors import DataError
from tools.core.fs import jsonl
from tools.core.models.evidence import MEMORY_FIELDS, MemoryEntry
from tools.core.receipts import memory_log
from tools.core.workspace import MEMORY_LOG


def check(tree: Tree) -> list[Finding]:
    """Everything that is wrong with the memory log; an absent one is fine."""
    try:
        lines = list(tree.lines(MEMORY_LOG))
    except DataError as error:
        return [findings.of("file.unreadable", error.problem_in(MEMORY_LOG))]
    found: list[Finding] = []
    entries: list[tuple[int, jsonl.Line, Mapping[str, object]]] = []
    for number, line in enumerate(lines, 1):
        if line.raw.strip():
            try:
                entries.append((number, line, jsonl.parse(line.raw)))
            except ValueError as problem:
                found.append(findings.make("record.unreadable", MEMORY_LOG, number, str(problem), mark=line.hash))
    return found + list(_entries(entries))


def _entries(entries: list[tuple[int, jsonl.Line, Mapping[str, object]]]) -> Iterator[Finding]:
    from tools.core.models import validate as checks  # only a check pays for it

    known = {entry.get("hash_self") for _, _, entry in entries}
    before: object = None
    for number, line, entry in entries:
        own = entry.get("hash_self")
        for rule, message in _links(entry, known, before):
            yield findings.make(rule, MEMORY_LOG, number, message, mark=line.hash)
        if own:
            for problem in checks.problems(MemoryEntry, entry):
                rule = "record.shape" if problem.pointer[1:] in MEMORY_FIELDS else "record.old"
                text = f"{problem.pointer or '/'}: {problem.reason}"
                yield findings.make(rule, MEMORY_LOG, number, text, mark=line.hash)
        before = own


def _links(entry: Mapping[str, object], known: set[object], before: object) -> Iterator[tuple[str, str]]:
    own, prev = entry.get("hash_self"), entry.get("hash_prev")
    if not own:
        yield "memory.unhashed", "the entry has no hash_self, so nobody can tell whether it was changed"
        return
    if own != memory_log.hash_of(entry):
        yield "memory.chain", "hash_self is not the hash of this entry: it was changed"
    if prev is None and before:
        yield "memory.chain", "hash_prev is null although the entry before has a hash"
    elif prev is not None and prev not in known:
        yield "memory.chain", f"hash_prev {str(prev)[:16]}… is the hash of no entry here: one was changed or removed"
