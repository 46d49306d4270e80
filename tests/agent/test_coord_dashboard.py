"""The board as a command: written, printed, followed; dirty handoffs cleared and reassigned."""

import json
import os
import signal
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

from tools.agent import coord_dashboard
from tools.core.board import build
from tools.core.bus import presence

DASH = "agent.coord_dashboard"


@pytest.fixture(autouse=True)
def manager(seat):
    seat("codex-1", roles=["manager"])


@pytest.fixture
def dirty(git_repo):
    def found(finder, owner, name="dirty-20260102T110000Z.txt"):
        folder = git_repo / "_report/session" / finder / "dirty-handoff"
        folder.mkdir(parents=True, exist_ok=True)
        head = f"# dirty handoff\n# agent={finder}\n# owner={owner}\n# captured_at=2026-01-02T11:00:00Z\n"
        (folder / name).write_text(head + "# branch=agent/x\n# commit=abc\n\n M a.txt\n")

    return found


def alerts(run, *more):
    return [row["kind"] for row in run(DASH, "report", "--json", "--output", "-", *more).json["alerts"]]


def test_report_writes_markdown_and_prints_verdict_alerts_and_where(run, git_repo):
    said = run(DASH, "report").out
    assert said.startswith("RED: 1 alert.")
    assert "python -m tools.agent.session_boot --agent codex-1" in said
    (path,) = (git_repo / "_report/manager").glob("coordination-dashboard-*.md")
    assert said.rstrip().endswith(f"written to _report/manager/{path.name}")
    assert path.read_text().startswith("# Coordination dashboard\n\n**RED: 1 alert.")


def test_json_is_the_document_and_nothing_else_and_keeps_the_schema(run, git_repo):
    (schema,) = build.schema_files().values()
    validator = Draft202012Validator(json.loads(schema))
    printed = run(DASH, "report", "--json")
    assert printed.err == ""
    validator.validate(printed.json)
    validator.validate(json.loads(run(DASH, "report", "--format", "json", "--output", "-").out))
    run(DASH, "report", "--format", "json", "--output", "snap.json")
    validator.validate(json.loads((git_repo / "_report/manager/snap.json").read_text()))


@pytest.mark.parametrize(("name", "begins"), [("b.json", "{"), ("b.html", "<!doctype"), ("b.md", "# "), ("b", "# ")])
def test_the_name_of_the_output_asks_for_its_form(run, git_repo, name, begins):
    run(DASH, "report", "--output", name)
    assert (git_repo / "_report/manager" / name).read_text().lower().startswith(begins)


def test_output_to_stdout_writes_no_file(run, unchanged):
    unchanged()
    assert run(DASH, "report", "--output", "-").out.startswith("# Coordination dashboard")
    assert run(DASH, "report", "--output", "-", "--compact").out.startswith("RED")
    asked = run(DASH, "report", "--output", "-", "--compact", "--format", "json").out
    assert json.loads(asked)["alerts"]
    run(DASH, "report", "--output", "../x.md", code=2)
    run(DASH, "report", "--output", "-", "--fail-on-alert", code=1)
    unchanged()


def test_the_board_goes_from_red_to_green_as_its_alerts_are_worked_off(run, seat, dirty):
    dirty("codex-3", "codex-2")
    old = ("agent.claim_seed", "--task", "T-1", "--agent", "codex-2", "--status", "active")
    run(*old, "--claimed-at", "2026-01-01T00:00:00Z")
    run(DASH, "report", "--fail-on-alert", code=1)
    assert alerts(run) == ["manager_missing", "agent_idle", "dirty_handoff"]
    run("agent.manager_report", "--log-heartbeat", "--heartbeat-shift", "mid")
    run(DASH, "clear", "--agent", "codex-2", "--note", "committed")
    run("agent.bus_claim", "pause", "--task", "T-1", "--notes", "no sign of life")
    assert alerts(run) == []
    assert "GREEN" in run(DASH, "report", "--fail-on-alert").out


