"""The claims and assignments, of one task or of all."""

from __future__ import annotations

from tools.core.bus.rules.reservation import assigned_engineer
from tools.core.errors import ToolkitError
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, Assignment, Claim
from tools.core.models.lenient import assignment_from, claim_from
from tools.core.plain import TYPE_CHECKING, NamedTuple, contextmanager
from tools.core.problem import Problem
from tools.core.store.addresses import name_at
from tools.core.store.api import Document

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tools.core.store.contract import Store


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
    names = (f"{CLAIMS}/{task}", f"{ASSIGNMENTS}/{task}")
    documents = store.documents(*names)
    claim, assignment = (_readable(documents.get(name)) for name in names)
    return TaskDocuments(
        claim_from(claim.content, task) if claim else None,
        claim.content if claim else {},
        claim.version if claim else "",
        assignment_from(assignment.content, task) if assignment else None,
        assignment.content if assignment else {},
        assignment.version if assignment else "",
    )


def claimed(store: Store, tasks: Iterable[str]) -> dict[str, Claim | None]:
    """The tasks among some that have a claim, in one question; None for a claim that cannot be read."""
    names = {f"{CLAIMS}/{task}": task for task in tasks}
    claims: dict[str, Claim | None] = {}
    for name, document in store.documents(*names).items():
        task = names[name]
        claims[task] = claim_from(document.content, task) if isinstance(document, Document) else None
    return claims


def _readable(document: Document | ToolkitError | None) -> Document | None:
    if isinstance(document, ToolkitError):
        raise document
    return document


@contextmanager
def refusing(store: Store, task: str, documents: TaskDocuments) -> Iterator[None]:
    """Lets out a refusal that rests on a task's documents; StaleVersion instead where they never were so at one moment."""
    try:
        yield
    except ToolkitError:
        require_one_moment(store, task, documents)
        raise


def require_one_moment(store: Store, task: str, documents: TaskDocuments) -> None:
    """StaleVersion where a task's documents may not have been so at one moment; for an answer that writes nothing."""
    versions = {f"{CLAIMS}/{task}": documents.claim_version, f"{ASSIGNMENTS}/{task}": documents.assignment_version}
    store.require_one_moment(versions)


class AllDocuments(NamedTuple):
    """Every readable claim and assignment, and a problem for each of the rest."""

    claims: list[Claim]
    assignments: list[Assignment]
    problems: list[Problem]
    finished: Mapping[str, int]
    """How many claims are over, by state, where only live ones were read."""

    @property
    def live(self) -> list[Claim]:
        """The claims that are active or paused."""
        return [claim for claim in self.claims if claim.is_live]

    @property
    def ended(self) -> list[Claim]:
        """The claims that are over, newest first."""
        over = [claim for claim in self.claims if not claim.is_live]
        return sorted(over, key=lambda claim: claim.released_at or claim.updated_at or claim.claimed_at, reverse=True)

    @property
    def unreadable(self) -> frozenset[str]:
        """The tasks whose claim or assignment exists and cannot be read."""
        return frozenset(name_at(problem.path).partition("/")[2] for problem in self.problems) - {""}


def of_all_tasks(store: Store) -> AllDocuments:
    """The claims and assignments of all tasks, read in one question."""
    return _sorted_out(store, store.documents(CLAIMS, ASSIGNMENTS), {})


def all_claims(store: Store) -> tuple[list[Claim], list[Problem]]:
    """Every readable claim, and a problem for each of the rest."""
    read = _sorted_out(store, store.documents(CLAIMS), {})
    return read.claims, read.problems


def live(store: Store, also: Collection[str] = (), newest: int = 0) -> AllDocuments:
    """The live claims, the assignments of tasks that are not done, those of some tasks, and the newest finished claims."""
    answer = store.live(CLAIMS, ASSIGNMENTS, also=also, newest=newest)
    return _sorted_out(store, answer.documents, answer.finished)


def live_claims(store: Store, newest: int = 0) -> AllDocuments:
    """The claims that are active or paused, and the newest finished ones."""
    answer = store.live(CLAIMS, newest=newest)
    return _sorted_out(store, answer.documents, answer.finished)


def _sorted_out(
    store: Store, documents: Mapping[str, Document | ToolkitError], finished: Mapping[str, int]
) -> AllDocuments:
    read = AllDocuments([], [], [], finished)
    for name, document in documents.items():
        kind, _, task = name.partition("/")
        if isinstance(document, ToolkitError):
            read.problems.append(document.problem_in(store.where(name)))
        elif kind == CLAIMS:
            read.claims.append(claim_from(document.content, task))
        else:
            read.assignments.append(assignment_from(document.content, task))
    return read


def newest_first(claims: Sequence[Claim]) -> list[Claim]:
    """Live claims by task, then finished ones, the last finished first."""
    by_task = sorted(claims, key=lambda claim: claim.task_id)
    finished = [claim for claim in by_task if not claim.is_live]
    finished.sort(key=lambda claim: claim.released_at or claim.updated_at, reverse=True)
    return [*(claim for claim in by_task if claim.is_live), *finished]
