"""The claim rules: who may take, keep, release and pause, and what a refusal says."""

from datetime import timedelta

import pytest

from tools.core import clock
from tools.core.bus.rules import claim_rules, release_rules
from tools.core.bus.rules.claim_rules import Facts, Request
from tools.core.bus.rules.release_rules import PauseRequest
from tools.core.context import as_module
from tools.core.errors import ConflictError, GuardError, UsageError
from tools.core.models.bus import Assignment


@pytest.fixture
def facts(noon):
    """The facts of a decision, by default at noon."""
    return lambda **values: Facts(**{"now": noon, **values})


@pytest.fixture
def assigned():
    def make(engineer, at="2026-01-31T10:00:00Z"):
        return Assignment(task_id="T", engineer=engineer, manager="boss", assigned_at=at)

    return make


def ask(**fields):
    return Request(**{"task": "T", "agent": "codex-2", **fields})


def ago(noon, **distance):
    return clock.to_text(noon - timedelta(**distance))


def test_an_unclaimed_task_is_granted(facts):
    outcome = claim_rules.take(None, ask(plan="2026-01-31-x", paths=("a/",)), facts())
    assert (outcome.event, outcome.claim.agent_id, outcome.claim.fence) == ("claim", "codex-2", 1)
    assert outcome.claim.branch == "agent/codex-2/t" and outcome.claim.claimed_at == "2026-01-31T12:00:00Z"
    assert outcome.claim.taken_from is None and outcome.overrides == ()


def test_a_refusal_names_the_holder_the_age_and_the_last_sign_of_life(facts, claim, noon):
    with pytest.raises(ConflictError) as refusal:
        claim_rules.take(claim(), ask(), facts(last_seen=noon - timedelta(minutes=5)))
    assert (
        "codex-1" in refusal.value.message and "for 1h" in refusal.value.message and "5m ago" in refusal.value.message
    )
    assert refusal.value.details["holder"] == "codex-1" and "--target codex-1" in as_module(refusal.value.hint)


def test_an_active_claim_is_never_taken_however_silent_its_holder(facts, claim):
    old = claim(claimed_at="2020-01-01T00:00:00Z")
    with pytest.raises(ConflictError):
        claim_rules.take(old, ask(reason="gone", stale_after=timedelta(0)), facts())


def test_claiming_what_i_hold_changes_only_what_i_say(facts, claim):
    own = claim(plan_id="2026-01-31-x", notes="kept", paths=("a/",))
    assert claim_rules.take(own, ask(agent="codex-1"), facts()).event == ""
    outcome = claim_rules.take(own, ask(agent="codex-1", branch="new"), facts())
    assert (outcome.event, outcome.claim.branch, outcome.claim.notes, outcome.claim.paths) == (
        "claim",
        "new",
        "kept",
        ("a/",),
    )
    assert outcome.claim.claimed_at == own.claimed_at and outcome.claim.fence == 1


def test_my_own_paused_claim_becomes_active_again(facts, claim):
    outcome = claim_rules.take(claim(status="paused", paused_by="codex-2"), ask(agent="codex-1"), facts())
    assert outcome.claim.status == "active" and outcome.claim.paused_by == ""


@pytest.mark.parametrize("agent", ["codex-1", "codex-2"])
def test_done_is_done_even_for_its_holder_unless_reopened_with_a_reason(facts, claim, agent):
    done = claim(status="done", released_at="2026-01-31T11:30:00Z")
    with pytest.raises(ConflictError) as refusal:
        claim_rules.take(done, ask(agent=agent), facts())
    assert "codex-1" in refusal.value.message and "2026-01-31T11:30:00Z" in refusal.value.message
    with pytest.raises(UsageError):
        claim_rules.take(done, ask(agent=agent, reopen=True), facts())
    outcome = claim_rules.take(done, ask(agent=agent, reopen=True, reason="bug"), facts())
    assert outcome.event == "reopened" and outcome.claim.released_at == ""
    assert outcome.claim.fence == 2 and outcome.overrides[0].reason == "bug"