def test_retired_agents_never_alarm_neither_here_nor_in_the_heartbeat_check(run, monkeypatch):
    assert alerts(run) == ["manager_missing"]
    monkeypatch.setattr(coord_dashboard, "RETIRED_AGENTS", ("codex-1",))
    assert alerts(run) == []
    monkeypatch.setattr(presence, "parked", lambda: frozenset({"codex-1"}))
    assert run("agent.bus_heartbeat", "--dry-run", "--json").json["alerts"] == []


def test_the_list_of_the_module_is_what_every_board_reads():
    assert presence.parked() == frozenset(coord_dashboard.RETIRED_AGENTS)


def test_a_dirty_handoff_is_cleared_with_a_note_and_its_receipt_stays(run, dirty, git_repo, lines):
    dirty("codex-3", "codex-2")
    run(DASH, "clear", "--agent", "codex-2", "--note", "committed as abc")
    (event,) = lines("events")
    assert (event["event"], event["agent_id"]) == ("dirty_cleared", "codex-1")
    assert event["summary"].endswith("codex-2: committed as abc")
    assert (git_repo / event["receipts"][0]).exists()
    assert run(DASH, "report", "--json").json["handoffs"] == []
    assert "no open dirty handoff" in run(DASH, "clear", "--agent", "codex-2").out
    assert len(lines("events")) == 1


def test_a_dirty_handoff_may_be_given_to_another_who_then_clears_it(run, seat, dirty):
    dirty("codex-3", "codex-2")
    run(DASH, "reassign", "--agent", "codex-3", "--to", "codex-4", "--note", "on leave")
    (row,) = run(DASH, "report", "--json").json["handoffs"]
    assert (row["owner"], row["finder"]) == ("codex-4", "codex-3")
    seat("codex-4")
    run(DASH, "clear", "--agent", "codex-4")
    assert run(DASH, "report", "--json").json["handoffs"] == []


def test_the_owner_s_own_entry_comes_before_what_it_found(run, dirty):
    dirty("codex-3", "codex-2")
    dirty("codex-2", "codex-9")
    cleared = run(DASH, "clear", "--agent", "codex-2", "--json").json["receipts"]
    assert cleared == ["_report/session/codex-3/dirty-handoff/dirty-20260102T110000Z.txt"]
    cleared = run(DASH, "clear", "--agent", "codex-2", "--json").json["receipts"]
    assert cleared == ["_report/session/codex-2/dirty-handoff/dirty-20260102T110000Z.txt"]


@pytest.mark.parametrize("command", [["clear"], ["reassign", "--to", "codex-5", "--note", "x"]])
def test_neither_owner_nor_finder_nor_manager_is_refused_and_nothing_changes(run, seat, dirty, unchanged, command):
    dirty("codex-3", "codex-2")
    seat("codex-5")
    unchanged()
    run(DASH, *command, "--agent", "codex-2", code=3)
    run(DASH, "reassign", "--agent", "codex-2", "--to", "../x", "--note", "y", code=2)
    unchanged()
    seat("codex-3")
    run(DASH, *command, "--agent", "codex-2")


def test_a_damaged_receipt_of_a_dirty_tree_is_a_finding(run, git_repo):
    folder = git_repo / "_report/session/codex-3/dirty-handoff"
    folder.mkdir(parents=True)
    (folder / "dirty-1.txt").write_text("what?")
    (finding,) = run(DASH, "report", "--json").json["findings"]
    assert finding.startswith("_report/session/codex-3/dirty-handoff/dirty-1.txt:1: ")


def test_follow_prints_the_board_again_until_it_is_interrupted(git_repo):
    command = [sys.executable, "-m", "tools.agent.coord_dashboard", "report", "--follow", "0.05s"]
    process = subprocess.Popen(command, cwd=git_repo, env=dict(os.environ), stdout=subprocess.PIPE, text=True)
    seen = [line for line in (process.stdout.readline() for _ in range(40)) if line.startswith("RED")][:2]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert len(seen) == 2
    assert process.returncode == 0
    assert not (git_repo / "_report/manager").exists()
