"""What befalls the index: another bus's cache, a full disk, a process that stopped. The logs answer all the same."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from tools.core.models.bus import EVENTS
from tools.core.models.entry import Query
from tools.core.store.api import Append, Loss
from tools.core.store.files.index import database as index_module
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace


@pytest.fixture
def remarks():
    return []


@pytest.fixture
def heard(workspace, remarks):
    """A store of `workspace` whose remarks are kept."""
    return FileStore(workspace, remarks.extend)


def summaries(store):
    return [entry.record.summary for entry in store.history.select(Query(messages=False), None)[0]]


def copied(workspace, tmp_path):
    """The whole bus folder copied to another place, as with `cp -r`."""
    shutil.copytree(workspace.bus.path, tmp_path / "copy" / "_bus")
    return Workspace(str(tmp_path / "copy"), str(tmp_path / "copy"))


# -- an index of another bus -------------------------------------------------------------------------


def test_a_cache_that_was_copied_from_another_bus_is_thrown_away(workspace, store, logged, tmp_path, event):
    logged(summary="of the first bus")
    summaries(store)
    other = copied(workspace, tmp_path)
    os.unlink(other.events.path)
    second = FileStore(other)
    second.commit([Append(EVENTS, event(summary="of the second bus"))])
    assert second.history.losses() == [] and summaries(second) == ["of the second bus"]


def test_a_copy_of_a_bus_goes_on_with_its_cache(workspace, store, logged, tmp_path):
    for number in range(3):
        logged(summary=f"n{number}")
    summaries(store)
    other = copied(workspace, tmp_path)
    with open(other.events.path, "rb+") as log:
        log.truncate(len(log.readline()))
    assert FileStore(other).history.losses() == [Loss(EVENTS, 2)]


def test_a_log_that_was_cut_to_nothing_in_its_own_place_is_a_loss(workspace, store, logged, event):
    logged(summary="gone")
    summaries(store)
    os.truncate(workspace.events.path, 0)
    store.commit([Append(EVENTS, event(summary="new"))])
    assert FileStore(workspace).history.losses() == [Loss(EVENTS, 1)]


# -- SQLite that fails -------------------------------------------------------------------------------


class Failing:
    """A connection whose every statement fails, as when the disk is full."""

    def __init__(self, code):
        self.code = code

    def execute(self, *_):
        problem = sqlite3.OperationalError("database or disk is full")
        problem.sqlite_errorcode = self.code
        raise problem

    def close(self):
        pass


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR | (19 << 8), sqlite3.SQLITE_BUSY])
def test_an_index_that_fails_while_it_is_asked_is_left_for_the_logs(heard, logged, remarks, code):
    logged(summary="one")
    assert summaries(heard) == ["one"]
    heard.history._index._connection = Failing(code)
    assert summaries(heard) == ["one"]
    assert len(remarks) == 1 and "the logs were read" in remarks[0]


def test_a_disk_without_room_for_the_index_costs_no_answer(workspace, heard, logged, remarks, monkeypatch):
    connect = sqlite3.connect

    def limited(place, **options):
        connection = connect(place, **options)
        if place not in ("", ":memory:"):
            connection.execute("PRAGMA max_page_count=1")
        return connection

    monkeypatch.setattr(index_module.sqlite3, "connect", limited)
    logged(summary="one")
    assert summaries(heard) == ["one"] and "the logs were read" in remarks[0]


def test_a_command_says_in_a_note_that_the_index_cannot_be_used(workspace, logged, run):
    logged(summary="one")
    os.mkdir(workspace.cache.child("index.sqlite").path)
    done = run("agent.bus_status", "--json")
    assert [note for note in done.json["notes"] if "the logs were read" in note] and len(done.json["events"]) == 1


# -- a process that stopped --------------------------------------------------------------------------

KEEP = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE generation SET number=1")
print("kept", flush=True)
time.sleep(600)
"""


def test_a_reader_does_not_wait_for_a_process_that_stopped_while_it_caught_up(workspace, heard, logged, remarks):
    logged(summary="one")
    summaries(heard)
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEP, workspace.cache.child("index.sqlite").path], stdout=-1, text=True
    )
    try:
        assert keeper.stdout.readline() == "kept\n"
        os.kill(keeper.pid, signal.SIGSTOP)
        logged(summary="two")
        before = time.process_time()
        assert summaries(FileStore(workspace, remarks.extend)) == ["one", "two"]
        assert time.process_time() - before < 10 and "locked" in remarks[0]
    finally:
        keeper.kill()
        keeper.communicate()
    assert index_module._PATIENCE <= 1


# -- the mark of the newest events -------------------------------------------------------------------


@pytest.fixture
def backwards(workspace, store, logged):
    """An event log that was cut behind the index's back."""
    for number in range(3):
        logged(summary=f"n{number}")
    summaries(store)
    with open(workspace.events.path, "rb+") as log:
        log.truncate(len(log.readline()))


def test_a_log_that_goes_on_is_told_apart_without_the_index(workspace, store, logged):
    logged(summary="one")
    summaries(store)
    logged(summary="two")
    fresh = FileStore(workspace)
    assert fresh.history.losses([EVENTS]) == [] and fresh.history._opened is None


def test_a_log_that_went_backwards_is_noticed_by_its_mark(workspace, backwards):
    for _ in range(2):
        assert FileStore(workspace).history.losses([EVENTS]) == [Loss(EVENTS, 2)]


@pytest.mark.parametrize("mark", [b"", b"{", b"[]", b'{"end": 1}', b'{"end": "x", "hash": "", "lost": 0}'])
def test_a_mark_that_cannot_be_read_is_no_mark(workspace, backwards, mark):
    with open(workspace.cache.child("events.mark").path, "wb") as file:
        file.write(mark)
    assert FileStore(workspace).history.losses([EVENTS]) == [Loss(EVENTS, 2)]


def test_a_bus_without_an_index_has_no_mark_and_makes_none(workspace, store, logged):
    logged(summary="one")
    assert store.history.losses([EVENTS]) == [] and not os.path.exists(workspace.cache.child("index.sqlite").path)
