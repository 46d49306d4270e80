"""A whole bus: every log and document, ids across files, and a pointer for every directive."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import ids
from tools.core.checks import documents, lines, logs
from tools.core.checks.documents import Document
from tools.core.checks.findings import Finding, make_finding
from tools.core.checks.lines import LineContext, Shapes
from tools.core.checks.sources import Tree
from tools.core.fs import jsonl
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES, Claim, Event, Message, stream_of
from tools.core.models.lenient import claim_from
from tools.core.store.addresses import address_of

_DIRECTIVE = re.compile(rf"{ids.COORDINATION_PREFIX}[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*", re.IGNORECASE)
HUB_LOG = address_of(stream_of(ids.HUB))
EVENT_LOG = address_of(EVENTS)


class Result(NamedTuple):
    """The findings of a bus, and its claims by task."""

    findings: list[Finding]
    claims: dict[str, Document]


def check(tree: Tree, now: datetime) -> Result:
    """The findings of a bus by itself, without a base."""
    latest = lines.latest_text(now)
    listed = logs.check(tree, LineContext(EVENT_LOG, Event, "", latest), Shapes(Event))
    listed += _check_threads(tree, latest)
    claims, claim_findings = _documents(tree, CLAIMS, documents.check_claim, latest)
    _, assignment_findings = _documents(tree, ASSIGNMENTS, documents.check_assignment, latest)
    listed += [*claim_findings, *assignment_findings, *_names_in_cases(tree), *duplicate_claims(claims.values())]
    return Result(listed, claims)


def _documents(
    tree: Tree, folder: str, rules: Callable[[Document, str], Iterator[Finding]], latest: str
) -> tuple[dict[str, Document], list[Finding]]:
    by_task: dict[str, Document] = {}
    listed: list[Finding] = []
    for path in tree.names(folder):
        if path.endswith("/README.md"):
            continue
        outcome = documents.read(tree, path)
        if isinstance(outcome, Finding):
            listed.append(outcome)
        else:
            by_task[outcome.task] = outcome
            listed += rules(outcome, latest)
    return by_task, listed


# -- messages ----------------------------------------------------------------------------------------


def _check_threads(tree: Tree, latest: str) -> list[Finding]:
    shapes, copies, pointers = Shapes(Message), _Copies(), _Pointers()
    listed: list[Finding] = []
    for path in tree.names(MESSAGES):
        if not path.endswith(".jsonl"):
            continue
        thread = path.rpartition("/")[2].removesuffix(".jsonl")
        if not ids.is_task(thread):
            listed.append(make_finding("file.name", path, 1, "the file name is not <task id>.jsonl"))

        def observe(number: int, line: jsonl.Line, record: dict[str, Any], path: str = path) -> None:
            copies.see(path, number, line, record)
            pointers.see(path, number, record, line)

        listed += logs.check(tree, LineContext(path, Message, thread, latest), shapes, observe)
    return [*listed, *copies.findings, *pointers.findings()]


class _Copies:
    """Ids across threads: a message and its inbox copy share an id; two different messages must not."""

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
            message = f"another message has the id {record_id}: {first}:{at}"
            self.findings.append(make_finding("record.duplicate_id", path, number, message, fingerprint=line.hash))


class _Pointers:
    """Directives in `BUS-COORD-…` threads, and the hub's pointers to them."""

    def __init__(self) -> None:
        self._directives: dict[str, tuple[str, int, str]] = {}
        self._targets: set[str] = set()

    def see(self, path: str, number: int, record: dict[str, Any], line: jsonl.Line) -> None:
        thread = path.rpartition("/")[2].removesuffix(".jsonl")
        if path == HUB_LOG:
            meta = record.get("meta")
            if isinstance(meta, dict) and isinstance(meta.get("directive"), str):
                self._targets.add(meta["directive"].casefold())
            elif not record.get("id"):  # in old lines a mention counts as a pointer
                self._targets.update(
                    name.casefold() for name in _DIRECTIVE.findall(line.raw.decode("utf-8", "replace"))
                )
        elif thread.casefold().startswith(ids.COORDINATION_PREFIX.casefold()):
            self._directives.setdefault(thread, (path, number, line.hash))

    def findings(self) -> Iterator[Finding]:
        """Directives without a pointer on the hub."""
        for task, (path, number, fingerprint) in self._directives.items():
            if task.casefold() not in self._targets:
                message = f"the hub has no pointer to {task}"
                yield make_finding("directive.pointer", path, number, message, task=task, fingerprint=fingerprint)


# -- across documents --------------------------------------------------------------------------------


def _names_in_cases(tree: Tree) -> Iterator[Finding]:
    """Ids that differ only in case: one file on some file systems."""
    for folder in (CLAIMS, ASSIGNMENTS, MESSAGES):
        first: dict[str, str] = {}
        for path in tree.names(folder):
            existing = first.setdefault(path.casefold(), path)
            if existing != path:
                yield make_finding("id.case", path, 1, f"differs only in case from {existing}", fingerprint=existing)


def duplicate_claims(claims: Iterable[Document]) -> Iterator[Finding]:
    """Two live claims with different holders on one task; the case of the id does not count."""
    live: dict[str, tuple[Document, Claim]] = {}
    for document in claims:
        claim = claim_from(document.raw, document.task)
        task_id = document.raw.get("task_id")
        by_file = document.task.casefold()
        if not claim.is_live:
            continue
        for name in {by_file, task_id.casefold() if isinstance(task_id, str) else by_file}:
            first, holder = live.setdefault(name, (document, claim))
            if holder.agent_id != claim.agent_id:
                message = (
                    f"duplicate claim: {claim.task_id} is held by {claim.agent_id} here"
                    f" and by {holder.agent_id} in {first.path}"
                )
                yield make_finding(
                    "claim.duplicate", document.path, 1, message, task=claim.task_id, fingerprint=document.fingerprint
                )
