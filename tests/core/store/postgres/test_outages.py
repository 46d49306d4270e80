"""Servers that are killed, stopped and cut off, a pooler, and many processes at once: nothing acknowledged is lost."""

import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest

from tests import postgres
from tests.core.conftest import an_event
from tools.core.bus import claims
from tools.core.bus.rules.claim_rules import Request
from tools.core.context import Context
from tools.core.errors import ConflictError, SetupError, ToolkitError
from tools.core.models.bus import EVENTS
from tools.core.seats.seat import Seat
from tools.core.store.api import Append, Replace
from tools.core.store.postgres import driver
from tools.core.store.postgres.opening import Bus
from tools.core.store.postgres.store import PostgresStore
from tools.core.store.signpost import Address

FORK = multiprocessing.get_context("fork")


def in_processes(count, work):
    """Runs `work(number)` in so many processes at once; all must end well."""
    processes = [FORK.Process(target=work, args=(number,), daemon=True) for number in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
    assert [process.exitcode for process in processes] == [0] * count


# -- one winner ---------------------------------------------------------------------------------------


def race(workspace, address, count, rounds, folder):
    """All processes claim one task at the same moment, again and again; who had each."""
    barrier = FORK.Barrier(count)

    def compete(number):
        store = PostgresStore(workspace, address)
        for turn in range(rounds):
            context = Context(workspace, seat=Seat(f"codex-{number}", None), store=store)
            barrier.wait(120)
            try:
                claims.take(context, Request(f"T-{turn}", f"codex-{number}"))
                (folder / f"{turn}-{number}").touch()
            except ConflictError as refused:
                assert refused.code == "claim.held"

    in_processes(count, compete)
    return [[path.name.partition("-")[2] for path in folder.glob(f"{turn}-*")] for turn in range(rounds)]


@pytest.mark.parametrize("rounds", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_of_64_processes_one_has_the_task_in_every_round(server, workspace, tmp_path, rounds):
    address = server.new_bus()
    (tmp_path / "w").mkdir()
    winners = race(workspace, address, 64, rounds, tmp_path / "w")
    assert [len(each) for each in winners] == [1] * rounds
    store = PostgresStore(workspace, address)
    for turn, (winner,) in enumerate(winners):
        assert store.get(f"claims/T-{turn}").content["agent_id"] == f"codex-{winner}"
    assert len(store.read(EVENTS).records) == rounds


def test_behind_a_pooler_in_transaction_mode_one_has_the_task_too(pooled, workspace, tmp_path):
    (tmp_path / "w").mkdir()
    assert [len(each) for each in race(workspace, pooled, 24, 5, tmp_path / "w")] == [1] * 5


def test_a_bell_that_never_rings_keeps_nobody_waiting(pooled, workspace):
    store, reader = PostgresStore(workspace, pooled), Bus(workspace, pooled, "")
    reader.connection.wait(0)
    store.commit([Append(EVENTS, an_event())])
    reader.connection.wait(0.1)
    assert reader.ask("SELECT head FROM teof.buses WHERE bus = :bus") == [(1,)]


# -- cut connections ----------------------------------------------------------------------------------


def test_a_commit_whose_connection_is_cut_is_done_once(proxy, server, workspace):
    address, cutting = server.new_bus(), proxy(0.3)
    store = PostgresStore(workspace, address._replace(url=cutting.url))
    version = ""
    for number in range(40):
        event = an_event(summary=str(number))
        written = store.commit([Append(EVENTS, event), Append("messages/T", {**event, "from": "x", "type": "note"}),
                                Replace("claims/T", {"n": number}, version)])  # fmt: skip
        version = store.version("claims/T")
        assert written[0]["summary"] == str(number)
    records = PostgresStore(workspace, address).read(EVENTS).records
    assert [one.record["summary"] for one in records] == [str(number) for number in range(40)]
    assert [one.record.get("prev") for one in records] == [None, *[one.line.hash for one in records[:-1]]]
    assert min(cutting.done.values()) > 0


def test_a_document_alone_whose_commit_is_cut_is_replaced_once(proxy, server, workspace):
    address, cutting = server.new_bus(), proxy(0.4)
    store, version = PostgresStore(workspace, address._replace(url=cutting.url)), ""
    for number in range(30):
        store.commit([Replace("assignments/T", {"n": number}, version)])
        assert store.get("assignments/T").content == {"n": number}
        version = store.version("assignments/T")
    assert min(cutting.done.values()) > 0


def test_where_the_connection_stays_away_it_is_said_that_nothing_is_known(proxy, server, workspace, monkeypatch):
    monkeypatch.setattr(driver, "CONNECTING", 1)
    cutting = proxy(1.0)
    cutting.ends_with_a_cut = True
    store = PostgresStore(workspace, server.new_bus()._replace(url=cutting.url))
    assert store.exists()
    with pytest.raises(SetupError) as refused:
        store.commit([Append(EVENTS, an_event())])
    assert refused.value.code == "store.unreachable" and "not known" in refused.value.message


# -- a server that is gone ----------------------------------------------------------------------------


def test_without_a_server_every_question_is_refused_and_nothing_is_written_anywhere(own_server, workspace):
    address = own_server.new_bus()
    store = PostgresStore(workspace, address)
    store.commit([Append(EVENTS, an_event())])
    own_server.connection.close()
    own_server.stop()
    before = sorted(Path(workspace.root).rglob("*"))
    for question in (lambda: store.read(EVENTS), lambda: store.history.agents(), lambda: store.names("claims"),
                     lambda: store.commit([Append(EVENTS, an_event())])):  # fmt: skip
        with pytest.raises(SetupError) as refused:
            question()
        assert refused.value.code == "store.unreachable"
    assert sorted(Path(workspace.root).rglob("*")) == before
    own_server.start()
    assert len(store.read(EVENTS).records) == 1


def write_until(workspace, address, number, end, folder):
    """Commits one record after the other until there is a file; each that was acknowledged is written down."""
    store, chance = PostgresStore(workspace, address), random.Random(number)
    with open(folder / f"{number}", "w") as known:
        while not end.exists():
            event = an_event(agent_id=f"codex-{number}")
            try:
                store.commit([Append(EVENTS, event)])
            except ToolkitError:
                time.sleep(chance.uniform(0, 0.05))
                continue
            known.write(f"{event['id']}\n")
            known.flush()


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged(own_server, workspace, tmp_path, kills):
    address, end, folder = own_server.new_bus(), tmp_path / "end", tmp_path / "known"
    folder.mkdir()
    own_server.connection.close()
    writers = [
        FORK.Process(target=write_until, args=(workspace, address, n, end, folder), daemon=True) for n in range(8)
    ]
    for writer in writers:
        writer.start()
    for _ in range(kills):
        time.sleep(random.uniform(0.3, 0.8))
        own_server.kill()
        own_server.start()
    end.touch()
    for writer in writers:
        writer.join(120)
    acknowledged = [line for path in folder.iterdir() for line in path.read_text().split()]
    records = PostgresStore(workspace, address).read(EVENTS).records
    present = [one.record["id"] for one in records]
    assert len(acknowledged) > 20 * kills / 3 and set(acknowledged) <= set(present)
    assert len(present) == len(set(present))
    assert [one.record.get("prev") for one in records] == [None, *[one.line.hash for one in records[:-1]]]


def test_a_server_that_went_back_is_noticed(server, workspace):
    os.makedirs(workspace.bus.path)
    address = server.new_bus()
    store = PostgresStore(workspace, address)
    for _ in range(3):
        store.commit([Append(EVENTS, an_event())])
    planted = postgres.PlantedStore(workspace, address)
    first = next(planted.lines(EVENTS)).raw
    planted.put(EVENTS, first + b"\n")
    assert [loss.stream for loss in PostgresStore(workspace, address).history.losses()] == [EVENTS]


def test_an_address_that_nobody_answers_is_said_to_be_so(workspace, tmp_path):
    pytest.importorskip("psycopg2")
    with pytest.raises(SetupError) as refused:
        PostgresStore(workspace, Address(f"postgresql:///bus?host={tmp_path}", "bus")).exists()
    assert refused.value.code == "store.unreachable"
