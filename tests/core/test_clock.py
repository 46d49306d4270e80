"""Moments and durations: what is written, and what is understood of what others wrote."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core import clock

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def test_a_moment_is_written_in_utc_and_whole_seconds():
    local = datetime(2026, 1, 31, 13, 30, 5, 999, tzinfo=timezone(timedelta(hours=1)))
    assert clock.to_text(local) == "2026-01-31T12:30:05Z"
    assert clock.file_stamp(local) == "20260131T123005Z"


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00", "20260131T120000Z"]
)
def test_foreign_stamps_are_understood(text):
    assert clock.parse(text) == NOON


def test_a_fraction_is_understood_and_is_not_canonical():
    assert clock.parse("2026-01-31T12:00:00.250Z") == NOON + timedelta(milliseconds=250)
    assert not clock.is_canonical("2026-01-31T12:00:00.250Z")


@pytest.mark.parametrize(
    "text", [None, 7, "", "yesterday", "2026-13-01T00:00:00Z", "9" * 60, "0001-01-01T00:00:00+23:59"]
)
def test_what_is_no_stamp_is_none_and_never_raises(text):
    assert clock.parse(text) is None


def test_only_the_writers_form_is_canonical():
    assert clock.is_canonical("2026-01-31T12:00:00Z")
    assert not clock.is_canonical("2026-01-31T12:00:00+00:00")
    assert not clock.is_canonical("2026-02-31T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "minutes"), [("90m", 90), ("24h", 1440), ("7d", 10080), ("2w", 20160), ("30s", 0.5), ("45", 45), ("0", 0)]
)
def test_durations_name_their_unit_or_mean_minutes(text, minutes):
    assert clock.parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "h", "-5m", "1.5h", "5y", "99999999999999m", "٣m5"])
def test_what_is_no_duration_is_none(text):
    assert clock.parse_duration(text) is None


def test_since_is_a_distance_back_or_a_stamp():
    assert clock.parse_since("90m", NOON) == NOON - timedelta(minutes=90)
    assert clock.parse_since("2026-01-30T12:00:00Z", NOON) == NOON - timedelta(days=1)
    assert clock.parse_since("999999999w", NOON) is None
    assert clock.parse_since("soon", NOON) is None


def test_five_minutes_ahead_is_the_end_of_what_is_credible():
    assert clock.is_credible(NOON + timedelta(minutes=5), NOON)
    assert not clock.is_credible(NOON + timedelta(minutes=5, seconds=1), NOON)


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45s"), (720, "12m"), (3600, "1h"), (11100, "3h 5m"), (792000, "9d 4h"), (-60, "in 1m")]
)
def test_ages_are_for_people(seconds, text):
    assert clock.age(NOON - timedelta(seconds=seconds), NOON) == text


@given(st.text(alphabet="0129 smhdw\n٣-T:Z", max_size=12))
def test_a_duration_is_what_its_pattern_says(text):
    matches = re.fullmatch(r"([0-9]{1,9})\s*([smhdw]?)", text.strip()) is not None
    assert (clock.parse_duration(text) is not None) == matches


@given(st.from_regex(r"\A[0-9]{4}[-T][0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}[:.][0-9]{2}Z?\Z") | st.text(max_size=20))
def test_a_canonical_stamp_has_the_form_that_writers_use(text):
    form = re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", text, re.ASCII)
    assert clock.is_canonical(text) == (form is not None and clock.parse(text) is not None)
