"""A bus against a base: logs that only grow, claims that others hold there, and what is new here.

The base's tip says who holds what now. The merge-base says which lines must still be here: what the
base got since then this side cannot have yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from tools.core import hint
from tools.core.checks import bus as bus_check
from tools.core.checks import documents as document_check
from tools.core.checks import findings
from tools.core.checks import sources as bus_tree
from tools.core.checks.documents import Read
from tools.core.checks.findings import Finding
from tools.core.checks.sources import Commit, Folder, Tree
from tools.core.errors import DataError
from tools.core.fs import jsonl
from tools.core.git import refs
from tools.core.models.bus import CLAIMS, Claim
from tools.core.models.lenient import claim_from
from tools.core.workspace import BUS, MEMORY_LOG, Workspace

_BETWEEN_LINES = ("record.prev_unknown", "record.duplicate_id", "directive.pointer", "id.case", "claim.duplicate")
"""Rules that a line or file breaks together with others: that the base has it does not mean it is wrong there."""


class Comparison(NamedTuple):
    """What a comparison with a base found: findings to show, and how many the base has already."""

    findings: list[Finding]
    known: int


def compare(
    repository: str, ours: Tree, our_commit: str, base_ref: str, result: bus_check.Result, now: datetime
) -> Comparison:
    """The findings of a bus that are new against a base, and those that only the base shows."""
    base_commit = refs.require_commit(repository, base_ref)
    common = bus_tree.merge_base(repository, our_commit, base_commit)
    with Commit(repository, base_commit) as base:
        known = _known_in(base, result.findings, now)
        tip_claims = _live_claims(base)
        if common is None:
            message = f"{base_ref} has no common history with what is checked; only its claims were compared"
            found = [findings.make("base.unrelated", f"{BUS}/", 1, message)]
            unchanged: Mapping[str, str] = {}
        else:
            with Commit(repository, common) as before:
                if common != base_commit:
                    known |= _known_in(before, result.findings, now)
                found = [part for name in before.logs for part in rewritten(ours, before, name)]
                unchanged = {task: read.mark for task, read in _claims(before).items()}
    found += duplicates(ours, result.claims, tip_claims, unchanged, base_ref)
    new = [part for part in result.findings if not part.mark or _key(part) not in known]
    return Comparison([*new, *found], len(result.findings) - len(new))


def _key(part: Finding) -> tuple[str, str, str]:
    return (part.rule, part.path, part.mark)


def _known_in(base: Commit, found: Iterable[Finding], now: datetime) -> set[tuple[str, str, str]]:
    """The findings that a commit shows too."""
    alone = [part for part in found if part.mark and part.rule not in _BETWEEN_LINES]
    marks = _marks_in(base, alone)
    known = {_key(part) for part in alone if part.mark in marks[part.path]}
    if any(part.rule in _BETWEEN_LINES for part in found):
        known |= {_key(part) for part in bus_check.check(base, now).findings if part.mark}
    return known


def _marks_in(base: Commit, found: Iterable[Finding]) -> dict[str, set[str]]:
    """By path, the marks of findings whose line or file a commit has too."""
    wanted: dict[str, set[str]] = {}
    for part in found:
        wanted.setdefault(part.path, set()).add(part.mark)
    for path, marks in wanted.items():
        if path.endswith(".jsonl"):
            wanted[path] = {line.hash for line in _lines(base, path) if line.hash in marks}
        else:
            outcome = document_check.read(base, path)
            wanted[path] = {outcome.mark} & marks
    return wanted


def _lines(tree: Tree, path: str) -> Iterator[jsonl.Line]:
    try:
        yield from tree.lines(path)
    except DataError:
        return


# -- logs only grow ----------------------------------------------------------------------------------


def rewritten(ours: Tree, before: Commit, name: str) -> Iterator[Finding]:
    """The old lines of a log that are not here any more in their old order.

    An old last line that was never finished may go; one that got its line end is the same line.
    """
    ahead = _lines(ours, name)
    for number, old in enumerate(_lines(before, name), 1):
        if not old.raw.strip() or (not old.whole and not _is_record(old.raw)):
            continue
        if not any(line.raw == old.raw for line in ahead):
            yield _lost(ours, before, name, number, old)
            return  # what follows cannot be told apart from it


def lost_memory(workspace: Workspace, base_commit: str) -> list[Finding]:
    """The same of the memory log, which code branches carry even where the bus is a branch of its own."""
    common = bus_tree.merge_base(workspace.root, refs.require_commit(workspace.root, "HEAD"), base_commit)
    if common is None:
        return []
    with Commit(workspace.root, common) as before:
        return list(rewritten(Folder(workspace), before, MEMORY_LOG))


def _lost(ours: Tree, before: Commit, name: str, number: int, old: jsonl.Line) -> Finding:
    fix = before.restoring(name, keeping=any(True for _ in _lines(ours, name)))
    if name != MEMORY_LOG:
        fix = fix.then(hint.tool("maintenance.bus_repair", "--apply"))  # brings back what was added since
    places = [at for at, line in enumerate(_lines(ours, name), 1) if line.raw == old.raw]
    if places:
        text = f"line {number} of the base stands at line {places[0]} now: old lines were reordered"
        return findings.make("record.rewritten", name, places[0], text, fix=fix)
    text = f"line {number} of the base was changed or deleted: {old.raw[:80].decode('utf-8', 'replace')}"
    return findings.make("record.rewritten", name, number, text, fix=fix)


def _is_record(raw: bytes) -> bool:
    try:
        jsonl.parse(raw)
    except ValueError:
        return False
    return True


# -- who holds what ----------------------------------------------------------------------------------


def _claims(tree: Tree) -> dict[str, Read]:
    outcomes = (document_check.read(tree, path) for path in tree.names(CLAIMS))
    return {found.task: found for found in outcomes if isinstance(found, Read)}


def _live_claims(tree: Tree) -> dict[str, Claim]:
    """The live claims of a tree by task, in lower case."""
    claims = (claim_from(found.raw, found.task) for found in _claims(tree).values())
    return {claim.task_id.casefold(): claim for claim in claims if claim.is_live}


def duplicates(
    ours: Tree, claims: Mapping[str, Read], base: Mapping[str, Claim], unchanged: Mapping[str, str], base_ref: str
) -> Iterator[Finding]:
    """Claims that are live here and, in other hands, at the base's tip, and were not moved by the rules."""
    suspects: dict[str, tuple[Read, Claim]] = {}
    for found in claims.values():
        claim = claim_from(found.raw, found.task)
        holder = base.get(found.task.casefold())
        if holder and claim.is_live and holder.agent_id != claim.agent_id and unchanged.get(found.task) != found.mark:
            suspects[found.task] = (found, claim)
    moved = _moves(ours, set(suspects)) if suspects else set()
    for task, (found, claim) in suspects.items():
        holder = base[task.casefold()]
        if (task, claim.agent_id, claim.fence) in moved and is_succession(holder, claim):
            continue
        message = (
            f"duplicate claim: {task} is held by {claim.agent_id} here and by {holder.agent_id} at {base_ref}"
            f" ({holder.state} since {holder.claimed_at or 'an unknown time'})"
        )
        yield findings.make("claim.duplicate", found.path, 1, message, task=task)


def is_succession(before: Claim, after: Claim) -> bool:
    """Whether a claim says itself that it was taken from its holder at the base."""
    return after.fence > before.fence and after.taken_from is not None and after.taken_from.agent_id == before.agent_id


def _moves(ours: Tree, tasks: set[str]) -> set[tuple[str, str, int]]:
    """The changes of holders that the event log tells of: task, new holder, fence."""
    found: set[tuple[str, str, int]] = set()
    marks = [task.encode() for task in tasks]
    for line in _lines(ours, bus_check.EVENT_LOG):
        if not any(mark in line.raw for mark in marks):
            continue
        try:
            record = jsonl.parse(line.raw)
        except ValueError:
            continue
        told = record.get("claim")
        if isinstance(told, dict) and record.get("task_id") in tasks:
            claim = claim_from(told, str(record["task_id"]))
            found.add((claim.task_id, claim.agent_id, claim.fence))
    return found
