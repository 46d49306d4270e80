"""Processes that share the index while logs grow, are rewritten, and one of them is killed in the middle."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tools.core.fs import files
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append
from tools.core.store.files.index import build
from tools.core.store.files.index.database import Index
from tools.core.store.files.store import FileStore

pytestmark = pytest.mark.slow

READ = """
import sys
from tools.core.store.files.index import build as indexing
from tools.core.store.files.index.database import Index
from tools.core.workspace import Workspace
indexing._BULK = int(sys.argv[2])
print("up", flush=True)
for _ in range(int(sys.argv[3])):
    index = Index(Workspace(sys.argv[1], sys.argv[1]), lambda _: None)
    rows = index.ask("SELECT number FROM entries WHERE stream='events' ORDER BY number")
    assert [number for (number,) in rows] == list(range(1, len(rows) + 1)), rows
    assert index.ask("PRAGMA quick_check") == [("ok",)]
    index.close()
"""


def reader(workspace, bulk, times):
    arguments = [sys.executable, "-c", READ, workspace.root, str(bulk), str(times)]
    return subprocess.Popen(arguments, stdout=-1, stderr=-1, text=True)


def assert_right(workspace):
    """The index says what the log says, whoever made it."""
    index = Index(workspace, print)
    rows = index.ask("SELECT raw FROM entries WHERE stream='events' ORDER BY number")
    found = FileStore(workspace).read(EVENTS).records
    assert [raw for (raw,) in rows] == [record.line.raw for record in found]
    assert index.ask("PRAGMA quick_check") == [("ok",)]
    assert index.ask("SELECT COUNT(*) FROM entries WHERE agent='codex-1'") == [(len(found),)]
    index.close()


def grow(workspace, event, count):
    store = FileStore(workspace)
    store.commit([Append(EVENTS, event()) for _ in range(count)])


@pytest.mark.parametrize("bulk", [0, build._BULK])
def test_readers_killed_while_they_catch_up_leave_right_answers(workspace, event, bulk):
    chance = random.Random(bulk)
    grow(workspace, event, 400)
    for turn in range(6):
        one, other = reader(workspace, bulk, 1000), reader(workspace, bulk, 5)
        assert one.stdout.readline() == "up\n"
        if turn % 2:
            files.replace(workspace.events, files.read_bytes(workspace.events))  # the same log in another file
        grow(workspace, event, 20)
        time.sleep(chance.random() / 20)
        os.kill(one.pid, signal.SIGKILL)
        one.communicate()
        grow(workspace, event, 1)
        _, err = other.communicate(timeout=60)
        assert other.returncode == 0, err
        assert_right(workspace)


def test_many_readers_of_a_log_that_is_rewritten_again_and_again_see_whole_answers(workspace, event):
    grow(workspace, event, 200)
    readers = [reader(workspace, bulk, 25) for bulk in (0, 0, build._BULK, build._BULK)]
    assert [one.stdout.readline() for one in readers] == ["up\n"] * 4
    while readers[0].poll() is None:
        grow(workspace, event, 3)
        files.replace(workspace.events, files.read_bytes(workspace.events))
    for one in readers:
        _, err = one.communicate(timeout=60)
        assert one.returncode == 0, err
    assert_right(workspace)
    assert Index(workspace, print).ask("SELECT * FROM lost") == []


def test_a_load_of_much_is_left_in_wal_so_that_readers_and_writers_do_not_wait(workspace, event, monkeypatch):
    monkeypatch.setattr(build, "_BULK", 0)
    grow(workspace, event, 3)
    assert Index(workspace, print).ask("PRAGMA journal_mode") == [("wal",)]
    grow(workspace, event, 3)
    held = Index(workspace, print)  # another process has it open: it is loaded all the same
    grow(workspace, event, 3)
    assert_right(workspace)
    assert held.ask("SELECT COUNT(*) FROM entries") == [(9,)]
