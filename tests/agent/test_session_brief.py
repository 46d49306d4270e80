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


def test_a_tail_older_than_the_hub_and_a_failed_validation_are_seen(git_repo, run, seat):
    seat("codex-1")
    run("agent.session_boot", "--no-sync")
    tail = git_repo / "_report/session/codex-1/manager-report-tail.txt"
    tail.write_text("# manager-report: captured for codex-1 at 2020-01-01T00:00:00Z\n")
    run("agent.bus_message", "--task", "manager-report", "--type", "status", "--summary", "news")
    summary = git_repo / "_report/planner/validate/summary-latest.json"
    summary.parent.mkdir(parents=True)
    summary.write_text('{"exit_code": 1, "generated_at": "2026-01-01T00:00:00Z"}')
    checks = {check["name"]: check["status"] for check in brief(run, "--preset", "operator", "--json").json["checks"]}
    assert (checks["manager_tail"], checks["planner_validate"]) == ("warn", "fail")


def test_an_output_outside_the_repository_is_2(git_repo, run, seat):
    seat("codex-1")
    brief(run, "--output", "../outside.json", code=2)