def test_a_released_task_is_granted_with_a_higher_fence(facts, claim):
    outcome = claim_rules.take(claim(status="released", released_at="2026-01-31T11:30:00Z", fence=7), ask(), facts())
    assert (outcome.event, outcome.claim.fence, outcome.claim.taken_from.agent_id) == ("claim", 8, "codex-1")
    assert outcome.claim.released_at == "" and outcome.claim.claimed_at == "2026-01-31T12:00:00Z"


def test_a_claim_paused_by_another_is_free_to_take(facts, claim):
    outcome = claim_rules.take(claim(status="paused", paused_by="codex-3", notes="crashed"), ask(), facts())
    assert outcome.event == "takeover" and outcome.claim.taken_from.reason == "crashed"
    assert outcome.claim.fence == 2 and outcome.claim.paused_by == ""


def test_a_holders_own_pause_needs_silence_or_a_reason(facts, claim, noon):
    paused = claim(status="paused")
    with pytest.raises(ConflictError) as refusal:
        claim_rules.take(paused, ask(), facts(last_seen=noon))
    assert "--reason" in as_module(refusal.value.hint)
    assert claim_rules.take(paused, ask(reason="agreed"), facts(last_seen=noon)).overrides[0].code == "takeover_forced"
    silent = facts(now=noon + timedelta(hours=9))
    assert claim_rules.take(paused, ask(), silent).overrides == ()


def test_staleness_begins_exactly_after_the_time_given(facts, claim, noon):
    held = claim(claimed_at=ago(noon, minutes=240))
    assert claim_rules.is_stale(held, facts(), timedelta(minutes=240))
    assert not claim_rules.is_stale(held, facts(), timedelta(minutes=241))
    assert not claim_rules.is_stale(held, facts(last_seen=noon - timedelta(minutes=10)), timedelta(minutes=240))


def test_a_stamp_from_a_far_future_is_no_sign_of_life(facts, claim, noon):
    assert claim_rules.is_stale(claim(claimed_at="2028-01-01T00:00:00Z"), facts(), timedelta(hours=1))
    assert claim_rules.is_stale(claim(claimed_at="nonsense"), facts(), timedelta(hours=1))


def test_a_clock_that_is_off_makes_a_holder_unknown_and_never_dead(facts, claim):
    assert not claim_rules.is_stale(claim(claimed_at="2026-01-31T18:00:00Z"), facts(), timedelta(hours=1))
    assert not claim_rules.is_stale(
        claim(claimed_at="2026-01-30T12:00:00Z"), facts(is_clock_sound=False), timedelta(hours=1)
    )


def test_what_is_assigned_to_another_needs_an_override_with_evidence(facts, assigned):
    with pytest.raises(GuardError) as refusal:
        claim_rules.take(None, ask(), facts(assignment=assigned("codex-1")))
    assert "codex-1" in refusal.value.message and "boss" in refusal.value.message
    outcome = claim_rules.take(None, ask(allow_unassigned=True, reason="urgent"), facts(assignment=assigned("codex-1")))
    assert [override.code for override in outcome.overrides] == ["assignment_override"]


@pytest.mark.parametrize("engineer", ["codex-2", None])
def test_a_task_assigned_to_the_claimant_or_to_no_engineer_is_free(facts, assigned, engineer):
    assert claim_rules.take(None, ask(), facts(assignment=assigned(engineer))).overrides == ()


def test_an_engineer_who_gave_it_back_frees_the_assignment_and_a_later_one_binds_again(facts, assigned, claim):
    given_back = claim(status="released", released_at="2026-01-31T11:30:00Z")
    assert claim_rules.take(given_back, ask(), facts(assignment=assigned("codex-1"))).overrides == ()
    with pytest.raises(GuardError):
        claim_rules.take(given_back, ask(), facts(assignment=assigned("codex-1", at="2026-01-31T11:45:00Z")))


@pytest.mark.parametrize("task", ["manager-report", "BUS-COORD-0004", "agent-codex-1"])
def test_a_thread_is_no_task(facts, task):
    with pytest.raises(ConflictError) as refusal:
        claim_rules.take(None, ask(task=task), facts())
    assert "bus_message" in as_module(refusal.value.hint)


