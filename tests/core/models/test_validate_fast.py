"""The cheap tests are never looser than the strict check, and pass what the toolkit writes."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.models.test_validate import GOOD
from tools.core.models import validate, validate_fast
from tools.core.models.plan import Plan

PLAN = {
    "version": 0,
    "plan_id": "2026-01-02-x",
    "created": "2026-01-02T12:00:00Z",
    "actor": "codex-1",
    "summary": "a plan",
    "status": "queued",
    "steps": [{"id": "S1", "title": "do", "status": "done", "notes": "", "receipts": ["_report/x.json"]}],
    "checkpoint": {"description": "d", "owner": "o", "status": "pending"},
    "receipts": [],
    "links": [{"type": "bus", "ref": "T-1"}],
    "priority": None,
    "impact_score": 1,
    "layer": "L2",
    "systemic_scale": 10,
    "systemic_targets": ["S1"],
}
ODD = [
    None,
    "",
    " ",
    "x",
    "\ud800",
    "a\nb",
    0,
    -1,
    11,
    True,
    1.5,
    float("nan"),
    [],
    [""],
    [1],
    {},
    {"a": 1},
    "2026-02-30T12:00:00Z",
]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_what_the_toolkit_writes_passes(name):
    assert validate_fast.is_valid(validate.RECORDS[name], GOOD[name])


def test_a_plan_with_every_field_passes():
    assert validate.explain(Plan, PLAN) == []
    assert validate_fast.is_valid(Plan, PLAN)


@pytest.mark.parametrize("field", sorted(PLAN))
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_no_odd_value_passes_that_the_strict_check_refuses(field, value):
    raw = {**PLAN, field: value}
    assert not validate_fast.is_valid(Plan, raw) or validate.explain(Plan, raw) == []


@given(
    st.sampled_from(["steps", "checkpoint", "links"]),
    st.sampled_from(["id", "title", "status", "notes", "receipts", "type", "ref", "owner", "description", "more"]),
    st.sampled_from(ODD) | st.text(max_size=5),
)
def test_nor_any_inside_a_part_of_a_plan(part, field, value):
    raw = copy.deepcopy(PLAN)
    inner = raw[part] if part == "checkpoint" else raw[part][0]
    inner[field] = value
    assert not validate_fast.is_valid(Plan, raw) or validate.explain(Plan, raw) == []


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_nor_any_in_another_record(name, data):
    raw = dict(GOOD[name])
    raw[data.draw(st.sampled_from(sorted(raw)))] = data.draw(st.sampled_from(ODD) | st.text(max_size=5))
    kind = validate.RECORDS[name]
    assert not validate_fast.is_valid(kind, raw) or validate.explain(kind, raw) == []
