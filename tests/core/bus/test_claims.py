"""Changing a claim: one transaction, evidence before it, a new decision after a concurrent change."""

import json
import os

import pytest

from tests.acting import context_of
from tools.core.bus import claim_documents, claims, posts
from tools.core.bus.rules import claim_rules
from tools.core.errors import ConflictError, GuardError, UsageError
from tools.core.fs import files
from tools.core.models.bus import EVENTS
from tools.core.models.record import to_mapping
from tools.core.seats.seat import Seat
from tools.core.store.api import Replace, StaleVersion

ME = Seat("codex-1", None)
OTHER = Seat("codex-2", None)


@pytest.fixture
def take(workspace, store, noon):
    def act(seat=ME, **fields):
        return claims.take(
            context_of(workspace=workspace, store=store, seat=seat, now=noon),
            claim_rules.Request("T", seat.agent_id, **fields),
        )

    return act


def events(store):
    return [line.record for line in store.read(EVENTS).records]


def test_the_event_of_a_claim_carries_it_whole(store, take):
    change = take(plan="2026-01-31-x", paths=("a/",))
    assert events(store)[0]["claim"] == store.get("claims/T").content == to_mapping(change.claim)


def test_a_claim_that_changes_nothing_writes_nothing(store, take):
    take()
    before = store.read(EVENTS)
    assert take().record is None and store.read(EVENTS) == before


def test_unknown_fields_of_a_claim_outlive_its_changes(store, take, workspace, noon):
    take()
    document = store.get("claims/T")
    store.commit([Replace("claims/T", {**document.content, "odd": "kept"}, document.version)])
    claims.release(
        context_of(workspace=workspace, store=store, seat=ME, now=noon),
        "T",
        status="done",
        notes=None,
    )
    assert store.get("claims/T").content["odd"] == "kept"


def test_a_claim_made_between_reading_and_writing_is_seen_and_refuses(workspace, store, take, noon, monkeypatch):
    decide = claim_rules.take

    def late(current, request, facts):
        outcome = decide(current, request, facts)
        monkeypatch.setattr(claim_rules, "take", decide)
        claims.take(
            context_of(workspace=workspace, store=store, seat=OTHER, now=noon),
            claim_rules.Request("T", "codex-2"),
        )
        return outcome

    monkeypatch.setattr(claim_rules, "take", late)
    with pytest.raises(ConflictError) as refusal:
        take()
    assert "codex-2" in refusal.value.message and len(events(store)) == 1


def test_an_assignment_that_changes_meanwhile_is_noticed(store, take, noon, monkeypatch):
    decide = claim_rules.take
    assignment = {"task_id": "T", "engineer": "codex-9", "manager": "boss", "assigned_at": "2026-01-31T12:00:00Z"}

    def late(current, request, facts):
        outcome = decide(current, request, facts)
        monkeypatch.setattr(claim_rules, "take", decide)
        store.commit([Replace("assignments/T", assignment, "")])
        return outcome

    monkeypatch.setattr(claim_rules, "take", late)
    with pytest.raises(GuardError):
        take()
    assert store.get("claims/T") is None


def test_an_override_leaves_its_evidence_once_even_when_decided_twice(workspace, store, take, noon, monkeypatch):
    claims.take(
        context_of(workspace=workspace, store=store, seat=OTHER, now=noon),
        claim_rules.Request("T", "codex-2", status="paused"),
    )
    commit, failed = store.commit, []

    def stale_once(changes):
        if not failed:
            failed.append(True)
            raise StaleVersion("claims/T")
        return commit(changes)

    monkeypatch.setattr(store, "commit", stale_once)
    assert take(reason="agreed").claim.fence == 2
    with open(workspace.agent_report("codex-1").child("session_guard/warnings.jsonl").path) as log:
        assert [json.loads(line)["code"] for line in log] == ["takeover_forced"]
    assert events(store)[-1]["meta"] == {
        "override": "takeover_forced",
        "previous_holder": "codex-2",
        "reason": "agreed",
    }


def test_a_guarded_event_is_refused_recorded_and_not_written(workspace, store, take, noon):
    take(OTHER)
    with pytest.raises(GuardError) as refusal:
        posts.post(
            context_of(workspace=workspace, store=store, seat=ME, now=noon),
            posts.EventDraft("complete", "s", task_id="T"),
        )
    assert "codex-2" in refusal.value.message and len(events(store)) == 1
    with open(workspace.agent_report("codex-1").child("errors.jsonl").path) as log:
        assert json.loads(log.read())["claim_owner"] == "codex-2"


@pytest.mark.parametrize("text", ["", "   ", "a\nb", "a\rb", "x" * 2001])
def test_a_summary_is_one_line_of_bounded_length(text):
    with pytest.raises(UsageError):
        posts.summary_of(text)


def test_claims_that_cannot_be_read_are_named_and_the_others_listed(workspace, store, take):
    take()
    folder = os.path.join(workspace.bus.path, "claims")
    for name, content in {"BAD.json": b"{", "a b.json": b"{}", "LIST.json": b"[]"}.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(content)
    os.symlink("T.json", os.path.join(folder, "LINK.json"))
    os.mkfifo(os.path.join(folder, "PIPE.json"))
    claims_read, problems = claim_documents.all_claims(store)
    assert [claim.task_id for claim in claims_read] == ["T"]
    assert len(problems) == 5 and all(problem.path.startswith("_bus/claims/") for problem in problems)


def test_a_plan_is_missing_only_where_one_is_named(workspace):
    assert claims.plan_is_missing(workspace, "2026-01-31-x") and not claims.plan_is_missing(workspace, "")
    files.replace(workspace.plan("2026-01-31-x"), b"{}")
    assert not claims.plan_is_missing(workspace, "2026-01-31-x")
