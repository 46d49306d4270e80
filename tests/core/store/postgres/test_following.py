"""Followers of a server: its bell wakes them, and they outlive it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.core.conftest import an_event
from tools.core.context import Context
from tools.core.errors import SetupError
from tools.core.integrations import waiting
from tools.core.models.bus import EVENTS
from tools.core.models.entry import Query
from tools.core.seats.seat import Seat
from tools.core.served import watch
from tools.core.store.api import Append
from tools.core.store.postgres import following
from tools.core.store.postgres.store import PostgresStore
from tools.core.workspace import Workspace

LONG = 120.0
"""Seconds that nobody waits for a bell."""


def test_a_commit_wakes_a_follower(server: Any, workspace: Workspace) -> None:
    address, begin = server.new_bus(), time.monotonic()
    writer, reader = PostgresStore(workspace, address), PostgresStore(workspace, address)
    news = reader.history.follow(Query())
    news.sleep(0)  # from now on the bell is heard
    threading.Timer(0.2, lambda: writer.commit([Append(EVENTS, an_event(summary="new"))])).start()
    news.sleep(LONG)
    assert [entry.record.summary for entry in news.poll()] == ["new"]
    assert time.monotonic() - begin < LONG


def test_a_bell_that_rang_before_the_sleep_is_heard(server: Any, workspace: Workspace) -> None:
    address, begin = server.new_bus(), time.monotonic()
    news = PostgresStore(workspace, address).history.follow(Query())
    news.sleep(0)
    PostgresStore(workspace, address).commit([Append(EVENTS, an_event())])
    news.sleep(LONG)
    assert len(list(news.poll())) == 1 and time.monotonic() - begin < LONG


def test_a_follower_outlives_its_server(own_server: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_FIRST_PAUSE", 0.01)
    address = own_server.new_bus()
    news = PostgresStore(workspace, address).history.follow(Query())
    own_server.connection.close()
    own_server.stop()
    news.sleep(0)
    assert list(news.poll()) == []
    own_server.start()
    PostgresStore(workspace, address).commit([Append(EVENTS, an_event())])
    assert sum(len(list(news.poll())) for _ in range(20) if not time.sleep(0.1)) == 1


def test_who_waits_goes_on_while_the_server_is_away(own_server: Any, workspace: Workspace, seat: Any) -> None:
    seat("codex-1")
    store = PostgresStore(workspace, own_server.new_bus())
    context = Context(workspace, seat=Seat("codex-1", None), store=store)
    looks = waiting.Watch(context, waiting.Wish())
    own_server.connection.close()
    own_server.stop()
    with pytest.raises(SetupError):
        store.names("claims")
    assert looks.arrivals_if_reachable() == []


def test_a_board_hears_what_comes_to_a_server(server: Any, workspace: Workspace) -> None:
    address = server.new_bus()
    here = Workspace(workspace.root, workspace.bus_root, store=f"{address.url}#{address.bus}")
    news = watch.news_of(Context(here))
    first = watch.look(here, watch.NOTHING, news, thorough=False)
    same = watch.look(here, first, news, thorough=False)
    PostgresStore(workspace, address).commit([Append(EVENTS, an_event())])
    later = watch.look(here, same, news, thorough=False)
    assert not same.differs(first) and later.differs(same) and later.is_there
