"""The rules by which two clones' logs and documents become one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core import ids
from tools.core.fs import jsonl
from tools.core.store import merge

KEY = ids.new_record_id(1).encode()
RECORDS = [json.dumps({"id": ids.new_record_id(number), "n": number}).encode() for number in range(8)]
LOOSE = [b'{"by": "hand"}', b"garbage", b'{"id": "no ulid"}']
LOGS = st.lists(st.sampled_from(RECORDS + LOOSE), max_size=12).map(
    lambda lines: [line for at, line in enumerate(lines) if line in LOOSE or line not in lines[:at]]
)


def as_log(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def is_subsequence(part: list[bytes], whole: list[bytes]) -> bool:
    rest = iter(whole)
    return all(line in rest for line in part)


@given(LOGS, LOGS)
def test_a_union_keeps_the_first_as_it_is_and_every_line_of_both(one, other):
    log = merge.union(as_log(one), as_log(other))
    assert log.startswith(as_log(one))
    lines = merge.lines_of(log)
    assert all(lines.count(line) == max(one.count(line), other.count(line)) for line in {*one, *other})


@given(LOGS, LOGS, LOGS)
def test_both_sides_of_a_common_beginning_keep_their_order(base, one, other):
    one, other = base + [line for line in one if line not in base], base + [line for line in other if line not in base]
    assert is_subsequence(other, merge.lines_of(merge.union(as_log(other), as_log(one))))


@given(LOGS, LOGS)
def test_clones_that_exchanged_everything_have_nothing_more_to_exchange(one, other):
    mine = merge.lines_of(merge.union(as_log(one), as_log(other)))
    theirs = merge.lines_of(merge.union(as_log(other), as_log(one)))
    assert sorted(mine) == sorted(theirs)
    assert merge.missing(mine, theirs) == merge.missing(theirs, mine) == []


def test_a_line_without_its_end_and_one_with_a_carriage_return_are_whole_lines():
    assert merge.lines_of(b"a\r\n\n  \nb") == [b"a", b"b"]
    assert merge.union(b"a", b"b\n") == b"a\nb\n"


def claim(agent: str, fence: int = 1, status: str = "active", at: str = "2026-01-01T00:00:00Z", **more: object) -> dict:
    return {"agent_id": agent, "fence": fence, "status": status, "claimed_at": at, **more}


OLD = claim("a")


def granted(agent: str, count: int, fence: int, **more: object) -> dict:
    return claim(agent, fence, grant=f"{count}-{agent * 32}", **more)


CASES = {
    "more confirmed operations over a higher fence": (claim("a", 7), granted("b", 1, 2), None, merge.CONFLICT),
    "mine that knows of more confirmed operations": (granted("a", 2, 1), granted("b", 1, 9), None, merge.OURS),
    "two of as many confirmed operations": (granted("a", 2, 3), granted("b", 2, 2), None, merge.CONFLICT),
    "one of mine that the remote had before": (claim("a"), claim("b"), claim("a"), merge.OURS),
    "a finished one over a live one of the same grant": (claim("a", status="done"), claim("a"), None, merge.OURS),
    "a higher fence of theirs over mine that is old": (OLD, claim("b", 2), OLD, merge.THEIRS),
    "a higher fence of theirs over a takeover of mine": (claim("c", 2), claim("b", 3), OLD, merge.CONFLICT),
    "a higher fence of mine": (claim("b", 2), OLD, OLD, merge.OURS),
    "two new claims": (claim("a"), claim("b"), None, merge.CONFLICT),
    "a claim that I gave back already": (claim("a", status="done"), claim("b"), None, merge.THEIRS),
    "my change of a claim that they left alone": (claim("a", status="done"), OLD, OLD, merge.OURS),
    "their change of a claim that I left alone": (OLD, claim("a", status="done"), OLD, merge.THEIRS),
    "both changed it and theirs is newer": (
        claim("a", notes="x", updated_at="2026-01-01T01:00:00Z"),
        claim("a", status="done", released_at="2026-01-01T02:00:00Z"),
        OLD,
        merge.THEIRS,
    ),
    "both changed it and mine is newer": (
        claim("a", status="done", released_at="2026-01-01T03:00:00Z"),
        claim("a", notes="x", updated_at="2026-01-01T01:00:00Z"),
        OLD,
        merge.OURS,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_of_two_claims_one_is_the_truth(case):
    ours, theirs, base, expected = case
    assert merge.claim("T-1", ours, theirs, base) == expected


@given(st.integers(1, 3), st.integers(1, 3), st.sampled_from("ab"), st.sampled_from("ab"))
def test_after_one_clone_pushed_both_hold_the_same_claim(one_fence, other_fence, one, other):
    first, second = claim(one, one_fence), claim(other, other_fence)
    at_second = second if merge.claim("T", second, first, None) == merge.OURS else first
    at_first = first if merge.claim("T", first, at_second, first) == merge.OURS else at_second
    assert at_first == at_second or (one, one_fence) == (other, other_fence)


def test_one_id_with_two_contents_is_first_what_another_line_vouches_for():
    first, other = b'{"id":"%s","n":1}' % KEY, b'{"id":"%s","n":2}' % KEY
    behind = b'{"prev":"%s"}' % jsonl.line_hash(first).encode()
    for lines in ([other, first, behind], [first, other, behind], [first, behind, other]):
        assert merge.missing([], [merge.vouched_first(lines)[0]]) == [first]
        assert sorted(merge.vouched_first(lines)) == sorted(lines)


def test_the_newer_assignment_wins_where_both_changed_it():
    old, new = (
        {"engineer": "a", "assigned_at": "2026-01-01T00:00:00Z"},
        {"engineer": "b", "assigned_at": "2026-01-02T00:00:00Z"},
    )
    assert merge.assignment(old, new, None) == merge.THEIRS
    assert merge.assignment(new, old, None) == merge.OURS
    assert merge.assignment(old, new, new) == merge.OURS


def test_equal_documents_are_ours_and_a_tie_is_theirs():
    assert merge.claim("T", OLD, OLD, None) == merge.OURS
    same_time = {"engineer": "a", "assigned_at": "x"}, {"engineer": "b", "assigned_at": "y"}
    assert merge.assignment(*same_time, None) == merge.THEIRS
    assert merge.claim("T", claim("a", notes="x"), claim("a", notes="y"), None) == merge.THEIRS


def test_of_two_live_claims_of_one_holder_the_one_changed_later_wins():
    early, late = (claim("a", notes=str(hour), updated_at=f"2026-01-01T0{hour}:00:00Z") for hour in (3, 4))
    assert merge.claim("T", late, early, None) == merge.OURS
    assert merge.claim("T", early, late, None) == merge.THEIRS


def test_the_assignment_of_more_confirmed_operations_wins_whatever_its_stamp():
    old = {"engineer": "a", "assigned_at": "2026-01-01T00:00:00Z", "grant": f"2-{'a' * 32}"}
    new = {"engineer": "b", "assigned_at": "2026-01-02T00:00:00Z", "grant": f"1-{'b' * 32}"}
    assert (merge.assignment(old, new, None), merge.assignment(new, old, None)) == (merge.OURS, merge.THEIRS)


@pytest.mark.parametrize("line", [b"by hand", b'{"id":"%s"}' % KEY], ids=["by hand", "a record"])
def test_a_line_that_comes_twice_is_met_twice_by_hand_and_once_as_a_record(line):
    again = [] if b"id" in line else [line]
    assert merge.missing([line], [line, line]) == again
    assert merge.missing([], [line, line]) == [line, *again]
    assert merge.id_of(line) == ("" if again else KEY.decode())


def test_a_log_is_kept_while_every_line_is_there_in_its_order():
    assert merge.is_kept([b"a", b"b"], [b"a", b"x", b"b"])
    assert not merge.is_kept([b"a", b"b"], [b"b", b"a"])


def test_lines_of_one_content_need_no_voucher():
    line = b'{"id":"%s"}' % KEY
    assert merge.vouched_first([line, line]) == [line, line]
