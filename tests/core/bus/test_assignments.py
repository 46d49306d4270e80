"""Giving out work: the rule without I/O, and death between any two calls that change a file."""

import pytest

from tests.acting import context_of
from tests.core.conftest import Death, Mortal
from tools.core.bus import assignment_rules, assignments, claim_documents
from tools.core.bus.assignment_rules import AssignmentRequest
from tools.core.bus.rules import claim_rules, release_rules
from tools.core.bus.rules.reservation import assigned_engineer
from tools.core.errors import ConflictError, UsageError
from tools.core.models.bus import EVENTS, stream_of
from tools.core.models.lenient import assignment_from, claim_from
from tools.core.seats.seat import Seat
from tools.core.store.files.store import FileStore

SEAT = Seat("boss", None)
REQUEST = AssignmentRequest("T-1", "codex-2", "boss")
ASSIGNMENT = {
    "engineer": "codex-2",
    "manager": "boss",
    "assigned_at": "2026-01-31T09:00:00Z",
    "branch": "agent/codex-2/t-1",
}
CLAIM = {"agent_id": "codex-2", "branch": "agent/codex-2/t-1", "claimed_at": "2026-01-31T09:00:00Z", "fence": 3}


@pytest.fixture
def decide(noon):
    def run(claim=None, assignment=None, **values):
        documents = claim_documents.TaskDocuments(
            claim_from({**CLAIM, **claim}, "T-1") if claim else None,
            {},
            "v" if claim else "",
            assignment_from({**ASSIGNMENT, **assignment}, "T-1") if assignment is not None else None,
            {},
            "v" if assignment is not None else "",
        )
        return assignment_rules.decide(documents, REQUEST._replace(**values), claim_rules.Facts(noon))

    return run


def test_an_assignment_in_force_changes_nothing(decide):
    decision = decide(claim={"status": "active"}, assignment={})
    assert (decision.assignment, decision.outcome, decision.overrides) == (None, None, ())
    assert decide(assignment={}, claim="").outcome.event == "claim"
    assert decide(assignment={}, claim="").assignment is None


def test_who_was_relieved_goes_on_when_the_same_seat_assigns_the_task_again(decide):
    relieved = decide(claim={"status": "paused", "paused_by": "codex-3"}, assignment={}).outcome.claim
    assert (relieved.state, relieved.paused_by, relieved.fence) == ("active", "", CLAIM["fence"])
    assert decide(claim={"status": "paused", "paused_by": "codex-2"}, assignment={}).outcome is None


@pytest.mark.parametrize(
    "ended",
    [
        {"status": "released", "released_at": "2026-01-31T12:00:00Z"},
        {"status": "released", "released_at": "2026-01-31T12:00:03Z"},
        {"agent_id": "codex-3", "status": "released", "claimed_at": "2026-01-31T12:00:00Z", "released_at": "2026-01-31T12:00:00Z",
         "taken_from": {"agent_id": "codex-2", "at": "2026-01-31T12:00:00Z", "reason": "gone"}},
    ],
)  # fmt: skip
def test_an_assignment_in_the_second_in_which_its_engineers_work_ended_reserves_the_task(decide, ended, noon):
    claim = claim_from({**CLAIM, **ended}, "T-1")
    assignment = decide(claim=ended).assignment
    assert assigned_engineer(assignment, claim) == "codex-2"


def test_a_release_in_the_second_of_its_assignment_ends_it(noon):
    assignment = assignment_from({**ASSIGNMENT, "assigned_at": "2026-01-31T12:00:01Z"}, "T-1")
    held = claim_from({**CLAIM, "status": "active"}, "T-1")
    ended = release_rules.release(held, "T-1", "codex-2", "released", None, claim_rules.Facts(noon, assignment)).claim
    assert assigned_engineer(assignment, ended) is None


@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_task_in_other_hands_is_moved_only_with_a_reason(decide, status):
    held = {"agent_id": "codex-3", "status": status}
    with pytest.raises(ConflictError, match="codex-3"):
        decide(claim=held)
    with pytest.raises(UsageError):
        decide(claim=held, reassign=True)
    moved = decide(claim=held, reassign=True, reason="ill")
    assert (moved.outcome.event, moved.outcome.claim.fence) == ("takeover", 4)
    assert (moved.outcome.claim.taken_from.agent_id, moved.outcome.claim.taken_from.reason) == ("codex-3", "ill")
    assert [override.code for override in moved.overrides] == ["takeover_forced"]


def test_a_holder_who_is_gone_loses_the_task_without_an_override(decide):
    gone = {"agent_id": "codex-3", "status": "paused", "paused_by": "codex-9", "notes": "crashed"}
    moved = decide(claim=gone)
    assert moved.overrides == ()
    assert moved.outcome.claim.taken_from.reason == "crashed"


def test_a_task_that_is_done_or_no_task_is_refused(decide):
    with pytest.raises(ConflictError, match="done"):
        decide(claim={"status": "done"}, reassign=True, reason="x")
    with pytest.raises(ConflictError, match="thread"):
        decide(task="manager-report")


@pytest.mark.parametrize("half", [False, True])
def test_an_assignment_that_was_interrupted_anywhere_is_completed_by_running_it_again(
    monkeypatch, fresh_bus, noon, half
):
    for dies_at in range(1, 300):
        workspace = fresh_bus()
        store = FileStore(workspace)
        try:
            with monkeypatch.context() as patched:
                Mortal(patched, dies_at, half)
                assignments.assign(
                    context_of(workspace=workspace, store=store, seat=SEAT, now=noon),
                    REQUEST,
                )
            break
        except Death:
            again = assignments.assign(
                context_of(workspace=workspace, store=store, seat=SEAT, now=noon),
                REQUEST,
            )
        documents = claim_documents.of_task(store, "T-1")
        assert documents.assignment.engineer == documents.claim.agent_id == "codex-2"
        assert again.claim == documents.claim
        assert [line.record["event"] for line in store.read(EVENTS).records if line.record["event"] != "recovered"] == [
            "assign",
            "claim",
        ]
        for thread in ("T-1", "agent-codex-2"):
            assert [line.record["to"] for line in store.read(stream_of(thread)).records] == ["codex-2"]
    assert 10 < dies_at < 299
