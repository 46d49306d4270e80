"""On a server every stamp is by the server's clock, whatever the clock of a machine says."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tools.core import clock
from tools.core.context import Context
from tools.core.store.postgres.store import PostgresStore
from tools.core.workspace import Workspace

Run = Callable[..., Any]
HOURS = 6
TRUE_TIME = time.time


@pytest.fixture
def slow_clock(server: Any, seat: Any, monkeypatch: pytest.MonkeyPatch) -> PostgresStore:
    """This machine's clock is hours behind; the store that commands find."""
    address = server.new_bus()
    seat("codex-1", roles=["manager"])
    monkeypatch.setenv("TEOF_STORE", f"{address.url}#{address.bus}")
    monkeypatch.setattr(time, "time", lambda: TRUE_TIME() - HOURS * 3600)
    return PostgresStore(Workspace("/", "/nowhere"), address)


def is_present(stamp: object) -> bool:
    moment = clock.parse(stamp)
    assert moment is not None
    return abs(datetime.fromtimestamp(TRUE_TIME(), clock.UTC) - moment) < timedelta(minutes=5)


def test_records_and_claims_carry_the_servers_time(slow_clock: PostgresStore, run: Run) -> None:
    run("agent.bus_event", "log", "--event", "note", "--summary", "x")
    run("agent.bus_claim", "claim", "--task", "T-1")
    run("agent.bus_message", "--task", "T-1", "--type", "note", "--summary", "x")
    stamps = [each.record["ts"] for name in ("events", "messages/T-1") for each in slow_clock.read(name).records]
    claim = slow_clock.get("claims/T-1")
    assert len(stamps) == 3 and all(map(is_present, stamps))
    assert claim is not None and is_present(claim.content["claimed_at"])


def test_a_claim_of_just_now_is_not_stale_for_a_slow_clock(slow_clock: PostgresStore, run: Run) -> None:
    run("agent.bus_claim", "claim", "--task", "T-1")
    listed = run("agent.bus_claim", "list", "--json").json
    assert "6h" not in run("agent.bus_status").out
    assert is_present(listed["claims"][0]["claimed_at"])


def test_clocks_that_agree_but_for_the_way_count_as_one(server: Any, workspace: Workspace) -> None:
    store = server.new_store(workspace)
    assert abs(store.now() - clock.now()) <= timedelta(seconds=1)


def test_without_the_server_an_operation_has_the_machines_time(workspace: Workspace, tmp_path: Any) -> None:
    pytest.importorskip("psycopg2")
    here = Workspace(workspace.root, workspace.bus_root, store=f"postgresql:///bus?host={tmp_path}#bus")
    assert abs(Context(here).now - clock.now()) <= timedelta(seconds=1)
