"""One claim or assignment: its name, its shape, its moments; old forms that readers accept are notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tools.core import clock, hashing, ids
from tools.core.checks import lines
from tools.core.checks.findings import Finding, make_finding
from tools.core.checks.sources import Tree
from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.models import lenient
from tools.core.models.bus import CLAIM_STATUSES, Assignment, Claim
from tools.core.models.record import fields_of

_OLD_STATUSES = ("pending", "in_progress", "closed", "cancelled", "abandoned")


class Document(NamedTuple):
    """A readable document of the bus; the fingerprint is the SHA-256 of its bytes."""

    path: str
    task: str
    raw: Mapping[str, object]
    fingerprint: str


def read(tree: Tree, path: str) -> Document | Finding:
    """A document of the bus, or the finding that it cannot be read."""
    fingerprint = ""
    try:
        data = tree.document(path) or b""
        fingerprint = hashing.sha256_hex(data)
        raw = files.parse_object(data, path)
    except DataError as error:
        problem = error.problem_in(path)
        return make_finding("file.unreadable", path, problem.line, problem.reason, fingerprint=fingerprint)
    return Document(path, path.rpartition("/")[2].removesuffix(".json"), raw, fingerprint)


def check_claim(document: Document, latest: str) -> Iterator[Finding]:
    """The findings of a claim by itself."""
    yield from _check_name(document)
    yield from _check_shape(document, Claim, latest)
    claim = lenient.claim_from(document.raw, document.task)
    has_status = claim.status in (*CLAIM_STATUSES, *_OLD_STATUSES)
    if has_status and bool(document.raw.get("released_at")) == claim.is_live:
        rule = "claim.released_at" if document.raw.get("fence") else "record.old"
        verb = "has" if claim.is_live else "lacks"
        message = f"/released_at: a claim with status {claim.status} {verb} released_at"
        yield make_finding(rule, document.path, 1, message, task=document.task, fingerprint=document.fingerprint)
    if claim.branch and not claim.branch.startswith(f"agent/{claim.agent_id}/"):
        message = f"/branch: {claim.branch!r} is not under agent/{claim.agent_id}/"
        yield make_finding(
            "claim.branch", document.path, 1, message, task=document.task, fingerprint=document.fingerprint
        )


def check_assignment(document: Document, latest: str) -> Iterator[Finding]:
    """The findings of an assignment by itself."""
    yield from _check_name(document)
    yield from _check_shape(document, Assignment, latest)
    if document.raw.get("engineer") == "unassigned":
        message = '/engineer: "unassigned" must be null'
        yield make_finding("record.old", document.path, 1, message, fingerprint=document.fingerprint)


def _check_name(document: Document) -> Iterator[Finding]:
    if not ids.is_task(document.task) or not document.path.endswith(".json"):
        yield make_finding(
            "file.name", document.path, 1, "the file name is not <task id>.json", fingerprint=document.fingerprint
        )
    elif document.raw.get("task_id") not in (None, document.task):
        message = f"/task_id: {document.raw['task_id']!r} is not the name of the file"
        yield make_finding("file.name", document.path, 1, message, fingerprint=document.fingerprint)


def _check_shape(document: Document, kind: type, latest: str) -> Iterator[Finding]:
    from tools.core.models import validate  # only a check pays for it

    for problem in validate.problems(kind, document.raw):
        field = problem.pointer[1:].partition("/")[0]
        value = document.raw.get(field)
        is_field = field in fields_of(kind)
        if is_field and isinstance(value, str) and field.endswith("_at") and clock.parse(value) is not None:
            rule = "stamp.form"
        else:
            is_accepted = _is_accepted(kind, field, value, has_fence=bool(document.raw.get("fence")))
            rule = "record.old" if is_accepted else "record.shape"
        yield make_finding(
            rule, document.path, 1, f"{problem.pointer or '/'}: {problem.reason}", fingerprint=document.fingerprint
        )
    for field, value in document.raw.items():
        if isinstance(value, str) and field.endswith("_at"):
            yield from lines.stamp_findings(document.path, 1, field, value, latest, document.fingerprint)


def _is_accepted(kind: type, field: str, value: object, *, has_fence: bool) -> bool:
    """Whether readers accept the field as it is (formats, "What readers accept")."""
    if field not in fields_of(kind) or field in ("plan_id", "notes", "note", "paths"):
        return True
    if field == "status":
        return value in _OLD_STATUSES or (isinstance(value, str) and not has_fence)
    if value is None:
        return field not in ("agent_id", "status", "task_id", "manager")
    return False
