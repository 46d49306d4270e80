"""A decision is followed from proposal to receipts to closing, and stands out when it is overdue."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acting import context_of
from tools.core import clock, ids
from tools.core.consensus import decisions, ledger
from tools.core.consensus import receipts as consensus
from tools.core.errors import DataError, UsageError
from tools.core.models.bus import EVENTS, Event, Message, stream_of
from tools.core.models.evidence import ConsensusReceipt
from tools.core.models.record import to_mapping
from tools.core.store.api import Append
from tools.core.workspace import Place

NOW = clock.parse("2026-03-01T12:00:00Z")
assert NOW is not None
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def evidence(git_repo: Path) -> None:
    """Files that records cite."""
    for name in ("a.txt", "v.txt"):
        (git_repo / "_report").mkdir(exist_ok=True)
        (git_repo / "_report" / name).write_text("x\n")


def event(store: Any, kind: str, decision: str, *, hours_ago: float = 1, **more: Any) -> None:
    """Logs an event that carries a decision."""
    made = Event(
        id=ids.new_record_id(),
        ts=clock.to_text(NOW - hours_ago * HOUR),
        agent_id="codex-1",
        event=kind,
        summary=f"{kind} on {decision}",
        meta={"decision_id": decision},
        **more,
    )
    store.commit([Append(EVENTS, to_mapping(made))])


def receipt(workspace: Any, decision: str, *, kind: str = "status", hours_ago: float = 1, cites: Any = ()) -> None:
    """Writes a decision's receipt."""
    at = NOW - hours_ago * HOUR
    made = ConsensusReceipt(
        decision_id=decision, summary="s", agent_id="codex-2", event=kind, ts=clock.to_text(at), receipts=tuple(cites)
    )
    consensus.write_receipt(
        context_of(workspace=workspace, now=at),
        made,
    )


def rows(workspace: Any, **options: Any) -> list[decisions.Decision]:
    """The decisions as they stand at NOW."""
    return decisions.decisions(context_of(workspace=workspace, now=NOW), **options)


def test_a_decision_goes_from_proposal_through_receipts_to_closing(workspace: Any, store: Any, git_repo: Path) -> None:
    event(store, "proposal", "D-1", hours_ago=3, plan_id="2026-01-01-x")
    (row,) = rows(workspace)
    assert (row.state, row.overdue, row.plan, row.proposer) == ("open", "", "2026-01-01-x", "codex-1")
    receipt(workspace, "D-1", hours_ago=2, cites=["_report/a.txt"])
    (row,) = rows(workspace)
    (name,) = [path.name for path in (git_repo / "_report/consensus").iterdir()]
    assert (row.state, row.overdue, row.events) == ("open", "", 1)
    assert row.receipts == (f"_report/consensus/{name}", "_report/a.txt")
    event(store, "consensus", "D-1")
    (row,) = rows(workspace)
    assert (row.state, row.events, row.at) == ("decided", 2, NOW - HOUR)


@pytest.mark.parametrize(("hours", "reason"), [(24, ""), (25, "no update for 1d 1h")])
def test_an_open_decision_is_overdue_past_the_cadence(workspace: Any, hours: int, reason: str) -> None:
    receipt(workspace, "D-1", hours_ago=hours, cites=["_report/a.txt"])
    assert [row.overdue for row in rows(workspace)] == [reason]


@pytest.mark.parametrize(("hours", "reason"), [(23, ""), (25, "no receipts; no update for 1d 1h")])
def test_a_fresh_decision_has_a_day_for_its_first_receipt(workspace: Any, store: Any, hours: int, reason: str) -> None:
    event(store, "proposal", "D-1", hours_ago=hours)
    assert [row.overdue for row in rows(workspace)] == [reason]


def test_its_own_file_is_evidence_although_no_record_cites_it(workspace: Any) -> None:
    receipt(workspace, "WEEKLY-2026-W02")
    ((name,),) = [row.receipts for row in rows(workspace)]
    assert name.startswith("_report/consensus/WEEKLY-2026-W02-")


def test_a_receipt_that_is_not_there_is_no_evidence(workspace: Any, store: Any) -> None:
    event(store, "proposal", "D-1", hours_ago=30, receipts=("_report/never.txt", "../outside"))
    event(store, "status", "D-1", hours_ago=2)
    (row,) = rows(workspace)
    assert row.receipts == () and row.overdue == "2 cited receipts that are not there"


def test_a_stamp_in_the_future_is_no_update(workspace: Any) -> None:
    receipt(workspace, "D-1", hours_ago=-5, cites=["_report/a.txt"])
    assert [row.overdue for row in rows(workspace)] == ["never updated"]


