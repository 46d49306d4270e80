"""The brief of a task, and the operator's checklist whose every failure names its repair."""

from __future__ import annotations

import json


def brief(run, *arguments: str, code: int = 0):
    return run("agent.session_brief", "--task", "T-1", *arguments, code=code)


def test_a_task_nobody_claimed_is_told_so_and_is_no_error(git_repo, run):
    assert "no claim" in brief(run).out


def test_claim_events_and_messages_are_shown_newest_within_the_limit(git_repo, run, seat):
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "T-1")
    for number in range(4):
        run("agent.bus_message", "--task", "T-1", "--type", "note", "--summary", f"word {number}")
    document = brief(run, "--limit", "2", "--json").json
    assert document["claim"]["agent_id"] == "codex-1"
    assert [message["summary"] for message in document["messages"]] == ["word 2", "word 3"]


def test_the_operators_receipt_says_what_is_missing_and_how_to_repair_it(git_repo, run, seat):
    seat("codex-1")
    brief(run, "--preset", "operator", "--fail-on-fail", code=1)
    [receipt] = (git_repo / "_report/agent/codex-1/session_brief").glob("operator-*.json")
    checks = {check["name"]: check for check in json.loads(receipt.read_text())["checks"]}
    assert list(checks) == [
        "manager_tail",
        "planner_validate",
        "quickstart_receipts",
        "claim_seed",
        "task_sync",
        "receipts_index",
    ]
    assert checks["claim_seed"]["status"] == "fail" and "bus_claim claim --task T-1" in checks["claim_seed"]["repair"]
    assert all(check["path"] and check["repair"].startswith("python -m tools.") for check in checks.values())


def test_after_a_boot_and_a_claim_nothing_fails(git_repo, run, seat):
    seat("codex-1")
    run("agent.session_boot", "--no-sync")
    run("agent.bus_claim", "claim", "--task", "T-1")
    output = "_report/agent/codex-1/session_brief/operator.json"
    brief(run, "--preset", "operator", "--output", output, "--fail-on-fail")
    checks = {check["name"]: check["status"] for check in json.loads((git_repo / output).read_text())["checks"]}
    assert checks["manager_tail"] == checks["quickstart_receipts"] == checks["claim_seed"] == "pass"


def test_a_tail_older_than_the_hub_and_a_broken_plan_are_seen(git_repo, run, seat):
    seat("codex-1")
    run("agent.session_boot", "--no-sync")
    tail = git_repo / "_report/session/codex-1/manager-report-tail.txt"
    tail.write_text("# manager-report: captured for codex-1 at 2020-01-01T00:00:00Z\n")
    run("agent.bus_message", "--task", "manager-report", "--type", "status", "--summary", "news")
    plan = git_repo / "_plans/2026-01-02-x.plan.json"
    plan.parent.mkdir()
    plan.write_text("{}")
    checks = {check["name"]: check["status"] for check in brief(run, "--preset", "operator", "--json").json["checks"]}
    assert (checks["manager_tail"], checks["planner_validate"]) == ("warn", "fail")


def test_an_output_outside_the_repository_is_2(git_repo, run, seat):
    seat("codex-1")
    brief(run, "--output", "../outside.json", code=2)


def operator(run, name):
    checks = {check["name"]: check for check in brief(run, "--preset", "operator", "--json").json["checks"]}
    return checks[name]


def test_a_status_line_that_is_behind_its_claim_is_named_until_it_is_synced(git_repo, run, seat):
    seat("codex-1")
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-x.md").write_text("# Task: x\nStatus: open\n")
    assert operator(run, "task_sync")["status"] == "pass"
    run("agent.bus_claim", "claim", "--task", "QUEUE-001")
    found = operator(run, "task_sync")
    assert (found["status"], found["path"]) == ("warn", "queue/001-x.md") and "in_progress" in found["reason"]
    run("agent.task_sync")
    assert operator(run, "task_sync")["status"] == "pass"


def test_a_receipt_that_a_message_cites_and_nobody_has_is_named(git_repo, run, seat):
    seat("codex-1")
    assert operator(run, "receipts_index")["status"] == "pass"
    run("agent.bus_message", "--task", "T-1", "--type", "status", "--summary", "done", "--receipt", "_report/gone.txt")
    found = operator(run, "receipts_index")
    assert (found["status"], found["path"]) == ("fail", "_report/gone.txt") and "--missing" in found["repair"]