def test_overlapping_paths_warn_and_when_exclusive_refuse(facts, claim):
    held = claim(task_id="U", paths=("/src/",))
    outcome = claim_rules.take(None, ask(paths=("src/app.py", "/docs/")), facts(live=[held]))
    assert len(outcome.warnings) == 1 and "codex-1 holds with U" in outcome.warnings[0]
    with pytest.raises(ConflictError):
        claim_rules.take(None, ask(paths=("src/app.py",), exclusive=True), facts(live=[held]))


def test_my_own_other_claims_do_not_overlap_mine(facts, claim):
    assert (
        claim_rules.take(
            None, ask(agent="codex-1", paths=("src/",)), facts(live=[claim(task_id="U", paths=("src/",))])
        ).warnings
        == ()
    )


@pytest.mark.parametrize("status", ["done", "released"])
def test_only_the_holder_gives_back_and_twice_is_once(facts, claim, status):
    outcome = release_rules.release(claim(), "T", "codex-1", status, "ok", facts())
    assert (outcome.event, outcome.claim.status, outcome.claim.notes) == ("release", status, "ok")
    assert outcome.claim.released_at == "2026-01-31T12:00:00Z"
    assert release_rules.release(outcome.claim, "T", "codex-1", "released", None, facts()).event == ""
    for current in (None, claim()):
        with pytest.raises(GuardError):
            release_rules.release(current, "T", "codex-2", status, None, facts())


def test_a_pause_by_another_needs_silence_or_force_with_a_reason(facts, claim, noon):
    def pause(**more):
        return release_rules.pause(claim(), PauseRequest("T", "codex-2", "crashed?", **more), facts(last_seen=noon))

    with pytest.raises(ConflictError):
        pause()
    with pytest.raises(UsageError):
        pause(force=True)
    assert pause(force=True, reason="manager asked").overrides[0].code == "takeover_forced"
    outcome = pause(stale_after=timedelta(0))
    assert (outcome.event, outcome.claim.paused_by, outcome.claim.agent_id, outcome.claim.fence) == (
        "pause",
        "codex-2",
        "codex-1",
        1,
    )


def test_a_holder_may_pause_instead_of_releasing_and_says_why(facts, claim):
    outcome = release_rules.release(claim(), "T", "codex-1", "paused", "lunch", facts())
    assert (outcome.event, outcome.claim.status, outcome.claim.notes) == ("pause", "paused", "lunch")
    assert outcome.claim.paused_by == "" and outcome.claim.released_at == ""


def test_a_claim_that_another_paused_is_not_paused_again(facts, claim):
    paused = claim(status="paused", paused_by="boss")
    outcome = release_rules.pause(paused, PauseRequest("T", "codex-2", "again"), facts())
    assert (outcome.event, outcome.claim) == ("", paused)
    assert "by boss already" in outcome.warnings[0]


def test_what_is_finished_or_unheld_cannot_be_paused(facts, claim):
    with pytest.raises(GuardError):
        release_rules.pause(None, PauseRequest("T", "a", "n"), facts())
    with pytest.raises(ConflictError):
        release_rules.pause(claim(status="done"), PauseRequest("T", "codex-1", "n"), facts())


@pytest.mark.parametrize("event", ["complete", "pr_opened", "release"])
def test_results_are_told_by_the_holder_or_after_the_end(claim, event):
    def refused(current, agent="codex-2"):
        return claim_rules.refuses_event(event, current, agent, task="T", is_manager=False, engineer=None)

    assert refused(None) and refused(claim()) and refused(claim(status="paused"))
    assert not refused(claim(), "codex-1") and not refused(claim(status="done"))


@pytest.mark.parametrize("event", ["status", "proposal"])
def test_news_of_a_held_task_comes_from_holder_assignee_or_manager(claim, event):
    def refused(current=None, agent="codex-2", is_manager=False, engineer=None):
        return claim_rules.refuses_event(event, current, agent, task="T", is_manager=is_manager, engineer=engineer)

    assert refused(claim())
    assert not any(
        [refused(), refused(claim(), "codex-1"), refused(claim(status="paused")), refused(claim(), is_manager=True)]
    )
    assert not refused(claim(), engineer="codex-2")


def test_hub_directives_and_inboxes_are_open_to_every_seat(claim):
    for task in ("manager-report", "BUS-COORD-1", "agent-x"):
        assert not claim_rules.refuses_event("complete", None, "a", task=task, is_manager=False, engineer=None)
