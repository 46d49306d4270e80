"""Giving a task to an agent: assignment, message, event and claim in one commit, or nothing at all.

Every guard comes before the first write, and the decision is repeated when the documents have changed
meanwhile. Assigning the same again adds only what is missing.
"""

from __future__ import annotations

from tools.core import ids
from tools.core.bus import claim_documents, claims, posts
from tools.core.bus.assignment_rules import AssignmentRequest, Decision, assignment_for, decide
from tools.core.bus.claim_documents import TaskDocuments
from tools.core.bus.rules.claim_refusals import ask_hint
from tools.core.bus.rules.claim_rules import Override
from tools.core.context import Context
from tools.core.errors import GuardError
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, Assignment, Claim, stream_of
from tools.core.models.record import MAX_SUMMARY, over, to_mapping
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.receipts import scaffold
from tools.core.seats.seat import Seat
from tools.core.store.api import Append, Change, Expect, Replace, retry_stale
from tools.core.workspace import Place

if TYPE_CHECKING:
    from typing import Any


class AssignmentResult(NamedTuple):
    """The task's assignment and claim; `written` is empty when nothing had to change."""

    assignment: Assignment | None
    claim: Claim | None
    written: list[dict[str, object]]
    scaffolded: tuple[Place, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The JSON answer of the commands that give out work."""
        return {
            "assignment": to_mapping(self.assignment) if self.assignment else None,
            "claim": to_mapping(self.claim) if self.claim else None,
            "changed": bool(self.written),
            "records": self.written,
            "scaffold": [place.name for place in self.scaffolded],
        }


def require_seeder(context: Context, holder: str) -> None:
    """GuardError when a seat without the manager role seeds for another while the bus has a manager."""
    if holder == context.seat.agent_id or context.seat.is_manager:
        return
    from tools.core.bus import presence  # who takes a task for itself seeds nobody

    if managers := presence.managers_now(context):
        raise GuardError(
            f"{context.seat.agent_id} is no manager seat, so it cannot seed a claim for {holder}; {managers[0]} can",
            code="assign.manager",
            hint=ask_hint(managers[0], ids.HUB),
        )


def assign(context: Context, request: AssignmentRequest) -> AssignmentResult:
    """Carries a request out, all or nothing; raises what `decide` raises."""
    recorded: list[Override] = []

    def attempt() -> AssignmentResult:
        documents = claim_documents.of_task(context.store, request.task)
        if request.with_scaffold:
            scaffold.missing(context.workspace, _work(assignment_for(documents, request, context.now)))
        return carry_out(context, documents, request, recorded)

    result: AssignmentResult = retry_stale(attempt)
    if request.with_scaffold and result.assignment is not None:
        result = result._replace(scaffolded=tuple(scaffold.write(context.workspace, _work(result.assignment))))
    return result


def _work(assignment: Assignment) -> scaffold.Work:
    return scaffold.Work(
        assignment.engineer or "",
        assignment.plan_id or assignment.task_id,
        assignment.note,
        task_id=assignment.task_id,
        plan_id=assignment.plan_id,
        branch=assignment.branch,
    )


def carry_out(
    context: Context, documents: TaskDocuments, request: AssignmentRequest, recorded: list[Override]
) -> AssignmentResult:
    """Decides on the documents and commits; StaleVersion when they have changed since they were read.

    `recorded` lists the overrides whose evidence is written, so that a retry does not repeat it.
    """
    with claim_documents.refusing(context.store, request.task, documents):
        decision = decide(documents, request, claims.facts(context, documents, request.engineer))
    changes = _changes(context, documents, request, decision)
    claim = decision.outcome.claim if decision.outcome else documents.claim
    if not changes:
        claim_documents.require_one_moment(context.store, request.task, documents)
        return AssignmentResult(documents.assignment, claim, [])
    for override in decision.overrides:
        if override not in recorded:
            claims.record_override(context, override)
            recorded.append(override)
    return AssignmentResult(decision.assignment or documents.assignment, claim, context.store.commit(changes))


def _changes(
    context: Context, documents: TaskDocuments, request: AssignmentRequest, decision: Decision
) -> list[Change]:
    changes: list[Change] = []
    if decision.assignment is not None:
        changes += _announcement(context, request, decision.assignment, decision.overrides)
        changes.append(
            Replace(
                f"{ASSIGNMENTS}/{request.task}",
                over(decision.assignment, documents.assignment_raw),
                documents.assignment_version,
            )
        )
    if decision.outcome is not None:
        outcome = decision.outcome._replace(overrides=decision.overrides)
        decided_on = documents._replace(assignment=decision.assignment or documents.assignment)
        changes += claims.claim_changes(context, decided_on, outcome)  # an assignment made here is not ended here
    elif changes:
        changes.append(Expect(f"{CLAIMS}/{request.task}", documents.claim_version))
    return changes


def _announcement(
    context: Context, request: AssignmentRequest, assignment: Assignment, overrides: tuple[Override, ...]
) -> list[Change]:
    summary = _sentence(context.seat, request)
    meta: dict[str, str] = {"engineer": request.engineer, "manager": request.manager}
    if overrides:
        meta.update(override=",".join(override.code for override in overrides), reason=request.reason)
    event = posts.event_of(
        context,
        posts.EventDraft(
            "assign", summary, request.task, plan_id=assignment.plan_id, branch=assignment.branch, meta=meta
        ),
    )
    message = posts.message_of(
        context,
        posts.MessageDraft(
            request.task,
            "assignment",
            summary,
            to=request.engineer,
            plan_id=assignment.plan_id,
            branch=assignment.branch,
            note=request.note,
            meta={"manager": assignment.manager},
        ),
    )
    threads = [request.task, *([ids.inbox_of(request.engineer)] if request.with_inbox else [])]
    return [Append(EVENTS, to_mapping(event)), *(Append(stream_of(thread), to_mapping(message)) for thread in threads)]


def _sentence(seat: Seat, request: AssignmentRequest) -> str:
    whom = "itself" if request.engineer == seat.agent_id else request.engineer
    text = f"{seat.agent_id} assigned {request.task} to {whom}"
    note = " ".join(request.note.split())
    return (f"{text}: {note}" if note else text)[:MAX_SUMMARY]
