"""Whether two patterns may name the same file; in doubt they do."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.bus.rules.path_patterns import fixed_folders, may_overlap

TOGETHER = [
    ("src/app.py", "src/app.py"), ("src/", "src/app.py"), ("src", "lib/src/x"), ("*.py", "src/app.py"),
    ("src/**", "src/a/b.py"), ("src/*.py", "src/app.*"), ("**/x.py", "a/b/x.py"), ("/docs", "docs/a.md"),
    ("src/**/test.py", "src/test.py"), ("a?c", "abc"), ("[ab].py", "a.py"), ("**", "anything/at/all"),
]  # fmt: skip
APART = [
    ("src/app.py", "src/other.py"), ("/src/", "/docs/"), ("src/*.py", "src/*.md"), ("src/a*", "src/b*"),
    ("docs/**", "src/**"), ("tests/x/", "tests/y/"), ("**/x.py", "a/b/y.py"), ("src/**/a.py", "src/x/b.py"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), TOGETHER)
def test_patterns_that_share_a_file_overlap_both_ways(left, right):
    assert may_overlap(left, right) and may_overlap(right, left)


@pytest.mark.parametrize(("left", "right"), APART)
def test_patterns_that_cannot_share_a_file_do_not(left, right):
    assert not may_overlap(left, right) and not may_overlap(right, left)


part = st.sampled_from(["a", "b", "*", "**", "a*", "?b", "[ab]"])
pattern = st.lists(part, min_size=1, max_size=4).map("/".join)


@given(pattern, pattern)
def test_overlap_has_no_direction(left, right):
    assert may_overlap(left, right) == may_overlap(right, left)


@given(pattern)
def test_a_pattern_overlaps_itself(path):
    assert may_overlap(path, path)


def steps_of(left, right):
    """How many functions are entered to compare two patterns."""
    entered = []
    sys.setprofile(lambda frame, event, argument: entered.append(frame) if event == "call" else None)
    try:
        may_overlap(left, right)
    finally:
        sys.setprofile(None)
    return len(entered)


@pytest.mark.parametrize("ends", [("/x.py", "/x.py"), ("/x.py", "/y.py"), ("/b", "/c")])
def test_the_steps_grow_with_the_product_of_the_lengths_however_many_stars(ends):
    left, right = ("/".join(["**", "a"] * 30) + end for end in ends)
    assert steps_of(left, right) <= 16 * 61 * 61


def test_two_folders_at_the_root_do_not_overlap():
    assert not may_overlap("src/", "docs/")
    assert may_overlap("src/", "src/parser/lexer.py")


def test_the_fixed_folders_of_a_pattern_end_before_its_first_wildcard():
    assert fixed_folders("src/core/*.py") == ("src", "core")
    assert fixed_folders("docs/a.md") == ("docs", "a.md")
    assert fixed_folders("*") == ()
