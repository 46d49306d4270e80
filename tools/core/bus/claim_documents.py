"""The claims and assignments, of one task or of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.core import ids
from tools.core.bus.reservation import assigned_engineer
from tools.core.errors import ToolkitError
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, Assignment, Claim
from tools.core.models.lenient import assignment_from, claim_from
from tools.core.plain import NamedTuple
from tools.core.problem import Problem
from tools.core.store.api import Store


class TaskDocuments(NamedTuple):
    """A task's claim and assignment; a commit expects that their versions are unchanged."""

    claim: Claim | None
    claim_raw: Mapping[str, object]
    claim_version: str
    assignment: Assignment | None
    assignment_raw: Mapping[str, object]
    assignment_version: str

    @property
    def engineer(self) -> str | None:
        """Whom the task is reserved for."""
        return assigned_engineer(self.assignment, self.claim)


def of_task(store: Store, task: str) -> TaskDocuments:
    """A task's claim and assignment; DataError when either cannot be read."""
    claim = store.get(f"{CLAIMS}/{task}")
    assignment = store.get(f"{ASSIGNMENTS}/{task}")
    return TaskDocuments(
        claim_from(claim.content, task) if claim else None,
        claim.content if claim else {},
        claim.version if claim else "",
        assignment_from(assignment.content, task) if assignment else None,
        assignment.content if assignment else {},
        assignment.version if assignment else "",
    )


def _documents(
    store: Store, kind: str, read: Callable[[Mapping[str, object], str], Any]
) -> tuple[list[Any], list[Problem]]:
    """All readable documents of a kind, and a problem for each of the rest."""
    records, problems = [], []
    for name in store.names(kind):
        where = store.where(f"{kind}/{name}")
        if not ids.is_task(name):
            problems.append(Problem(where, 1, "the file name is not a task id", "file.name"))
            continue
        try:
            document = store.get(f"{kind}/{name}")
        except ToolkitError as error:
            problems.append(error.problem_in(where))
            continue
        if document is not None:
            records.append(read(document.content, name))
    return records, problems


def all_claims(store: Store) -> tuple[list[Claim], list[Problem]]:
    """Every readable claim, and a problem for each of the rest."""
    return _documents(store, CLAIMS, claim_from)


def all_assignments(store: Store) -> tuple[list[Assignment], list[Problem]]:
    """Every readable assignment, and a problem for each of the rest."""
    return _documents(store, ASSIGNMENTS, assignment_from)


def unreadable(store: Store, claims: Sequence[Claim], assignments: Sequence[Assignment]) -> frozenset[str]:
    """The tasks whose claim or assignment exists but is not among the readable ones."""
    claimed = set(store.names(CLAIMS)) - {claim.task_id for claim in claims}
    return frozenset(claimed | set(store.names(ASSIGNMENTS)) - {assignment.task_id for assignment in assignments})