def test_a_ledger_row_decides(workspace: Any, git_repo: Path) -> None:
    receipt(workspace, "D-1", hours_ago=90)
    (git_repo / "_report" / "ledger.csv").write_text("id,timestamp,score\nD-1,2026-02-27T00:00:00Z,3\nD-9,,1\n")
    assert [(row.id, row.state, row.overdue) for row in rows(workspace)] == [("D-1", "decided", "")]


def test_a_task_that_is_named_is_followed_by_its_thread(workspace: Any, store: Any) -> None:
    said = Message(
        id=ids.new_record_id(),
        ts=clock.to_text(NOW - HOUR),
        sender="codex-3",
        type="vote",
        task_id="Q-7",
        summary="yes",
        receipts=("_report/v.txt",),
    )
    store.commit([Append(stream_of("Q-7"), to_mapping(said))])
    assert rows(workspace) == []
    (row,) = rows(workspace, tasks=["Q-7"])
    assert (row.id, row.state, row.messages, row.receipts) == ("Q-7", "open", 1, ("_report/v.txt",))


def test_messages_never_close_a_decision(workspace: Any, store: Any) -> None:
    event(store, "proposal", "D-1", task_id="Q-7")
    said = Message(
        id=ids.new_record_id(), ts=clock.to_text(NOW), sender="b", type="consensus", task_id="Q-7", summary="agreed"
    )
    store.commit([Append(stream_of("Q-7"), to_mapping(said))])
    assert [(row.state, row.messages) for row in rows(workspace, tasks=["Q-7"])] == [("open", 1)]


def test_a_queue_item_links_a_decision(workspace: Any, git_repo: Path) -> None:
    (git_repo / "queue").mkdir()
    (git_repo / "queue" / "007-vote.md").write_text("# Task: vote\nConsensus: yes\n")
    (git_repo / "queue" / "008-other.md").write_text("# Task: other\nConsensus: D-4, D-5\n")
    assert list(decisions.linked_by_queue(workspace)) == ["QUEUE-007", "D-4", "D-5"]
    assert {row.id for row in rows(workspace)} == {"QUEUE-007", "D-4", "D-5"}


def test_overdue_decisions_come_first_and_since_leaves_out_the_old(workspace: Any) -> None:
    receipt(workspace, "NEW", cites=["_report/a.txt"])
    receipt(workspace, "OLD", hours_ago=50, cites=["_report/a.txt"])
    assert [row.id for row in rows(workspace)] == ["OLD", "NEW"]
    assert [row.id for row in rows(workspace, since=NOW - 24 * HOUR)] == ["NEW"]


def test_the_real_ledger_has_its_columns_in_order_and_no_agent(history: Path) -> None:
    table = ledger.read(Place(str(history), "_report/ledger.csv"))
    assert table.columns[0] == "batch_ts" and table.rows and not table.problems
    since = clock.parse("2025-09-18T00:00:00Z")
    assert [ledger.decision_of(row) for row in ledger.select(table, ledger.Filters(since=since))][
        0
    ] == "20250918T010000Z"
    with pytest.raises(UsageError, match="--agent"):
        ledger.select(table, ledger.Filters(agents=["codex-1"]))


def test_a_row_that_does_not_fit_the_header_is_named(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text('id,agent\nD-1,"a, b"\nD-2\n')
    table = ledger.read(Place(str(tmp_path), "l.csv"))
    assert [str(problem) for problem in table.problems] == ["l.csv:3: 1 cells where the header has 2"]
    assert [ledger.decision_of(row) for row in table.rows] == ["D-1", "D-2"]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("id,agent,agent", ["id", "agent", "agent (3)"]),
        ("id,,", ["id", "column 2", "column 3"]),
        ("a,a (2),a", ["a", "a (2)", "a (3)"]),
        ("a,a (3),a", ["a", "a (3)", "a (3) (3)"]),
    ],
)
def test_every_column_has_a_name_of_its_own_and_no_cell_is_lost(
    tmp_path: Path, header: str, columns: list[str]
) -> None:
    (tmp_path / "l.csv").write_text(f"{header}\n{','.join('xyz'[: len(columns)])}\n")
    table = ledger.read(Place(str(tmp_path), "l.csv"))
    assert table.columns == columns and list(table.rows[0].cells.values()) == list("xyz"[: len(columns)])


def test_a_large_cell_is_read_and_a_table_of_too_many_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text(f"id,note\nD-1,{'x' * 300_000}\n")
    assert len(ledger.read(Place(str(tmp_path), "l.csv")).rows[0].cells["note"]) == 300_000
    (tmp_path / "l.csv").write_text("a," * 1_000_000 + "\n" + "x\n" * 100_000)
    with pytest.raises(DataError, match="1000001 columns"):
        ledger.read(Place(str(tmp_path), "l.csv"))
