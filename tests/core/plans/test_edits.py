"""The edits of a plan as values: what changes, what is refused, and that the plan given stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

from tools.core.errors import UsageError
from tools.core.plans import edits

PATH = "_report/agent/codex-1/proof.txt"


def plan(**fields: Any) -> dict[str, Any]:
    steps = [{"id": "S1", "title": "one", "status": "queued"}, {"id": "S3", "title": "three", "status": "queued"}]
    return {"plan_id": "2026-01-31-x", "status": "queued", "steps": steps, **fields}


def test_a_new_step_gets_the_first_free_number_after_the_count() -> None:
    assert edits.add_step(plan(), "late")["steps"][-1] == {"id": "S4", "title": "late", "status": "queued"}


def test_a_done_plan_takes_no_more_steps() -> None:
    with pytest.raises(UsageError, match="takes no more steps"):
        edits.add_step(plan(status="done"), "late")


def test_a_step_that_stays_where_it_is_can_still_be_noted() -> None:
    assert edits.set_step(plan(), "S1", status="queued", note="waits for S3")["steps"][0]["notes"] == "waits for S3"


def test_a_status_that_is_there_already_changes_nothing() -> None:
    assert edits.set_status(plan(), "queued") == plan()


@pytest.mark.parametrize(
    ("damaged", "edit"),
    [
        ({"receipts": "x"}, lambda raw: edits.attach(raw, PATH)),
        ({"checkpoint": "x"}, lambda raw: edits.set_checkpoint(raw, status="satisfied")),
        ({"links": "x"}, lambda raw: edits.add_link(raw, "bus", "_bus/claims/T.json")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_part_of_the_wrong_shape_is_refused_and_not_overwritten(damaged: dict[str, Any], edit: Any) -> None:
    before = plan(**damaged)
    with pytest.raises(UsageError, match="repair the file first"):
        edit(before)
    assert before == plan(**damaged)


def test_a_receipt_is_cited_once_and_taken_back_from_where_it_was() -> None:
    cited = edits.attach(edits.attach(plan(), PATH, "S1"), PATH, "S1")
    assert cited["steps"][0]["receipts"] == [PATH]
    assert edits.detach(cited, PATH, "S1")["steps"][0]["receipts"] == []
    with pytest.raises(UsageError, match="the plan itself does not cite"):
        edits.detach(cited, PATH)


def test_a_plan_moves_along_its_transitions_and_is_done_only_after_its_steps() -> None:
    started = edits.set_status(plan(), "in_progress")
    assert started["status"] == "in_progress"
    with pytest.raises(UsageError, match="open steps: S1, S3"):
        edits.set_status(started, "done")


def test_an_id_that_a_step_has_is_not_given_twice() -> None:
    with pytest.raises(UsageError, match="has a step S3 already"):
        edits.add_step(plan(), "late", "S3")


def test_a_step_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="S9"):
        edits.set_step(plan(), "S9", status="done")


def test_actor_checkpoint_and_link_are_set_on_a_copy() -> None:
    before = plan()
    edited = edits.set_actor(before, "codex-2")
    edited = edits.set_checkpoint(edited, status="satisfied", description="reviewed")
    edited = edits.add_link(edits.add_link(edited, "doc", "docs/a.md"), "doc", "docs/a.md")
    assert (edited["actor"], edited["links"]) == ("codex-2", [{"type": "doc", "ref": "docs/a.md"}])
    assert edited["checkpoint"] == {"status": "satisfied", "description": "reviewed"}
    assert before == plan()
