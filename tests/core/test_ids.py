"""Names from outside: what may touch a path and what never does."""

import re
from difflib import get_close_matches

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core import ids
from tools.core.errors import UsageError

HOSTILE = ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-flag", "a..b", "a--b", "a.", "a b", "a\n", "a\0", "é", "a.lock",
           "CON", "nul", "COM1", "lpt9.txt", "a\x1b[31m", "\u202ea", "A" * 129, "a\u200bb"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_pass_no_rule(text):
    assert not ids.is_task(text)
    assert not ids.is_agent(text)
    assert not ids.is_plan(text)
    with pytest.raises(UsageError) as refusal:
        ids.require_task(text)
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize("text", ["QUEUE-001", "codex-1", "a", "A.b_c-d", "PLAN-2025-09-19-x", "COM10"])
def test_the_playbooks_names_pass(text):
    assert ids.require_task(text) == text
    assert ids.require_agent(text) == text


def test_an_agents_name_is_shorter_than_a_tasks():
    assert ids.is_agent("a" * 64) and not ids.is_agent("a" * 65)
    assert ids.is_task("a" * 128) and not ids.is_task("a" * 129)


@given(st.text(max_size=20))
def test_a_name_that_passes_is_one_harmless_path_component(text):
    if ids.is_task(text):
        assert text.isascii() and text.isprintable()
        assert not set(text) & set('/\\:*?"<>| ') and text[0].isalnum() and text[-1].isalnum()


@pytest.mark.parametrize("given", ["2026-01-31-login-form", "_plans/2026-01-31-login-form.plan.json"])
def test_a_plan_is_given_by_id_or_by_path(given):
    assert ids.require_plan(given) == "2026-01-31-login-form"


@pytest.mark.parametrize(
    "text", ["2026-02-30-x", "2026-01-31", "2026-01-31-A", "../2026-01-31-x", "_plans/../x.plan.json"]
)
def test_a_plan_needs_a_real_date_and_a_slug(text):
    with pytest.raises(UsageError):
        ids.require_plan(text)


def test_record_ids_are_new_sort_by_time_and_pass_their_own_rule():
    made = [ids.new_record_id(moment) for moment in (0, 1, 1 << 20, (1 << 48) - 1)]
    assert made == sorted(made)
    assert all(ids.is_record(one) for one in made)
    assert len({ids.new_record_id(5) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "01", "8" + "0" * 25, "0" * 25 + "I", "0" * 27, None])
def test_what_is_no_record_id_is_refused(text):
    assert not ids.is_record(text)


def test_threads_that_are_nobodys_work_are_told_apart_whatever_their_case():
    assert all(
        map(ids.is_thread_only, ["manager-report", "Manager-Report", "BUS-COORD-0004", "bus-coord-1", "agent-codex-1"])
    )
    assert not ids.is_thread_only("QUEUE-1")


def test_a_branch_is_made_of_agent_and_task():
    assert ids.default_branch("codex-1", "QUEUE-001") == "agent/codex-1/queue-001"


@given(st.text(max_size=80))
def test_a_slug_is_always_a_file_name(text):
    made = ids.slug(text)
    assert 0 < len(made) <= 60 and set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_refusal_shows_a_long_name_shortened():
    with pytest.raises(UsageError) as refusal:
        ids.require_agent("x" * 5000)
    assert len(refusal.value.message) < 300


@given(
    st.text(alphabet="aZ09_.-é /A", max_size=6) | st.from_regex(ids.PLAN_PATTERN) | st.from_regex(ids.RECORD_PATTERN)
)
def test_the_tests_of_names_hold_what_their_patterns_say(text):
    matches = {
        name: re.fullmatch(getattr(ids, f"{name}_PATTERN")[1:-1], text) is not None
        for name in ("WORD", "KEY", "RECORD")
    }
    assert matches == {"WORD": ids.is_word(text), "KEY": ids.is_key(text), "RECORD": ids.is_record(text)}
    assert not ids.is_plan(text) or re.fullmatch(ids.PLAN_PATTERN[1:-1], text)


@given(st.text(max_size=12))
def test_a_branch_has_only_what_a_branch_may_have(task):
    assert ids.default_branch("a", task) == f"agent/a/{re.sub(r'[^a-z0-9._-]+', '-', task.lower())}"


NAMES = st.text("ABE-01", min_size=1, max_size=8)


@given(NAMES, st.lists(NAMES, max_size=5))
def test_what_comes_near_is_what_a_comparison_of_all_words_finds(word, names):
    close = get_close_matches(word, sorted(names), 3, 0.8)
    assert ids.near(word, names) == (f"; near: {', '.join(close)}" if close else "")
