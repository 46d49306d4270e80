"""One claim or assignment: its name, its shape, its moments; old forms that readers accept are notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tools.core import clock, hashing, ids
from tools.core.checks import findings
from tools.core.checks import lines as line_checks
from tools.core.checks.findings import Finding
from tools.core.checks.sources import Tree
from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.models import lenient as foreign
from tools.core.models.bus import CLAIM_STATUSES, Assignment, Claim
from tools.core.models.record import fields_of

_OLD_STATUSES = ("pending", "in_progress", "closed", "cancelled", "abandoned")


class Read(NamedTuple):
    """A document that could be read, and what its bytes are told by."""

    path: str
    task: str
    raw: Mapping[str, object]
    mark: str


def read(tree: Tree, path: str) -> Read | Finding:
    """A document of the bus, or why it is none."""
    mark = ""
    try:
        data = tree.document(path) or b""
        mark = hashing.sha256_hex(data)
        raw = files.parse_object(data, path)
    except DataError as error:
        problem = error.problem_in(path)
        return findings.make("file.unreadable", path, problem.line, problem.reason, mark=mark)
    return Read(path, path.rpartition("/")[2].removesuffix(".json"), raw, mark)


def check_claim(found: Read, latest: str) -> Iterator[Finding]:
    """Everything that is wrong with a claim by itself."""
    yield from _named(found)
    yield from _shaped(found, Claim, latest)
    claim = foreign.claim_from(found.raw, found.task)
    known = claim.status in (*CLAIM_STATUSES, *_OLD_STATUSES)
    if known and bool(found.raw.get("released_at")) == claim.is_live:
        rule = "claim.released_at" if found.raw.get("fence") else "record.old"
        word = "has no" if not claim.is_live else "has a"
        message = f"/released_at: a claim that is {claim.status} {word} released_at"
        yield findings.make(rule, found.path, 1, message, task=found.task, mark=found.mark)
    if claim.branch and not claim.branch.startswith(f"agent/{claim.agent_id}/"):
        message = f"/branch: {claim.branch!r} is not under agent/{claim.agent_id}/"
        yield findings.make("claim.branch", found.path, 1, message, task=found.task, mark=found.mark)


def check_assignment(found: Read, latest: str) -> Iterator[Finding]:
    """Everything that is wrong with an assignment by itself."""
    yield from _named(found)
    yield from _shaped(found, Assignment, latest)
    if found.raw.get("engineer") == "unassigned":
        message = '/engineer: the word "unassigned" stands where null belongs'
        yield findings.make("record.old", found.path, 1, message, mark=found.mark)


def _named(found: Read) -> Iterator[Finding]:
    if not ids.is_task(found.task) or not found.path.endswith(".json"):
        yield findings.make("file.name", found.path, 1, "the file name is not <task id>.json", mark=found.mark)
    elif found.raw.get("task_id") not in (None, found.task):
        message = f"/task_id: {found.raw['task_id']!r} is not what the file is named after"
        yield findings.make("file.name", found.path, 1, message, mark=found.mark)


def _shaped(found: Read, kind: type, latest: str) -> Iterator[Finding]:
    from tools.core.models import validate as checks  # only a check pays for it

    for problem in checks.problems(kind, found.raw):
        field = problem.pointer[1:].partition("/")[0]
        value = found.raw.get(field)
        known = field in fields_of(kind)
        if known and isinstance(value, str) and field.endswith("_at") and clock.parse(value) is not None:
            rule = "stamp.form"
        else:
            rule = "record.old" if _is_accepted(kind, field, value, bool(found.raw.get("fence"))) else "record.shape"
        yield findings.make(rule, found.path, 1, f"{problem.pointer or '/'}: {problem.reason}", mark=found.mark)
    for field, value in found.raw.items():
        if isinstance(value, str) and field.endswith("_at"):
            yield from line_checks.stamp_findings(found.path, 1, field, value, latest, found.mark)


def _is_accepted(kind: type, field: str, value: object, has_fence: bool) -> bool:
    """Whether readers can make something of it (formats, "What readers accept")."""
    if field not in fields_of(kind) or field in ("plan_id", "notes", "note", "paths"):
        return True
    if field == "status":
        return value in _OLD_STATUSES or (isinstance(value, str) and not has_fence)
    if value is None:
        return field not in ("agent_id", "status", "task_id", "manager")
    return False
