"""The rules for plans: transitions, shape, and forty planted defects each found at its place."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CHECKOUT
from tools.core.errors import UsageError
from tools.core.models.lenient import claim_from
from tools.core.models.plan import PLAN_STATUSES
from tools.core.plans import edits, rules
from tools.core.plans.fixes import FIXES
from tools.core.plans.rules import Facts
from tools.core.receipts.paths import PathProblem

RELAXED = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
NAME = "2026-01-02-demo"
PROOF = "_report/agent/a/proof.json"
CLAIM = "_bus/claims/T-1.json"

FACTS = Facts(
    receipts={
        "gone.txt": PathProblem("plan.receipt.missing", "does not exist"),
        "ignored.txt": PathProblem("plan.receipt.ignored", "is ignored by git"),
        "new.txt": PathProblem("plan.receipt.untracked", "is not tracked by git"),
        "bad.json": PathProblem("plan.receipt.unparseable", "does not parse"),
        "forged.json": PathProblem("plan.receipt.broken", "is broken"),
    },
    links={"queue/404-x.md": PathProblem("plan.link.missing", "does not exist")},
    claims={
        CLAIM: claim_from({"agent_id": "b", "status": "active", "plan_id": "2026-01-02-other"}, "T-1"),
        "_bus/claims/T-2.json": claim_from({"agent_id": "b", "status": "active", "plan_id": NAME}, "T-2"),
        "_bus/claims/T-3.json": claim_from({"agent_id": "b", "status": "done"}, "T-3"),
    },
)


def good() -> dict[str, Any]:
    """A plan that is strictly valid."""
    return {
        "version": 0,
        "plan_id": NAME,
        "created": "2026-01-02T03:04:05Z",
        "actor": "a",
        "summary": "s",
        "status": "in_progress",
        "steps": [
            {"id": "S1", "title": "one", "status": "done", "notes": "n", "receipts": [PROOF]},
            {"id": "S2", "title": "two", "status": "in_progress", "receipts": []},
            {"id": "S3", "title": "three", "status": "queued"},
        ],
        "checkpoint": {"description": "d", "owner": "a", "status": "pending"},
        "receipts": [PROOF],
        "links": [{"type": "queue", "ref": "queue/001-x.md"}, {"type": "bus", "ref": "_bus/claims/T-2.json"}],
        "priority": 1,
        "impact_score": 2.5,
        "layer": "L4",
        "systemic_scale": 3,
        "systemic_targets": ["S1", "S10"],
    }


def put(pointer: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Sets what a pointer names."""

    def change(plan: dict[str, Any]) -> None:
        *above, last = pointer.split("/")[1:]
        part: Any = plan
        for key in above:
            part = part[int(key) if isinstance(part, list) else key]
        if isinstance(part, list):
            part[int(last) :] = [value]
        else:
            part[last] = value

    return change


def drop(pointer: str) -> Callable[[dict[str, Any]], None]:
    """Removes what a pointer names."""

    def change(plan: dict[str, Any]) -> None:
        *above, last = pointer.split("/")[1:]
        part: Any = plan
        for key in above:
            part = part[int(key) if isinstance(part, list) else key]
        del part[last]

    return change


def all_of(*changes: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """Does one change after the other."""

    def change(plan: dict[str, Any]) -> None:
        for one in changes:
            one(plan)

    return change


def _same(pointer: str, value: Any) -> tuple[str, Callable[[dict[str, Any]], None]]:
    return pointer, put(pointer, value)


DEFECTS: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("/version", drop("/version")),
    _same("/version", -1),
    _same("/version", "0"),
    _same("/version", True),
    _same("/plan_id", "2026-01-02-other"),
    _same("/plan_id", "2026-02-30-demo"),
    _same("/created", "yesterday"),
    _same("/created", "2026-01-02T03:04:05+01:00"),
    _same("/created", "2026-13-02T03:04:05Z"),
    _same("/actor", ""),
    ("/actor", drop("/actor")),
    _same("/summary", "two\nlines"),
    _same("/summary", 5),
    _same("/status", "pending"),
    _same("/status", "started"),
    _same("/steps", []),
    _same("/steps", {"S1": "one"}),
    _same("/steps/1/id", "S1"),
    ("/steps/1/title", drop("/steps/1/title")),
    _same("/steps/2/status", "in_progress"),
    _same("/steps/1/status", "Done"),
    ("/steps/0/receipts", drop("/steps/0/receipts")),
    _same("/steps/0/receipts", []),
    _same("/steps/0/receipts", PROOF),
    ("/steps/0/receipts/1", put("/steps/0/receipts/1", PROOF)),
    _same("/steps/0/colour", "red"),
    ("/checkpoint", drop("/checkpoint")),
    _same("/checkpoint/status", "done"),
    ("/checkpoint/status", all_of(put("/checkpoint/status", "satisfied"), put("/receipts", []))),
    ("/checkpoint/owner", drop("/checkpoint/owner")),
    ("/checkpoint/status", put("/status", "done")),
    ("/steps/2/status", put("/status", "done")),
    _same("/receipts/0", "/etc/passwd"),
    _same("/receipts/0", "../outside.txt"),
    _same("/receipts/0", "a\\b"),
    _same("/receipts/0", ""),
    _same("/receipts/0", 7),
    _same("/receipts/0", "gone.txt"),
    _same("/receipts/0", "ignored.txt"),
    _same("/receipts/0", "new.txt"),
    _same("/receipts/0", "bad.json"),
    _same("/receipts/0", "forged.json"),
    _same("/links/0/ref", "queue/404-x.md"),
    ("/links/1/ref", put("/links/1", {"type": "bus", "ref": CLAIM})),
    ("/links/0/ref", drop("/links/0/ref")),
    _same("/priority", -1),
    _same("/impact_score", "high"),
    _same("/layer", "L7"),
    _same("/systemic_scale", 0),
    _same("/systemic_targets/0", "S11"),
    _same("/impact_ref", "x"),
]


