"""`bus_server` sets a server up, looks at it, upgrades it and lets logins in."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tools.core import clock
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append, Replace
from tools.core.store.postgres.driver import Connection
from tools.core.store.postgres.opening import SCHEMA
from tools.core.store.postgres.store import PostgresStore
from tools.core.store.signpost import Address

Run = Callable[..., Any]


@pytest.fixture
def bus(server: Any, git_repo: Path) -> Address:
    """The address of an empty bus."""
    address: Address = server.new_bus()
    return address


@pytest.fixture
def login(server: Any, run: Run, monkeypatch: pytest.MonkeyPatch, workspace: Any) -> Callable[..., Any]:
    """Grants rights to a new login and opens a bus as it: `login(bus, "--seat", "codex-1")`."""

    def grant(bus: Address, *options: str) -> PostgresStore:
        role = f"role_{os.urandom(4).hex()}"
        run("maintenance.bus_server", "grant", "--url", bus.url, "--role", role, *options)
        monkeypatch.setenv("PGUSER", role)
        store = PostgresStore(workspace, bus)
        assert store.exists()
        monkeypatch.setenv("PGUSER", "postgres")
        return store

    return grant


def event(agent: str, **fields: object) -> Append:
    return Append(EVENTS, {"ts": "2026-01-31T12:00:00Z", "agent_id": agent, "event": "note", "summary": "s", **fields})


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(Exception) as caught:
        attempt()
    return str(getattr(caught.value, "code", type(caught.value).__name__))


def test_a_server_is_set_up_once_and_again_without_harm(bus: Address, run: Run) -> None:
    arguments = ("maintenance.bus_server", "init", "--url", bus.url, "--bus", "team", "--json")
    assert [run(*arguments).json["applied"] for _ in range(2)] == [[], []]
    assert run("maintenance.bus_server", "upgrade", "--url", bus.url, "--json").json["applied"] == []


def test_a_check_says_what_the_bus_is_and_what_the_login_may(bus: Address, run: Run) -> None:
    report = run("maintenance.bus_server", "check", "--url", bus.url, "--bus", bus.bus, "--json", code=1).json
    assert (report["state"], report["records"], report["may_write"], report["schema"]) == ("open", 0, True, SCHEMA)
    assert report["findings"] == ["the server does not wait for its disk: acknowledged records can be lost"]


def test_a_bus_that_is_absent_is_a_finding(bus: Address, run: Run) -> None:
    out = run("maintenance.bus_server", "check", "--url", bus.url, "--bus", "absent", code=1).out
    assert "finding: there is no bus of that name" in out


@pytest.mark.parametrize(
    "days, words", [(None, "the bus was never exported to the branch bus"), (3, "the last export is 3d"), (0, "")]
)
def test_a_check_says_how_old_the_export_of_this_bus_is(
    bus: Address, run: Run, git_repo: Path, monkeypatch: pytest.MonkeyPatch, days: int | None, words: str
) -> None:
    monkeypatch.setenv("TEOF_STORE", f"{bus.url}#{bus.bus}")
    moment = clock.to_text(clock.now() - timedelta(days=days or 0))
    if days is not None:
        monkeypatch.setenv("GIT_COMMITTER_DATE", moment)
        git(git_repo, "branch", "bus", git(git_repo, "commit-tree", "HEAD^{tree}", "-m", "export"))
    report = run("maintenance.bus_server", "check", "--json", code=1).json
    of_export = report["findings"][1:]  # the first is of the server, which does not wait for its disk
    assert [text[: len(words)] for text in of_export] == ([words] if words else [])
    assert report["exported_at"] == (None if days is None else moment)


def test_without_a_server_it_asks_for_one(git_repo: Path, run: Run) -> None:
    assert "--url" in run("maintenance.bus_server", "check", code=2).err


def test_an_address_that_leads_nowhere_exits_7(git_repo: Path, run: Run) -> None:
    said = run("maintenance.bus_server", "check", "--url", f"postgresql:///bus?host={git_repo}", code=7)
    assert "cannot be reached (nobody listens there)" in said.err


@pytest.mark.parametrize("url", ["mysql://h/d", "postgresql:/d", "h/d"])
def test_what_is_no_address_is_refused(git_repo: Path, run: Run, url: str) -> None:
    run("maintenance.bus_server", "init", "--url", url, code=2)


def test_a_migration_that_was_another_one_is_refused(bus: Address, run: Run) -> None:
    connection = Connection(bus)
    change = "UPDATE teof.version SET checksum = %s || checksum WHERE number = 2"
    connection.tell(change, "x")
    try:
        assert "was another one" in run("maintenance.bus_server", "upgrade", "--url", bus.url, code=7).err
    finally:
        connection.tell("UPDATE teof.version SET checksum = substr(checksum, 2) WHERE number = 2")


def test_a_login_that_is_bound_to_a_seat_speaks_for_no_other(bus: Address, login: Callable[..., Any]) -> None:
    store = login(bus, "--seat", "codex-*", "--seat", "boss")
    store.commit([event("codex-1"), event("boss")])
    assert code_of(lambda: store.commit([event("claude-1")])) == "store.seat"
    assert code_of(lambda: store.commit([Append("messages/T", {"from": "claude-1", "type": "note"})])) == "store.seat"
    assert code_of(lambda: store.adopt(EVENTS, [b'{"agent_id":"claude-1","event":"note"}'])) == "store.seat"
    claim = Replace("claims/T", {"agent_id": "claude-1"}, "")
    assert code_of(lambda: store.commit([claim, event("codex-1")])) == "store.seat"
    assert len(store.read(EVENTS).records) == 2 and store.get("claims/T") is None


def test_a_pattern_means_its_letters_and_nothing_else(bus: Address, login: Callable[..., Any]) -> None:
    store = login(bus, "--seat", "a_b%-*")
    store.commit([event("a_b%-1")])
    assert code_of(lambda: store.commit([event("axb-1")])) == "store.seat"


def test_a_reader_reads_and_writes_nothing(bus: Address, login: Callable[..., Any]) -> None:
    login(bus).commit([event("codex-1")])
    store = login(bus, "--reader")
    assert len(store.read(EVENTS).records) == 1 and store.history.agents() == ["codex-1"]
    assert code_of(lambda: store.commit([event("codex-1")])) == "store.forbidden"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE teof.records SET raw = ''", "DELETE FROM teof.records", "TRUNCATE teof.records", "DROP TABLE teof.records",
     "DELETE FROM teof.documents", "UPDATE teof.buses SET head = 0", "INSERT INTO teof.seats VALUES ('x', '*')",
     "SELECT teof.seal_1('x', true)", "SELECT teof.fill_1('x', 'y')", "SELECT teof.put_document(1, 'claims/T', '', 1)"],
)  # fmt: skip
def test_an_agents_login_has_no_right_but_to_read_and_commit(
    bus: Address, login: Callable[..., Any], statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = login(bus)
    store.commit([event("codex-1")])
    assert code_of(lambda: store._bus.connection.tell(statement)) == "store.forbidden"


@pytest.mark.parametrize("statement", ["UPDATE teof.records SET raw = ''", "DELETE FROM teof.records", "TRUNCATE teof.records"])  # fmt: skip
def test_records_stay_as_they_are_for_the_owner_too(bus: Address, statement: str, workspace: Any) -> None:
    PostgresStore(workspace, bus).commit([event("codex-1")])
    connection = Connection(bus)
    with pytest.raises(Exception, match="never changed or removed"):
        connection.tell(f"SET ROLE teof_owner; {statement}")


def test_reader_and_manager_at_once_is_refused(bus: Address, run: Run) -> None:
    run("maintenance.bus_server", "grant", "--url", bus.url, "--role", "x", "--reader", "--manager", code=2)
