"""Drift in plans is named, and mended without touching anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.plans.test_rules import NAME, good
from tools.core.plans import normalise

HYGIENE = "maintenance.plan_hygiene"

DRIFTED = """{
   "status" : "In-Progress", "odd": {"status": "kept as it is"},
   "steps": [ {"id": "S1", "status": "completed", "receipts": ["a.txt", "b.txt",
       "a.txt" , "a.txt"]}, {"id": "S2", "status": "pending_review"},
     {"id": "S3", "status": "someday"}],
   "checkpoint": {"status": " Done "},
   "receipts": ["x.txt"]
}
"""
MENDED = (
    DRIFTED.replace("In-Progress", "in_progress")
    .replace("completed", "done")
    .replace("pending_review", "queued")
    .replace(" Done ", "satisfied")
    .replace(',\n       "a.txt" , "a.txt"]', "]")
)


@pytest.fixture
def drifted(git_repo: Path, seat: Callable[..., Path]) -> Path:
    """A plan that drifts, in a checkout of codex-1."""
    seat("codex-1")
    path = git_repo / "_plans" / f"{NAME}.plan.json"
    path.parent.mkdir()
    path.write_text(DRIFTED)
    return path


def test_a_check_names_every_drift_and_writes_nothing(drifted: Path, run: Callable[..., Any]) -> None:
    found = run(HYGIENE, "--check", "--json", code=1).json["drift"]
    assert [(row["line"], row["pointer"]) for row in found] == [
        (2, "/status"),
        (3, "/steps/0/status"),
        (4, "/steps/0/receipts/2"),
        (4, "/steps/0/receipts/3"),
        (4, "/steps/1/status"),
        (5, "/steps/2/status"),
        (6, "/checkpoint/status"),
    ]
    assert drifted.read_text() == DRIFTED


def test_mending_changes_only_the_values_that_drift(drifted: Path, run: Callable[..., Any]) -> None:
    done = run(HYGIENE, "--apply", "--json", code=1).json
    assert drifted.read_text() == MENDED
    assert [row["pointer"] for row in done["drift"]] == ["/steps/2/status"]
    difference = (drifted.parent.parent / done["record"]).read_text()
    assert '-   "status" : "In-Progress"' in difference and '+   "status" : "in_progress"' in difference


def test_a_second_run_has_nothing_to_do(drifted: Path, run: Callable[..., Any]) -> None:
    drifted.write_text(DRIFTED.replace("someday", "blocked"))
    run(HYGIENE, "--apply")
    after = drifted.read_text()
    run(HYGIENE, "--check")
    assert run(HYGIENE, "--apply", "--json").json["record"] is None
    assert drifted.read_text() == after


def test_one_of_the_two_ways_must_be_chosen(drifted: Path, run: Callable[..., Any]) -> None:
    run(HYGIENE, code=2)
    run(HYGIENE, "--check", "--apply", code=2)


def test_a_plan_that_cannot_be_read_is_reported_and_the_others_are_mended(
    drifted: Path, run: Callable[..., Any]
) -> None:
    (drifted.parent / "2026-01-01-bad.plan.json").write_text("{\n nonsense")
    assert "2026-01-01-bad.plan.json:2" in run(HYGIENE, "--apply", code=1).out
    assert drifted.read_text() == MENDED


def test_the_real_history_drifts_in_one_place(history: Path, run: Callable[..., Any]) -> None:
    found = run(HYGIENE, "--check", "--root", str(history), "--json", code=1).json["drift"]
    assert [(row["path"], row["line"]) for row in found] == [("_plans/2025-11-09-plan-scope.plan.json", 24)]


WORDS = ["queued", "Active", "closed", "in progress", "DONE", "blocked", " pending", "nonsense"]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    st.lists(st.sampled_from("abc"), max_size=6),
    st.sampled_from([None, 2, "\t"]),
)
def test_what_is_mended_no_longer_drifts_and_means_the_same(words: list[str], cited: list[str], indent: Any) -> None:
    raw = good()
    raw["steps"] = [{"id": f"S{n}", "title": "t", "status": word} for n, word in enumerate(words)]
    raw["receipts"] = cited
    text = json.dumps(raw, indent=indent)
    after = normalise.fixed(text, normalise.deviations(text, raw, "x"))
    mended = json.loads(after)
    assert mended["receipts"] == list(dict.fromkeys(cited))
    assert all(drift.instead is None for drift in normalise.deviations(after, mended, "x"))
    assert {key: mended[key] for key in mended if key not in ("steps", "receipts")} == {
        key: raw[key] for key in raw if key not in ("steps", "receipts")
    }
