"""What one operation at a time would answer: a task by the pure rules of claims, a saved session, a manifest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from tests.acting import context_of
from tests.races.linearizability import IMPOSSIBLE, Operation
from tests.races.schedule import Call
from tools.core import clock
from tools.core.backlog import items, pickup, states
from tools.core.bus import claim_documents
from tools.core.bus.assignment_rules import ACTIVE, AssignmentRequest, decide
from tools.core.bus.claims import ended_by
from tools.core.bus.rules import claim_rules, release_rules
from tools.core.bus.rules.release_rules import PauseRequest
from tools.core.errors import ConflictError, ToolkitError
from tools.core.models.bus import Assignment, Claim
from tools.core.models.record import to_mapping
from tools.core.seats.seat import Seat


class Answer(NamedTuple):
    """What a command told its caller: the document on success, the error otherwise."""

    code: int
    document: dict[str, Any]
    error: dict[str, Any]
    at: str

    @property
    def done(self) -> bool:
        """Whether it was acknowledged."""
        return self.code == 0

    @property
    def now(self) -> datetime:
        """The moment the command decided for: that of what it wrote, else about when it ran."""
        found = clock.parse(next((record["ts"] for record in self.records), self.at))
        assert found is not None
        return found

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records it said it wrote."""
        if "ts" in self.document:  # the answer is the record
            return [self.document]
        found = [self.document.get("event"), self.document.get("message"), *self.document.get("records", ())]
        return [record for record in found if record]


class Task(NamedTuple):
    """A task as the bus has it."""

    claim: Claim | None = None
    assignment: Assignment | None = None
    losers: frozenset[str] = frozenset()
    """Who lost it and has not been told so by a command yet."""

    def after(self, before: Task) -> Task:
        """With who lost it by this change."""
        claim = before.claim
        is_lost = (
            claim is not None and claim.is_live and self.claim is not None and self.claim.agent_id != claim.agent_id
        )
        return self._replace(losers=before.losers | ({claim.agent_id} if claim is not None and is_lost else set()))

    def told(self, agent: str) -> Task:
        """After a command has told an agent that it lost the task; IMPOSSIBLE when it did not."""
        is_another = self.claim is not None and self.claim.is_live and self.claim.agent_id != agent
        if agent not in self.losers or not is_another:
            return IMPOSSIBLE
        return self._replace(losers=self.losers - {agent})

    @property
    def held(self) -> claim_documents.TaskDocuments:
        """As the rules want it."""
        return claim_documents.TaskDocuments(self.claim, {}, "", self.assignment, {}, "")

    def facts(self, now: datetime) -> claim_rules.Facts:
        """Everybody shows signs of life all the time."""
        return claim_rules.Facts(now, self.assignment, now)


Rule = Callable[[Task, str, Call, datetime], Task]

FROM_TWO_DOCUMENTS = ("claim.assigned", "assign.assigned")
"""Refusals decided on claim and assignment, which a reader reads one after the other: it may be refused for either."""


def task(state: Task, operation: Operation) -> Any:
    """The task after an operation, if it could have ended as it did."""
    call, answer = operation.call, operation.answer
    if not answer.done and answer.error["code"] == "claim.lost":
        return state.told(operation.client)
    try:
        after = RULES[call.kind](state, operation.client, call, answer.now)
    except ToolkitError as refusal:
        return state if not answer.done and _same_refusal(refusal, answer.error) else IMPOSSIBLE
    return after.after(state) if answer.done and _shows(answer.document, after, call.kind) else IMPOSSIBLE


def _same_refusal(refusal: ToolkitError, told: dict[str, Any]) -> bool:
    if told["code"] in FROM_TWO_DOCUMENTS:
        return refusal.exit_code in (3, 4)
    told_holder = told["details"].get("holder")
    return bool(refusal.code == told["code"]) and refusal.details.get("holder") == told_holder


def _shows(document: dict[str, Any], after: Task, kind: str) -> bool:
    claim = to_mapping(after.claim) if after.claim else None
    assignment = to_mapping(after.assignment) if after.assignment else None
    if kind == "guarded":
        return True  # it changes no claim and tells of none
    if kind in ("assign", "seed", "pickup", "next", "end") and document["assignment"] != assignment:
        return False
    return bool(document["claim"] == claim)


