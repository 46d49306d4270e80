"""The state table: what a task is, derived from its claim, assignment, file and dependencies."""

import pytest

from tools.core.backlog import states
from tools.core.backlog.items import parse
from tools.core.models.lenient import assignment_from, claim_from
from tools.core.models.plan import plan_from

CLAIM = {"agent_id": "codex-1", "branch": "b", "claimed_at": "2026-01-01T10:00:00Z", "fence": 1}
ASSIGNMENT = {"engineer": "codex-2", "manager": "m", "assigned_at": "2026-01-01T09:00:00Z"}


def item(name="001-a.md", text=""):
    return parse(name, "# Task: A\n" + text)[0]


def state(*, claim=None, assignment=None, text=""):
    claims = [claim_from({**CLAIM, "status": claim, **more_of(claim)}, "QUEUE-001")] if claim else []
    assignments = [assignment_from({**ASSIGNMENT, **assignment}, "QUEUE-001")] if assignment is not None else []
    tasks = states.tasks_of([item(text=text), item("002-b.md", "Status: done\n")], claims, assignments)
    return next(task for task in tasks if task.item.task_id == "QUEUE-001")


def more_of(status):
    return {"released_at": "2026-01-02T10:00:00Z"} if status in ("released", "done", "closed") else {}


@pytest.mark.parametrize(
    ("claim", "assignment", "text", "expected"),
    [
        (None, None, "", "ready"),
        (None, None, "Status: in_progress\n", "in_progress"),
        (None, None, "Status: done\n", "done"),
        (None, None, "Status: dropped\n", "dropped"),
        (None, None, "Status: whatever\n", "unknown"),
        (None, {}, "", "assigned"),
        (None, {"engineer": "unassigned"}, "", "ready"),
        ("active", None, "Status: done\n", "active"),
        ("paused", None, "", "paused"),
        ("pending", None, "", "active"),
        ("released", None, "Status: in_progress\n", "ready"),
        ("released", None, "Status: dropped\n", "dropped"),
        (None, None, "Status: deferred\n", "deferred"),
        ("released", None, "Status: deferred\n", "deferred"),
        ("active", None, "Status: deferred\n", "active"),
        ("done", None, "Status: deferred\n", "done"),
        ("done", None, "Status: open\n", "done"),
        ("closed", {}, "", "done"),
        ("released", {"engineer": "codex-1"}, "", "ready"),
        ("released", {"engineer": "codex-1", "assigned_at": "2026-01-03T00:00:00Z"}, "", "assigned"),
        (None, None, "Depends: QUEUE-002\n", "ready"),
        (None, None, "Depends: QUEUE-003\n", "waiting"),
        ("released", None, "Depends: QUEUE-003\n", "waiting"),
    ],
)
def test_the_table(claim, assignment, text, expected):
    assert state(claim=claim, assignment=assignment, text=text).state == expected


def test_a_dependency_counts_as_its_claim_says_whatever_its_file_says():
    items = [item(text="Depends: QUEUE-002\n"), item("002-b.md", "Status: done\n")]
    reopened = claim_from({**CLAIM, "status": "active"}, "QUEUE-002")
    tasks = states.tasks_of(items, [reopened], [])
    assert [(task.state, task.waits_for) for task in tasks] == [("waiting", ("QUEUE-002",)), ("active", ())]


def test_the_best_task_comes_first_by_priority_and_then_by_age():
    items = [
        item("003-c.md", "Priority: high\n"),
        item("002-b.md"),
        item("010-d.md", "Priority: low\n"),
        item("001-a.md"),
    ]
    tasks = states.tasks_of(items, [], [])
    assert [task.item.number for task in tasks] == [3, 1, 2, 10]


def test_a_plan_is_claimed_by_a_live_claim_that_names_it_or_that_it_links():
    plans = [
        plan_from({"status": "queued"}, "2026-01-01-named"),
        plan_from(
            {"status": "queued", "links": [{"type": "bus", "ref": "_bus/claims/QUEUE-001.json"}]}, "2026-01-01-bus"
        ),
        plan_from({"status": "queued", "links": [{"type": "queue", "ref": "queue/001-a.md"}]}, "2026-01-01-queue"),
        plan_from({"status": "in_progress"}, "2026-01-01-free"),
        plan_from({"status": "blocked"}, "2026-01-01-blocked"),
    ]
    live = claim_from({**CLAIM, "status": "active", "plan_id": "2026-01-01-named"}, "QUEUE-001")
    finished = claim_from({**CLAIM, "status": "done", "plan_id": "2026-01-01-free"}, "QUEUE-009")
    holders = states.holders_of_plans(plans, [live, finished], [item()])
    unclaimed = [plan.plan_id for plan in plans if states.is_unclaimed(plan, holders[plan.plan_id])]
    assert unclaimed == ["2026-01-01-free"]
