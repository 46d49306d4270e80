"""A bus against a base: new findings, lost lines of logs, and tasks that another agent holds at the base.

The tip of the base decides who holds a task now. The merge-base decides which lines must still be
here: lines that the base got later are not expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from tools.core import hint
from tools.core.checks import bus, documents, sources
from tools.core.checks.documents import Document
from tools.core.checks.findings import Finding, make_finding
from tools.core.checks.sources import Commit, Live, Tree
from tools.core.context import Context
from tools.core.errors import DataError
from tools.core.fs import jsonl
from tools.core.git import refs
from tools.core.models.bus import CLAIMS, Claim
from tools.core.models.lenient import claim_from
from tools.core.workspace import BUS, MEMORY_LOG

_BETWEEN_LINES = ("record.prev_unknown", "record.duplicate_id", "directive.pointer", "id.case", "claim.duplicate")
"""Rules about relations between lines or files: the base may have the line without the problem."""


class Comparison(NamedTuple):
    """New findings, and the number of those that the base has already."""

    findings: list[Finding]
    existing: int


def compare_with_base(
    repository: str, ours: Tree, our_commit: str, base_ref: str, result: bus.Result, now: datetime
) -> Comparison:
    """The findings of a bus that the base does not have, and those that only a comparison makes."""
    base_commit = refs.require_commit(repository, base_ref)
    common = sources.merge_base(repository, our_commit, base_commit)
    with Commit(repository, base_commit) as base:
        existing = _existing_in(base, result.findings, now)
        tip_claims = _live_claims(base)
        if common is None:
            message = f"{base_ref} has no common history with what is checked; only its claims were compared"
            against_base = [make_finding("base.unrelated", f"{BUS}/", 1, message)]
            unchanged: Mapping[str, str] = {}
        else:
            with Commit(repository, common) as before:
                if common != base_commit:
                    existing |= _existing_in(before, result.findings, now)
                against_base = [lost for name in before.logs for lost in lost_lines(ours, before, name)]
                if not isinstance(ours, Commit) and our_commit != common and not against_base:
                    with Commit(repository, our_commit) as committed:
                        against_base = [lost for name in before.logs for lost in reordered(committed, before, name)]
                unchanged = {task: document.fingerprint for task, document in _claims(before).items()}
    against_base += duplicates(ours, result.claims, tip_claims, unchanged, base_ref)
    new = [finding for finding in result.findings if not finding.fingerprint or _key(finding) not in existing]
    return Comparison([*new, *against_base], len(result.findings) - len(new))


def _key(finding: Finding) -> tuple[str, str, str]:
    return (finding.rule, finding.path, finding.fingerprint)


def _existing_in(commit: Commit, candidates: Iterable[Finding], now: datetime) -> set[tuple[str, str, str]]:
    """The keys of the findings that a commit has too."""
    local = [finding for finding in candidates if finding.fingerprint and finding.rule not in _BETWEEN_LINES]
    fingerprints = _fingerprints_in(commit, local)
    existing = {_key(finding) for finding in local if finding.fingerprint in fingerprints[finding.path]}
    if any(finding.rule in _BETWEEN_LINES for finding in candidates):
        existing |= {_key(finding) for finding in bus.check(commit, now).findings if finding.fingerprint}
    return existing


def _fingerprints_in(commit: Commit, candidates: Iterable[Finding]) -> dict[str, set[str]]:
    """By path, the fingerprints of findings whose line or file a commit has too."""
    by_path: dict[str, set[str]] = {}
    for finding in candidates:
        by_path.setdefault(finding.path, set()).add(finding.fingerprint)
    for path, fingerprints in by_path.items():
        if path.endswith(".jsonl"):
            by_path[path] = {line.hash for line in _lines(commit, path) if line.hash in fingerprints}
        else:
            by_path[path] = {documents.read(commit, path).fingerprint} & fingerprints
    return by_path


def _lines(tree: Tree, path: str) -> Iterator[jsonl.Line]:
    try:
        yield from tree.lines(path)
    except DataError:
        return


# -- logs only grow ----------------------------------------------------------------------------------


def lost_lines(ours: Tree, before: Commit, name: str) -> Iterator[Finding]:
    """The first line of a log that is not here any more; between commits, or not in its old order.

    A live log keeps the order in which lines arrived, which differs between clones. An unfinished
    last line may disappear; one whose newline was added is the same line.
    """
    old_lines = _old_lines(before, name)
    if isinstance(ours, Commit):
        ahead = _lines(ours, name)
        lost = next(((n, old) for n, old in old_lines if not any(line.raw == old.raw for line in ahead)), None)
    else:
        present = {line.hash for line in _lines(ours, name)}
        lost = next(((n, old) for n, old in old_lines if old.hash not in present), None)
    if lost is not None:  # what follows cannot be told apart from it
        yield _lost(ours, before, name, *lost)


def reordered(ours: Commit, before: Commit, name: str) -> Iterator[Finding]:
    """The old lines of a log that a later commit has, but in another order."""
    present = {line.hash for line in _lines(ours, name)}
    ahead = _lines(ours, name)
    for number, old in _old_lines(before, name):
        if old.hash in present and not any(line.raw == old.raw for line in ahead):
            yield _lost(ours, before, name, number, old)
            return  # a reordered line makes every later one look lost


def _old_lines(before: Commit, name: str) -> Iterator[tuple[int, jsonl.Line]]:
    """The lines of a log that must be there later, with their numbers."""
    for number, old in enumerate(_lines(before, name), 1):
        if old.raw.strip() and (old.whole or _is_record(old.raw)) and len(old.raw) <= jsonl.MAX_LINE:
            yield number, old


def lost_memory(context: Context, base_commit: str) -> list[Finding]:
    """The lost lines of the memory log, which stays on code branches when the bus has its own branch."""
    root = context.workspace.root
    common = sources.merge_base(root, refs.require_commit(root, "HEAD"), base_commit)
    if common is None:
        return []
    with Commit(root, common) as before:
        return list(lost_lines(Live(context), before, MEMORY_LOG))


def _lost(ours: Tree, before: Commit, name: str, number: int, old: jsonl.Line) -> Finding:
    fix = hint.tool("maintenance.bus_repair", "--apply")  # appends what is gone, under the lock
    if name == MEMORY_LOG:
        fix = before.restoring(name, keeping=any(True for _ in _lines(ours, name)))
    numbers = [number_now for number_now, line in enumerate(_lines(ours, name), 1) if line.raw == old.raw]
    if numbers:
        text = f"line {number} of the base is line {numbers[0]} now: old lines were reordered"
        return make_finding("record.rewritten", name, numbers[0], text)._replace(fix=fix)
    text = f"line {number} of the base was changed or deleted: {old.raw[:80].decode('utf-8', 'replace')}"
    return make_finding("record.rewritten", name, number, text)._replace(fix=fix)


def _is_record(raw: bytes) -> bool:
    try:
        jsonl.parse(raw)
    except ValueError:
        return False
    return True


# -- holders of tasks ----------------------------------------------------------------------------------


def _claims(tree: Tree) -> dict[str, Document]:
    outcomes = (documents.read(tree, path) for path in tree.names(CLAIMS))
    return {document.task: document for document in outcomes if isinstance(document, Document)}


def _live_claims(tree: Tree) -> dict[str, Claim]:
    """The live claims of a tree by task, in lower case."""
    claims = (claim_from(document.raw, document.task) for document in _claims(tree).values())
    return {claim.task_id.casefold(): claim for claim in claims if claim.is_live}


def duplicates(
    ours: Tree, claims: Mapping[str, Document], base: Mapping[str, Claim], unchanged: Mapping[str, str], base_ref: str
) -> Iterator[Finding]:
    """Tasks with a live claim here and another holder at the tip of the base, without a recorded takeover."""
    suspects: dict[str, tuple[Document, Claim]] = {}
    for document in claims.values():
        claim = claim_from(document.raw, document.task)
        holder = base.get(document.task.casefold())
        if (
            holder
            and claim.is_live
            and holder.agent_id != claim.agent_id
            and unchanged.get(document.task) != document.fingerprint
        ):
            suspects[document.task] = (document, claim)
    takeovers = _takeovers(ours, set(suspects)) if suspects else set()
    for task, (document, claim) in suspects.items():
        holder = base[task.casefold()]
        if (task, claim.agent_id, claim.fence) in takeovers and is_succession(holder, claim):
            continue
        message = (
            f"duplicate claim: {task} is held by {claim.agent_id} here and by {holder.agent_id} at {base_ref}"
            f" ({holder.state} since {holder.claimed_at or 'an unknown time'})"
        )
        yield make_finding("claim.duplicate", document.path, 1, message, task=task)


def is_succession(before: Claim, after: Claim) -> bool:
    """Whether a claim records that it was taken from its holder at the base."""
    return after.fence > before.fence and after.taken_from is not None and after.taken_from.agent_id == before.agent_id


def _takeovers(ours: Tree, tasks: set[str]) -> set[tuple[str, str, int]]:
    """The changes of holder in the event log: task, new holder, fence."""
    takeovers: set[tuple[str, str, int]] = set()
    encoded = [task.encode() for task in tasks]
    for line in _lines(ours, bus.EVENT_LOG):
        if not any(task in line.raw for task in encoded):
            continue
        try:
            record = jsonl.parse(line.raw)
        except ValueError:
            continue
        change = record.get("claim")
        if isinstance(change, dict) and record.get("task_id") in tasks:
            claim = claim_from(change, str(record["task_id"]))
            takeovers.add((claim.task_id, claim.agent_id, claim.fence))
    return takeovers
