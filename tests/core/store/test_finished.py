"""The finished claims as one text: the same as a mapping of them, whatever comes and goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.store.files.documents import finished
from tools.core.store.files.documents.finished import Ended, Finished

TASKS = ["T-1", "T-10", "1", "done", "released", "a.b_c", "OLD-3"]
CLAIM = st.builds(
    Ended, st.sampled_from(TASKS), st.sampled_from(["done", "released"]), st.sampled_from([0, 1, 2, 1_767_225_600])
)


@given(st.lists(st.one_of(CLAIM, st.sampled_from(TASKS)), max_size=20), st.integers(0, 9))
def test_claims_that_come_again_and_go_are_those_that_are_left(changes, count):
    claims: dict[str, Ended] = {}
    over = Finished()
    for change in changes:
        task = change if isinstance(change, str) else change.task
        over = over.without(task)
        claims.pop(task, None)
        if isinstance(change, Ended):
            over = over.including(change)
            claims[task] = change
    assert over == finished.of(claims.values())
    newest = sorted(claims.values(), key=lambda claim: (-claim.ended, claim.task))
    assert over.newest(count) == [claim.task for claim in newest[:count]]
    assert {task: over.state(task) for task in TASKS} == {
        task: claims[task].state if task in claims else "" for task in TASKS
    }
    states = [claim.state for claim in claims.values()]
    assert over.counts == {state: states.count(state) for state in states}


def test_moments_that_no_clock_shows_sort_at_the_ends():
    over = finished.of([Ended("old", "done", -5), Ended("far", "done", 10**20), Ended("now", "released", 5)])
    assert over.newest(3) == ["far", "now", "old"]


@pytest.mark.parametrize(
    "old, new", [(b" now ", b"-now-"), (b" now ", b" n/w "), (b"now", b"n\xffw"), (b" released", b" re eased")]
)
def test_a_line_that_is_none_is_damage(old, new):
    over = finished.of([Ended("old", "done", 1), Ended("now", "released", 5)])
    assert Finished(over.text.replace(b" old ", b"-old-")).newest(1) == ["now"]
    with pytest.raises(ValueError, match="finished claim|decode"):
        Finished(over.text.replace(old, new)).newest(1)
