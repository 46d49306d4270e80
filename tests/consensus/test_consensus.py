"""The consensus commands do what the playbook's two consensus sections ask, as they are written there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def repo(git_repo: Path, seat: Callable[..., Path]) -> Path:
    """A repository with codex-1 at its seat."""
    seat("codex-1")
    return git_repo


def overdue(run: Run, *arguments: str) -> list[str]:
    """The ids of the overdue decisions."""
    found: list[str] = run("consensus.dashboard", "--json", *arguments).json["overdue"]
    return found


def test_a_decision_goes_from_proposal_to_closing(repo: Path, run: Run) -> None:
    (repo / "vote.txt").write_text("yes\n")
    run("agent.bus_event", "log", "--event", "proposal", "--task", "Q-1", "--consensus-decision", "D-1")
    run("consensus.receipts", "--decision", "D-1", "--summary", "voted", "--agent", "codex-1", "--receipt", "vote.txt")
    (row,) = run("consensus.dashboard", "--json").json["decisions"]
    assert row["state"] == "open" and "vote.txt" in row["receipts"] and not row["overdue"]
    run("agent.bus_event", "log", "--event", "consensus", "--consensus-decision", "D-1")
    (row,) = run("consensus.dashboard", "--json", "--task", "Q-1").json["decisions"]
    assert (row["state"], row["events"]) == ("decided", 3)  # the receipt's note among them


def test_the_manager_of_a_decision_is_who_assigned_its_task_and_the_proposer_stands_beside(
    repo: Path, run: Run, seat: Callable[..., Path]
) -> None:
    run("agent.bus_event", "log", "--event", "proposal", "--task", "Q-1", "--consensus-decision", "D-1")
    (row,) = run("consensus.dashboard", "--json").json["decisions"]
    assert (row["manager"], row["proposer"]) == (None, "codex-1")
    seat("boss", roles=["manager"])
    run("agent.task_assign", "--task", "Q-1", "--engineer", "codex-1")
    (row,) = run("consensus.dashboard", "--json").json["decisions"]
    assert (row["manager"], row["proposer"]) == ("boss", "codex-1")


def test_closing_decides_begins_the_ledger_and_tells_the_bus(repo: Path, run: Run) -> None:
    assert "there is no _report/ledger.csv yet" in run("consensus.ledger").err
    run("agent.bus_event", "log", "--event", "proposal", "--task", "Q-1", "--consensus-decision", "D-1")
    made = run("consensus.receipts", "--decision", "D-1", "--close", "--outcome", "yes, from May", "--json").json
    (row,) = run("consensus.ledger", "--json").json["rows"]
    assert (row["decision_id"], row["agent"], row["outcome"]) == ("D-1", "codex-1", "yes, from May")
    assert row["receipt"] == made["path"] and made["meta"] == {"outcome": "yes, from May"}
    assert made["path"] in run("agent.bus_watch", "--event", "note", "--json").out
    assert run("consensus.dashboard", "--json").json["decisions"][0]["state"] == "decided"


def test_a_decision_is_closed_once(repo: Path, run: Run) -> None:
    close = ("consensus.receipts", "--decision", "D-1", "--close", "--outcome")
    run(*close, "yes")
    before = sorted((repo / "_report/consensus").iterdir())
    assert "closed already, by line 2" in run(*close, "no", code=4).err
    assert sorted((repo / "_report/consensus").iterdir()) == before
    run("consensus.receipts", "--decision", "D-2", "--close", code=2)
    run("consensus.receipts", "--decision", "D-2", "--outcome", "yes", code=2)


@pytest.mark.parametrize(
    ("table", "row", "missing"),
    [
        ("id,owner,result\nD-1,a,x\n", "D-9,codex-1,'=1+1\n", "time, the receipt"),
        ("note,id\r\nold,D-1", "\r\n,D-9\r\n", "agent, the time, the outcome, the receipt"),
    ],
)
def test_a_row_is_put_behind_the_ledger_of_others_in_its_own_form(
    repo: Path, run: Run, table: str, row: str, missing: str
) -> None:
    (repo / "_report").mkdir()
    path = repo / "_report/ledger.csv"
    path.write_bytes(table.encode())
    done = run("consensus.receipts", "--decision", "D-9", "--close", "--outcome", "=1+1")
    assert path.read_bytes() == (table + row).encode()
    assert f"no column for the {missing};" in done.err


def test_a_ledger_without_a_column_for_ids_is_left_as_it_is(repo: Path, run: Run) -> None:
    (repo / "_report").mkdir()
    (repo / "_report/ledger.csv").write_text("who,what\na,b\n")
    run("consensus.receipts", "--decision", "D-9", "--close", "--outcome", "yes", code=2)
    assert (repo / "_report/ledger.csv").read_text() == "who,what\na,b\n"
    assert not (repo / "_report/consensus").exists()


def test_a_task_that_carries_no_decision_is_named(repo: Path, run: Run) -> None:
    assert "Q-7 carries no decision" in run("consensus.dashboard", "--task", "Q-7").err


def test_the_short_form_has_defaults_and_a_weekly_id_is_legal(repo: Path, run: Run) -> None:
    done = run("consensus.receipts", "--decision", "WEEKLY-2026-W02", "--json").json
    line = json.loads((repo / done["path"]).read_text())
    assert (line["agent_id"], line["event"]) == ("codex-1", "status")
    assert line["summary"] == "codex-1 status for decision WEEKLY-2026-W02"
    assert done["path"].startswith("_report/consensus/WEEKLY-2026-W02-")


def test_a_receipt_keeps_free_data_that_is_no_field_of_its_own(repo: Path, run: Run) -> None:
    run("consensus.receipts", "--decision", "D", "--meta", "task_id=Q-1", "--output", "kept.jsonl")
    assert json.loads((repo / "_report/consensus/kept.jsonl").read_text())["meta"] == {"task_id": "Q-1"}
    run("consensus.receipts", "--decision", "D", "--meta", "summary=x", code=2)
    run("consensus.receipts", "--decision", "D", "--agent", "codex-2", code=3)
    run("consensus.receipts", "--decision", "../D", code=2)


def test_output_appends_and_never_overwrites_evidence(repo: Path, run: Run) -> None:
    for _ in range(2):
        run("consensus.receipts", "--decision", "D", "--output", "_report/manager/weekly.jsonl")
    assert len((repo / "_report/manager/weekly.jsonl").read_text().splitlines()) == 2


def test_the_daily_sweep_works_as_written(repo: Path, run: Run) -> None:
    run("consensus.ledger", "--limit", "5")
    run("consensus.dashboard", "--format", "table", "--since", "24h")
    run("agent.bus_event", "log", "--event", "status", "--consensus-decision", "D-1")
    assert "D-1" in run("consensus.dashboard", "--format", "table", "--since", "24h").out


def test_an_overdue_decision_stands_out_even_behind_since(repo: Path, run: Run) -> None:
    folder = repo / "_report" / "consensus"
    folder.mkdir(parents=True)
    line = {"decision_id": "OLD", "summary": "s", "agent_id": "a", "event": "proposal", "ts": "2026-01-01T00:00:00Z"}
    (folder / "old.jsonl").write_text(json.dumps({**line, "receipts": ["x"]}) + "\n")
    assert "OVERDUE: no update for" in run("consensus.dashboard").out
    swept = run("consensus.dashboard", "--since", "24h", "--fail-on-overdue", code=1)
    assert "no decisions" in swept.out and "OLD" in swept.err
    assert overdue(run, "--max-age", "9999d") == []
    board = run("agent.coord_dashboard", "report", "--output", "-").out
    assert "**AMBER: 1 thing waits for you.**" in board
    assert "· 1 overdue decision" in board and "## Consensus (1 open, 1 overdue, 0 decided)" in board
    assert "| OVERDUE: no update for" in board


def test_hostile_text_cannot_break_the_markdown_table(repo: Path, run: Run) -> None:
    folder = repo / "_report" / "consensus"
    folder.mkdir(parents=True)
    line = {"decision_id": "D", "agent_id": "a|b\u001b[31m", "event": "status", "ts": "2026-01-01T00:00:00Z"}
    (folder / "d.jsonl").write_text(json.dumps(line) + "\n")
    out = run("consensus.dashboard", "--format", "markdown").out
    assert "a\\|b" in out and "\x1b" not in out


def test_the_ledger_is_shown_filtered_and_kept_as_evidence(repo: Path, run: Run) -> None:
    (repo / "_report").mkdir()
    table = "decision_id,agent,timestamp\nD-1,codex-1,2026-01-01T00:00:00Z\nD-2,codex-2,2026-01-02T00:00:00Z\n"
    (repo / "_report" / "ledger.csv").write_text(table)
    assert run("consensus.ledger", "--decision", "D-2").out.splitlines()[2].split()[1] == "codex-2"
    assert [row["agent"] for row in run("consensus.ledger", "--json", "--agent", "codex-1").json["rows"]] == ["codex-1"]
    run("consensus.ledger", "--since", "2026-01-02", "--output", "l.json", "--format", "json")
    assert [row["decision_id"] for row in json.loads((repo / "_report/consensus/l.json").read_text())] == ["D-2"]
    run("consensus.ledger", "--ledger", "none.csv", code=2)


def test_a_filter_that_no_column_can_answer_is_refused(repo: Path, run: Run, history: Path) -> None:
    run("consensus.ledger", "--root", str(history), "--agent", "codex-1", code=2)
    assert "ci-sample" in run("consensus.ledger", "--root", str(history), "--format", "jsonl").out


def test_the_real_history_is_read(run: Run, history: Path) -> None:
    rows = run("consensus.dashboard", "--root", str(history), "--json").json["decisions"]
    assert [row["decision_id"] for row in rows] == ["DEC-TEST"] and rows[0]["overdue"]