def _claim(state: Task, agent: str, call: Call, now: datetime) -> Task:
    values = {**call.values, "notes": call.values.get("notes") or None}
    request = claim_rules.Request(call.about, agent, **values)
    outcome = claim_rules.take(state.claim, request, state.facts(now))
    return Task(outcome.claim, ended_by(outcome, state.assignment, now) or state.assignment)


def _release(state: Task, agent: str, call: Call, now: datetime) -> Task:
    outcome = release_rules.release(state.claim, call.about, agent, call.values["status"], None, state.facts(now))
    return state._replace(claim=outcome.claim)


def _pause(state: Task, agent: str, call: Call, now: datetime) -> Task:
    return state._replace(
        claim=release_rules.pause(state.claim, PauseRequest(call.about, agent, **call.values), state.facts(now)).claim
    )


def _placed(state: Task, order: AssignmentRequest, now: datetime) -> Task:
    decision = decide(state.held, order, state.facts(now))
    claim = decision.outcome.claim if decision.outcome else state.claim
    return Task(claim, decision.assignment or state.assignment)


def _assign(state: Task, agent: str, call: Call, now: datetime) -> Task:
    values = dict(call.values)
    claim = "" if values.pop("no_auto_claim") else ACTIVE
    return _placed(state, AssignmentRequest(call.about, manager=agent, claim=claim, **values), now)


def _seed(state: Task, agent: str, call: Call, now: datetime) -> Task:
    return _placed(state, AssignmentRequest(call.about, agent, agent, claim=call.values["status"]), now)


def _pick_up(state: Task, agent: str, call: Call, now: datetime) -> Task:
    item = items.Item(f"queue/{call.about}.md", 1, call.about, call.about, items.OPEN, "medium", (), {})
    held = {call.about: state.claim} if state.claim else {}
    given = {call.about: state.assignment} if state.assignment else {}
    known = states.task_of(item, {call.about: item}, held, given)
    pickup.require_takeable(
        context_of(seat=Seat(agent, None), now=now),
        known,
        state.claim,
    )
    mine = state.assignment if state.held.engineer == agent else None
    return _placed(state, AssignmentRequest(call.about, agent, mine.manager if mine else agent), now)


def _next(state: Task, agent: str, call: Call, now: datetime) -> Task:
    claim = state.claim
    is_own = claim is not None and claim.agent_id == agent and claim_rules.is_seeded(claim)
    if claim is not None and claim.state != "released" and not is_own:
        raise ConflictError(f"{call.about} is not ready", code="pickup.finished")
    return _pick_up(state, agent, call, now)


def _busy(state: Task, agent: str, call: Call, now: datetime) -> Task:
    pickup.require_idle(Seat(agent, None), [state.claim] if state.claim else [], "")
    return state


def _guarded(state: Task, agent: str, call: Call, now: datetime) -> Task:
    event, engineer = call.values["event"], state.held.engineer
    if claim_rules.refuses_event(event, state.claim, agent, task=call.about, is_manager=False, engineer=engineer):
        holder = state.claim.agent_id if state.claim else None
        raise ConflictError("refused", code="event.guarded", details={"holder": holder})
    return state


def _show(state: Task, agent: str, call: Call, now: datetime) -> Task:
    if state.claim is None:
        raise ConflictError("nobody has claimed it", code="claim.none")
    return state


RULES: dict[str, Rule] = {
    "claim": _claim,
    "release": _release,
    "pause": _pause,
    "assign": _assign,
    "seed": _seed,
    "pickup": _pick_up,
    "next": _next,
    "busy": _busy,
    "guarded": _guarded,
    "show": _show,
    "end": lambda state, agent, call, now: state,
}


def label(state: str | None, operation: Operation) -> Any:
    """Whose session a label names: the first to save has it; who restores it gets that agent's seat."""
    kind, answer = operation.call.kind, operation.answer
    if kind == "save":
        if answer.done != (state in (None, operation.client)):
            return IMPOSSIBLE
        return operation.client if answer.done else state
    if answer.done != (state is not None) or answer.done and answer.document["agent_id"] != state:
        return IMPOSSIBLE
    return state


def manifest(state: str | None, operation: Operation) -> Any:
    """Whose manifest is in a worktree: that of the session restored last."""
    document = operation.answer.document
    if document["changed"] != (state != document["agent_id"]):
        return IMPOSSIBLE
    return document["agent_id"]
