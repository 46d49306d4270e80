"""Builders that the suites of the core share."""

import os
from datetime import UTC, datetime

import pytest

from tests.memory import MemoryStore
from tools.core import ids, workspace
from tools.core.models.bus import EVENTS, Claim, stream_of
from tools.core.models.record import replace
from tools.core.store.api import Append
from tools.core.store.files.store import FileStore

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def noon():
    """The moment at which the suites play."""
    return NOON


def an_event(**fields):
    known = {
        "id": ids.new_record_id(),
        "ts": "2026-01-31T12:00:00Z",
        "agent_id": "codex-1",
        "event": "note",
        "summary": "s",
    }
    return {**known, **fields}


def a_message(**fields):
    known = {
        "id": ids.new_record_id(),
        "ts": "2026-01-31T12:00:00Z",
        "from": "codex-1",
        "type": "note",
        "task_id": "T",
        "summary": "s",
    }
    return {**known, **fields}


@pytest.fixture
def event():
    """Makes an event as a store takes it: `event(summary="x")`."""
    return an_event


@pytest.fixture
def message():
    """Makes a message as a store takes it."""
    return a_message


@pytest.fixture
def claim():
    """Makes a Claim: `claim(status="paused")`."""

    def make(**fields):
        known = {
            "task_id": "T",
            "agent_id": "codex-1",
            "branch": "b",
            "status": "active",
            "claimed_at": "2026-01-31T11:00:00Z",
            "fence": 1,
        }
        return Claim(**{**known, **fields})

    return make


@pytest.fixture
def logged(store):
    """Appends events and messages: `logged(an_event, ("T", a_message))`."""

    def write(**fields):
        thread = fields.pop("thread", None)
        if thread:
            return store.commit([Append(stream_of(thread), a_message(**{"task_id": thread, **fields}))])[0]
        return store.commit([Append(EVENTS, an_event(**fields))])[0]

    return write


@pytest.fixture
def fresh_bus(tmp_path_factory):
    """Makes workspaces with an empty bus each, for tests that need many."""

    def make():
        top = str(tmp_path_factory.mktemp("bus"))
        os.mkdir(os.path.join(top, "_bus"))
        return workspace.Workspace(top, top)

    return make


CHANGING = ("write", "fsync", "rename", "mkdir", "ftruncate", "unlink", "link", "open")


class Death(BaseException):
    """Not an Exception: nothing in the toolkit may catch it and go on."""


class Mortal:
    """Counts the calls that change files and dies at one of them, where asked with a write half done."""

    def __init__(self, monkeypatch, dies_at, half):
        self.calls, self.dies_at, self.half = 0, dies_at, half
        for name in CHANGING:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name, real):
        def call(*arguments, **named):
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **named)
            self.calls += 1
            if self.calls < self.dies_at:
                return real(*arguments, **named)
            if self.calls == self.dies_at and self.half and name == "write":
                real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            raise Death

        return call


@pytest.fixture(params=[False, True], ids=["before-a-call", "within-a-write"])
def deaths(request, monkeypatch, fresh_bus):
    """Prepares a new bus, acts on it and dies at the first, second … call, until it survives; yields each bus."""

    def each(prepare, act):
        for dies_at in range(1, 300):
            workspace = fresh_bus()
            store = FileStore(workspace)
            prepare(store)
            try:
                with monkeypatch.context() as patched:
                    Mortal(patched, dies_at, request.param)
                    act(store)
            except Death:
                yield workspace, store
                continue
            assert dies_at > 3, "the calls are not counted"
            return
        raise AssertionError("it never survived")

    return each


STORES = {
    "files": lambda workspace, _: FileStore(workspace),
    "memory": lambda _, __: MemoryStore(),
    "postgres": lambda workspace, request: request.getfixturevalue("server").new_store(workspace),
}
"""What the contract is run against: a later store is one more line here."""


@pytest.fixture
def past(store):
    """What the bus of `workspace` answers about its history as of now."""
    store.history.refresh()
    return store.history


@pytest.fixture(params=STORES)
def any_store(request, workspace):
    """Each store in turn, empty."""
    store = STORES[request.param](workspace, request)
    yield store
    store.close()


@pytest.fixture
def replaced():
    """A record with some fields changed."""
    return replace