def test_a_good_plan_has_no_findings() -> None:
    assert rules.strict(good(), NAME, FACTS) == []
    assert rules.shape(good(), NAME) == []


def test_there_are_forty_defects_and_more() -> None:
    assert len(DEFECTS) >= 40


@pytest.mark.parametrize(("pointer", "plant"), DEFECTS)
def test_a_planted_defect_is_reported_at_its_place(pointer: str, plant: Callable[[dict[str, Any]], None]) -> None:
    plan = good()
    plant(plan)
    assert pointer in [finding.pointer for finding in rules.strict(plan, NAME, FACTS)]


def test_several_defects_are_all_reported_in_one_run() -> None:
    plan = good()
    wanted = ["/version", "/created", "/steps/1/id", "/checkpoint/owner", "/receipts/0", "/links/1/ref", "/layer"]
    for _pointer, plant in [
        *[(pointer, plant) for pointer, plant in DEFECTS if pointer in wanted and pointer != "/created"],
        ("/created", put("/created", "2026-13-02T03:04:05Z")),
    ]:
        with_it = copy.deepcopy(plan)
        plant(with_it)
        plan = with_it
    found = {finding.pointer for finding in rules.strict(plan, NAME, FACTS)}
    assert found.issuperset(wanted)


def test_every_rule_has_the_command_that_mends_it() -> None:
    modules = ("plans/rules", "plans/citations", "plans/check", "receipts/paths")
    source = "".join((CHECKOUT / "tools" / "core" / f"{name}.py").read_text() for name in modules)
    named = set(re.findall(r'"(plan\.[a-z_.]+)"', source))
    states = {f"plan.receipt.{state}" for state in ("missing", "ignored", "untracked")}
    assert named - {"plan.transition"} | states == FIXES.keys()


def test_old_forms_are_findings_only_when_strict() -> None:
    plan = {**good(), "created": "2026-01-02T03:04:05+01:00", "status": "pending", "impact_ref": "x"}
    plan["steps"][2]["status"] = "pending"
    plan["checkpoint"]["receipts"] = ["x"]
    assert rules.shape(plan, NAME) == []
    strict = {finding.pointer for finding in rules.strict(plan, NAME, FACTS)}
    assert strict == {"/created", "/status", "/impact_ref", "/steps/2/status", "/checkpoint/receipts"}


def test_a_finished_claim_may_name_any_plan() -> None:
    plan = good()
    plan["links"] = [{"type": "bus", "ref": "_bus/claims/T-3.json"}]
    assert rules.strict(plan, NAME, FACTS) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*good(), "id", "ref"]), inner),
    max_leaves=10,
)


@RELAXED
@given(st.dictionaries(st.sampled_from(list(good())), JSON))
def test_no_content_at_all_makes_a_check_raise(raw: dict[str, Any]) -> None:
    assert rules.strict({**good(), **raw}, NAME, FACTS) is not None
    assert rules.shape(raw, NAME)


@RELAXED
@given(st.sampled_from(PLAN_STATUSES), st.sampled_from(PLAN_STATUSES))
def test_a_step_moves_only_along_its_transitions(before: str, after: str) -> None:
    plan = good()
    plan["steps"][2]["status"] = before
    if before == after or after in rules.MAY_BECOME[before]:
        assert edits.set_step(plan, "S3", status=after)["steps"][2]["status"] == after
    else:
        with pytest.raises(UsageError, match="legal"):
            edits.set_step(plan, "S3", status=after)


@RELAXED
@given(st.sampled_from(["x.txt", "y.txt"]), st.sampled_from([None, "S1", "S2", "S3"]))
def test_detaching_takes_back_what_was_attached(path: str, step: str | None) -> None:
    plan = good()
    attached = edits.attach(plan, path, step)
    assert edits.attach(attached, path, step) == attached
    back = edits.detach(attached, path, step)
    back["steps"][2].pop("receipts", None)
    assert back == good()


def test_edits_never_change_the_plan_they_are_given() -> None:
    plan = good()
    edits.add_link(edits.add_step(plan, "more"), "doc", "README.md")
    edits.set_checkpoint(plan, status="superseded")
    assert plan == good()


def test_a_plan_is_not_done_while_steps_are_open() -> None:
    with pytest.raises(UsageError, match="S2, S3"):
        edits.set_status(good(), "done")
