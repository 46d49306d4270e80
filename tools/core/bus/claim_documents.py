"""What the claims and assignments say, as they were read: one task's, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tools.core import ids
from tools.core.errors import ToolkitError
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, Assignment, Claim
from tools.core.models.lenient import assignment_from, claim_from
from tools.core.problem import Problem
from tools.core.store.api import Store


class Held(NamedTuple):
    """A task's claim and assignment as they were read; versions are what a commit must still find."""

    claim: Claim | None
    claim_raw: Mapping[str, object]
    claim_version: str
    assignment: Assignment | None
    assignment_raw: Mapping[str, object]
    assignment_version: str

    @property
    def engineer(self) -> str | None:
        """Whom the task is reserved for."""
        from tools.core.bus import claim_rules  # most readers never ask

        return claim_rules.assigned_engineer(self.assignment, self.claim)


def held(store: Store, task: str) -> Held:
    """A task's claim and assignment; DataError when either cannot be read."""
    claim = store.get(f"{CLAIMS}/{task}")
    given = store.get(f"{ASSIGNMENTS}/{task}")
    return Held(
        claim_from(claim.content, task) if claim else None,
        claim.content if claim else {},
        claim.version if claim else "",
        assignment_from(given.content, task) if given else None,
        given.content if given else {},
        given.version if given else "",
    )


def documents(
    store: Store, kind: str, read: Callable[[Mapping[str, object], str], Any]
) -> tuple[list[Any], list[Problem]]:
    """All readable documents of a kind, and what is wrong with each that is not."""
    found, problems = [], []
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
            found.append(read(document.content, name))
    return found, problems


def all_claims(store: Store) -> tuple[list[Claim], list[Problem]]:
    """Every claim that can be read, and what cannot."""
    return documents(store, CLAIMS, claim_from)


def all_assignments(store: Store) -> tuple[list[Assignment], list[Problem]]:
    """Every assignment that can be read, and what cannot."""
    return documents(store, ASSIGNMENTS, assignment_from)


def unreadable(store: Store, found: Sequence[Claim], given: Sequence[Assignment]) -> frozenset[str]:
    """The tasks whose claim or assignment is there but was not among those that could be read."""
    claimed = set(store.names(CLAIMS)) - {claim.task_id for claim in found}
    return frozenset(claimed | set(store.names(ASSIGNMENTS)) - {assignment.task_id for assignment in given})
