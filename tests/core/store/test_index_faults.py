"""What befalls the index: another bus's cache, a full disk, a process that stopped. The logs answer all the same."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tools.core.models.bus import EVENTS
from tools.core.models.entry import Query
from tools.core.store.answers import Loss
from tools.core.store.api import Append
from tools.core.store.files.index import database as index_module
from tools.core.store.files.index import seal
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
    heard.history.index._connection = Failing(code)
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


# -- a file that was changed from outside ------------------------------------------------------------


def zeroed(path, page):
    """Makes the second half of a page zeros, which SQLite reads as rows that are not there."""
    with open(path, "r+b") as file:
        file.seek(page * 8192 + 4096)
        file.write(bytes(4096))


def test_zeros_inside_the_index_hide_no_record(workspace, store, logged):
    summaries_logged = [f"n{number}" for number in range(60)]
    for summary in summaries_logged:
        logged(summary=summary)
    path = workspace.cache.child("index.sqlite").path
    assert summaries(store) == summaries_logged
    store.close()
    for page in range(1, os.path.getsize(path) // 8192):
        zeroed(path, page)
        with closing(FileStore(workspace)) as reader:
            found = [entry.record.summary for entry in reader.history.select(Query(agents=["codex-1"]), None)[0]]
            assert found == summaries_logged


def test_an_index_that_is_as_it_was_left_is_not_read_through(workspace, store, logged, monkeypatch):
    logged(summary="one")
    assert summaries(store) == ["one"]
    store.close()
    path = workspace.cache.child("index.sqlite").path
    stat = os.stat(path)
    zeroed(path, 1)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    seal.refuse_damaged(sqlite3.connect(path), workspace)
    os.utime(path)
    with pytest.raises(sqlite3.DatabaseError):
        seal.refuse_damaged(sqlite3.connect(path), workspace)


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


# -- an error at every call --------------------------------------------------------------------------

CODES = [
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_READONLY,
]


class Counted:
    """Fails the call of that number to a file of the index, and those behind it where it goes on failing."""

    def __init__(self, number, code, *, goes_on):
        self.number, self.code, self.goes_on, self.calls = number, code, goes_on, 0

    def happened(self):
        self.calls += 1
        if self.calls == self.number or (self.goes_on and self.calls > self.number):
            problem = sqlite3.OperationalError("it failed")
            problem.sqlite_errorcode = self.code
            raise problem

    def connect(self, place, **options):
        fault = self

        class Connection(sqlite3.Connection):
            def execute(self, *arguments):
                fault.happened()
                return super().execute(*arguments)

            def executemany(self, *arguments):
                fault.happened()
                return super().executemany(*arguments)

        factory = {} if place in ("", ":memory:") else {"factory": Connection}
        return CONNECT(place, **options, **factory)


CONNECT = sqlite3.connect


@pytest.mark.parametrize("goes_on", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("code", CODES)
def test_an_error_at_any_call_costs_no_answer(workspace, store, logged, monkeypatch, code, goes_on):
    logged(summary="old")
    summaries(store)
    for number in range(1, 400):
        logged(summary=f"new {number}")
        fault = Counted(number, code, goes_on=goes_on)
        monkeypatch.setattr(index_module.sqlite3, "connect", fault.connect)
        answer = summaries(FileStore(workspace))
        monkeypatch.setattr(index_module.sqlite3, "connect", CONNECT)
        assert answer == ["old", *(f"new {count}" for count in range(1, number + 1))]
        if fault.calls < number:
            break
        if number % 7 == 0:
            shutil.rmtree(workspace.cache.path)  # so that a build from the beginning fails as well
    assert number > 10


# -- an index of another version ---------------------------------------------------------------------


def old_version(workspace):
    """Makes the index one of a toolkit of before or after."""
    with sqlite3.connect(workspace.cache.child("index.sqlite").path) as index:
        index.execute("PRAGMA user_version=99")


def test_an_index_of_another_version_hands_on_what_is_lost(workspace, store, logged):
    for number in range(3):
        logged(summary=f"n{number}")
    summaries(store)
    with open(workspace.events.path, "rb+") as log:
        log.truncate(len(log.readline()))
    assert FileStore(workspace).history.losses() == [Loss(EVENTS, 2)]
    old_version(workspace)
    assert FileStore(workspace).history.losses() == [Loss(EVENTS, 2)]


def test_an_index_of_another_version_of_another_bus_hands_on_nothing(workspace, store, logged, tmp_path, event):
    for number in range(3):
        logged(summary=f"n{number}")
    summaries(store)
    with open(workspace.events.path, "rb+") as log:
        log.truncate(len(log.readline()))
    FileStore(workspace).history.losses()
    other = copied(workspace, tmp_path)
    os.unlink(other.events.path)
    FileStore(other).commit([Append(EVENTS, event(summary="of the second bus"))])
    old_version(other)
    assert FileStore(other).history.losses() == []
