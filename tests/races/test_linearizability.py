"""The checker itself: it accepts what one operation at a time explains and nothing else."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.races import evidence
from tests.races.linearizability import IMPOSSIBLE, Operation, check, out_of_order
from tests.races.models import Answer
from tests.races.schedule import Call


def lock(state, operation):
    """A task that one client at a time may hold; answers are True and False."""
    client, call, answer = operation.client, operation.call, operation.answer
    if call == "read":
        return state if answer == state else IMPOSSIBLE
    allowed = state is None if call == "claim" else state == client
    if answer != allowed:
        return IMPOSSIBLE
    after = client if call == "claim" else None
    return after if allowed else state


def holds(*history):
    return check([Operation(*operation) for operation in history], None, lock).holds


def test_one_after_the_other_is_accepted():
    assert holds(("a", 1, 2, "claim", True), ("b", 3, 4, "claim", False), ("a", 5, 6, "release", True))


def test_no_history_at_all_is_accepted():
    assert holds()


def test_two_winners_are_rejected_though_they_asked_at_once():
    assert not holds(("a", 1, 9, "claim", True), ("b", 1, 9, "claim", True))


def test_a_refusal_while_nobody_could_have_held_it_is_rejected():
    assert not holds(("a", 1, 2, "claim", True), ("a", 3, 4, "release", True), ("b", 5, 6, "claim", False))


def test_a_refusal_is_accepted_while_the_release_was_under_way():
    assert holds(("a", 1, 2, "claim", True), ("a", 3, 6, "release", True), ("b", 5, 7, "claim", False))


def test_a_claim_that_was_lost_is_rejected_by_a_later_read():
    assert not holds(("a", 1, 2, "claim", True), ("c", 3, 4, "read", None))


def test_answers_may_take_effect_in_another_order_than_they_were_given():
    assert holds(("a", 1, 10, "claim", True), ("b", 2, 3, "read", "a"), ("b", 4, 5, "claim", False))


def test_a_read_that_goes_back_in_time_is_rejected():
    assert not holds(("a", 1, 10, "claim", True), ("b", 2, 3, "read", "a"), ("b", 4, 5, "read", None))


def test_the_search_steps_back_where_its_first_choice_leads_nowhere():
    both = [("a", 1, 10, "claim", True), ("b", 1, 10, "claim", True), ("a", 1, 10, "release", True)]
    assert holds(*both, ("c", 11, 12, "read", "b"))
    assert not holds(*both, ("c", 11, 12, "read", "a"))


def test_what_does_not_fit_is_named():
    verdict = check([Operation("a", 1, 2, "claim", True), Operation("b", 3, 4, "claim", True)], None, lock)
    assert [operation.client for operation in verdict.order] == ["a"]
    assert [operation.client for operation in verdict.stuck] == ["b"] and "b claim -> True" in str(verdict)


def test_a_long_history_of_many_at_once_is_decided_quickly():
    history = []
    for number in range(0, 4000, 8):
        client = f"c{number % 6}"
        history += [(client, number, number + 3, "claim", True), (client, number + 4, number + 5, "release", True)]
        history += [(f"r{reader}", number, number + 7, "claim", False) for reader in range(4)]
    assert holds(*history)
    assert not holds(*history, ("late", 9000, 9001, "release", True))


def by_trying_all_orders(history):
    for order in itertools.permutations(history):
        moments = enumerate(order)
        if any(later.acknowledged < one.invoked for n, one in moments for later in order[n + 1 :]):
            continue
        state = None
        for operation in order:
            state = lock(state, operation)
            if state is IMPOSSIBLE:
                break
        else:
            return True
    return False


moments = st.tuples(st.integers(0, 12), st.integers(0, 8))
calls = st.one_of(
    st.tuples(st.sampled_from(["claim", "release"]), st.booleans()),
    st.tuples(st.just("read"), st.sampled_from([None, "a", "b"])),
)


@given(st.lists(st.tuples(st.sampled_from("ab"), moments, calls), max_size=6))
def test_it_agrees_with_trying_all_orders(drawn):
    history = [Operation(client, start, start + span, *call) for client, (start, span), call in drawn]
    assert check(history, None, lock).holds == by_trying_all_orders(history)


@pytest.mark.parametrize(
    ("lines", "found"),
    [([(1, 2), (3, 4)], None), ([(1, 4), (2, 3)], None), ([(5, 6), (1, 7)], None), ([(5, 6), (7, 8), (1, 3)], 2)],
)
def test_a_line_behind_one_that_was_asked_for_later_is_found(lines, found):
    assert out_of_order(lines) == found


@pytest.mark.parametrize(
    ("second_begins", "agent", "expected"),
    [(5, "a", True), (5, "b", True), (5, None, False), (5, "c", False), (15, "b", True), (15, "a", False)],
)
def test_of_two_restores_at_once_either_may_be_the_last(second_begins, agent, expected):
    history = [restore("a", 1, 10), restore("b", second_begins, 20)]
    assert evidence.restored(history, agent).holds == expected


def restore(agent, invoked, acknowledged):
    answer = Answer(0, {"agent_id": agent, "changed": True}, {}, "2026-01-31T12:00:00Z")
    return Operation(agent, invoked, acknowledged, Call("restore", agent, {}, "", []), answer)
