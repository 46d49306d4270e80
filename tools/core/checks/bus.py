"""A whole bus: every log and document, ids across files, and a pointer for every directive."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import ids
from tools.core.checks import documents as document_check
from tools.core.checks import findings
from tools.core.checks import lines as line_checks
from tools.core.checks import logs as log_check
from tools.core.checks.documents import Read
from tools.core.checks.findings import Finding
from tools.core.checks.lines import Context, Shapes
from tools.core.checks.sources import Tree
from tools.core.fs import jsonl
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES, Claim, Event, Message
from tools.core.models.lenient import claim_from
from tools.core.workspace import BUS

_DIRECTIVE = re.compile(rf"{ids.COORDINATION_PREFIX}[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*", re.IGNORECASE)
HUB_LOG = f"{BUS}/{MESSAGES}/{ids.HUB}.jsonl"
EVENT_LOG = f"{BUS}/{EVENTS}/{EVENTS}.jsonl"


class Result(NamedTuple):
    """What was found in a bus, and its claims as they were read."""

    findings: list[Finding]
    claims: dict[str, Read]


def check(tree: Tree, now: datetime) -> Result:
    """Everything that is wrong with a bus by itself, whatever came before it."""
    latest = line_checks.latest_text(now)
    found = log_check.check(tree, Context(EVENT_LOG, Event, "", latest), Shapes(Event))
    found += _check_threads(tree, latest)
    claims, wrong = _documents(tree, CLAIMS, document_check.check_claim, latest)
    _, more = _documents(tree, ASSIGNMENTS, document_check.check_assignment, latest)
    found += [*wrong, *more, *_names_in_cases(tree), *duplicate_claims(claims.values())]
    return Result(found, claims)


def _documents(
    tree: Tree, folder: str, rules: Callable[[Read, str], Iterator[Finding]], latest: str
) -> tuple[dict[str, Read], list[Finding]]:
    read: dict[str, Read] = {}
    found: list[Finding] = []
    for path in tree.names(folder):
        if path.endswith("/README.md"):
            continue
        outcome = document_check.read(tree, path)
        if isinstance(outcome, Finding):
            found.append(outcome)
        else:
            read[outcome.task] = outcome
            found += rules(outcome, latest)
    return read, found


# -- messages ----------------------------------------------------------------------------------------


def _check_threads(tree: Tree, latest: str) -> list[Finding]:
    shapes, copies, pointers = Shapes(Message), _Copies(), _Pointers()
    found: list[Finding] = []
    for path in tree.names(MESSAGES):
        if not path.endswith(".jsonl"):
            continue
        thread = path.rpartition("/")[2].removesuffix(".jsonl")
        if not ids.is_task(thread):
            found.append(findings.make("file.name", path, 1, "the file name is not <task id>.jsonl"))

        def observe(number: int, line: jsonl.Line, record: dict[str, Any], path: str = path) -> None:
            copies.see(path, number, line, record)
            pointers.see(path, number, record, line)

        found += log_check.check(tree, Context(path, Message, thread, latest), shapes, observe)
    return [*found, *copies.findings, *pointers.findings()]


class _Copies:
    """Ids across threads: a message and its inbox copy are one, anything else under one id is not."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, int, int]] = {}
        self.findings: list[Finding] = []

    def see(self, path: str, number: int, line: jsonl.Line, record: dict[str, Any]) -> None:
        record_id = record.get("id")
        if not isinstance(record_id, str) or not record_id:
            return
        content = hash(json.dumps({key: value for key, value in record.items() if key != "prev"}, sort_keys=True))
        first, at, before = self._seen.setdefault(hash(record_id), (path, number, content))
        if first != path and content != before:
            message = f"the id {record_id} is that of another message, {first}:{at}"
            self.findings.append(findings.make("record.duplicate_id", path, number, message, mark=line.hash))


class _Pointers:
    """Directives in `BUS-COORD-…` threads, and what the hub says of them."""

    def __init__(self) -> None:
        self._directives: dict[str, tuple[str, int, str]] = {}
        self._named: set[str] = set()

    def see(self, path: str, number: int, record: dict[str, Any], line: jsonl.Line) -> None:
        thread = path.rpartition("/")[2].removesuffix(".jsonl")
        if path == HUB_LOG:
            meta = record.get("meta")
            if isinstance(meta, dict) and isinstance(meta.get("directive"), str):
                self._named.add(meta["directive"].casefold())
            elif not record.get("id"):  # before there were pointers, a mention was one
                self._named.update(name.casefold() for name in _DIRECTIVE.findall(line.raw.decode("utf-8", "replace")))
        elif thread.casefold().startswith(ids.COORDINATION_PREFIX.casefold()):
            self._directives.setdefault(thread, (path, number, line.hash))

    def findings(self) -> Iterator[Finding]:
        """Directives that the hub does not point to."""
        for task, (path, number, mark) in self._directives.items():
            if task.casefold() not in self._named:
                message = f"the hub has no pointer to {task}"
                yield findings.make("directive.pointer", path, number, message, task=task, mark=mark)


# -- across documents --------------------------------------------------------------------------------


def _names_in_cases(tree: Tree) -> Iterator[Finding]:
    """Ids that some file systems would make one file."""
    for folder in (CLAIMS, ASSIGNMENTS, MESSAGES):
        first: dict[str, str] = {}
        for path in tree.names(folder):
            other = first.setdefault(path.casefold(), path)
            if other != path:
                yield findings.make("id.case", path, 1, f"differs only in case from {other}", mark=other)


def duplicate_claims(claims: Iterable[Read]) -> Iterator[Finding]:
    """Two live claims with different holders on one task, whatever the case of its id."""
    live: dict[str, tuple[Read, Claim]] = {}
    for found in claims:
        claim = claim_from(found.raw, found.task)
        named = found.raw.get("task_id")
        if not claim.is_live:
            continue
        for name in {found.task.casefold(), named.casefold() if isinstance(named, str) else found.task.casefold()}:
            other, holder = live.setdefault(name, (found, claim))
            if holder.agent_id != claim.agent_id:
                message = (
                    f"duplicate claim: {claim.task_id} is held by {claim.agent_id} here"
                    f" and by {holder.agent_id} in {other.path}"
                )
                yield findings.make("claim.duplicate", found.path, 1, message, task=claim.task_id, mark=found.mark)
