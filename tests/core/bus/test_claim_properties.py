"""No sequence of requests by any agents ever yields two holders; the fence only grows, with each change of hands."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tools.core import clock
from tools.core.bus.rules import claim_rules, release_rules
from tools.core.bus.rules.claim_rules import Facts, Request
from tools.core.bus.rules.release_rules import PauseRequest
from tools.core.errors import ToolkitError
from tools.core.models.bus import Assignment, TakenFrom
from tools.core.models.lenient import claim_from
from tools.core.models.record import replace, to_mapping

agents = st.sampled_from(["a", "b", "c"])
maybe = st.booleans()
reasons = st.sampled_from(["", "because"])


class LifeOfAClaim(RuleBasedStateMachine):
    """A task in the hands of three agents who ask for anything at any time; the clock only moves on."""

    def __init__(self):
        super().__init__()
        self.now = datetime(2026, 1, 31, tzinfo=UTC)
        self.claim, self.assignment, self.last_seen = None, None, {}

    def facts(self):
        holder = self.claim.agent_id if self.claim else ""
        return Facts(self.now, self.assignment, self.last_seen.get(holder))

    def decide(self, verb, agent):
        before = self.claim
        try:
            outcome = verb()
        except ToolkitError as refusal:
            assert refusal.exit_code in (2, 3, 4)
            return
        after = outcome.claim
        self.check(before, after, outcome, agent)
        self.claim = after
        assert claim_from(to_mapping(after), "T") == after

    def check(self, before, after, outcome, agent):
        moved = before is not None and before.agent_id != after.agent_id
        granted = before is None or moved or (not before.is_live and after.is_live)
        assert after.fence == (before.fence if before else 0) + granted
        if moved:
            assert after.agent_id == agent and after.taken_from.agent_id == before.agent_id
            assert before.state != "active" and (before.state != "done" or outcome.event == "reopened")
        if outcome.event == "":
            assert before == after
        assert (after.released_at != "") == (not after.is_live)
        assert clock.parse(after.claimed_at) <= self.now

    @rule(agent=agents, status=st.sampled_from(["active", "paused"]), reason=reasons, reopen=maybe, allow=maybe)
    def take(self, agent, status, reason, reopen, allow):
        request = Request("T", agent, status=status, reason=reason, reopen=reopen, allow_unassigned=allow)
        self.decide(lambda: claim_rules.take(self.claim, request, self.facts()), agent)

    @rule(agent=agents, status=st.sampled_from(["done", "released", "paused"]))
    def release(self, agent, status):
        self.decide(lambda: release_rules.release(self.claim, "T", agent, status, None, self.facts()), agent)

    @rule(agent=agents, force=maybe, reason=reasons)
    def pause(self, agent, force, reason):
        request = PauseRequest("T", agent, "note", force=force, reason=reason)
        self.decide(lambda: release_rules.pause(self.claim, request, self.facts()), agent)

    @rule(engineer=st.none() | agents)
    def assign(self, engineer):
        self.assignment = Assignment(
            task_id="T", engineer=engineer, manager="boss", assigned_at=clock.to_text(self.now)
        )

    @rule(minutes=st.sampled_from([0, 1, 100, 241]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(agent=agents)
    def shows_a_sign_of_life(self, agent):
        self.last_seen[agent] = self.now

    @invariant()
    def whoever_lives_and_is_active_cannot_lose_it(self):
        if self.claim is None or self.claim.state != "active":
            return
        for outsider in {"a", "b", "c"} - {self.claim.agent_id}:
            with pytest.raises(ToolkitError):
                claim_rules.take(
                    self.claim, Request("T", outsider, reason="x", reopen=True, allow_unassigned=True), self.facts()
                )
            event = claim_rules.refuses_event(
                "complete", self.claim, outsider, task="T", is_manager=True, engineer=outsider
            )
            assert event


TestLifeOfAClaim = LifeOfAClaim.TestCase
TestLifeOfAClaim.settings = settings(max_examples=80, stateful_step_count=30)


def test_the_machine_would_notice_two_holders():
    machine = LifeOfAClaim()
    machine.take("a", "active", "", False, False)
    stolen = replace(machine.claim, agent_id="b", fence=2, taken_from=TakenFrom(agent_id="a", at="", reason="x"))
    with pytest.raises(AssertionError):
        machine.check(machine.claim, stolen, claim_rules.Outcome(stolen, "claim"), "b")
