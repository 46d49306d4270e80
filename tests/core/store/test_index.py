"""The derived index: caught up, rebuilt, shared, and never the truth."""

import os
import sqlite3
import subprocess
import sys
import threading

import pytest

from tools.core.fs import files, folders, jsonl
from tools.core.models.bus import EVENTS
from tools.core.models.entry import Query
from tools.core.store.answers import Loss
from tools.core.store.api import Append
from tools.core.store.files.store import FileStore


@pytest.fixture
def seen(store):
    """The summaries of the event log that the history has now, in order."""

    def ask():
        store.history.refresh()
        return [recorded(raw) for (raw,) in lines_of(store)]

    return ask


def lines_of(store):
    return store.history.index.ask("SELECT raw FROM entries WHERE stream='events' ORDER BY number")


def recorded(raw):
    return jsonl.parse(raw)["summary"]


@pytest.fixture
def lost(store):
    """The lines that the index keeps of logs that no longer have them, and the losses it tells of."""

    def ask():
        store.history.refresh()
        losses = store.history.losses()
        return store.history.index.ask("SELECT raw FROM lost"), losses

    return ask


def rewrite(workspace, change):
    """Another program rewrites the log in place."""
    with open(workspace.events.path, "rb") as log:
        lines = log.read().splitlines(True)
    with open(workspace.events.path, "wb") as log:
        log.write(b"".join(change(lines)))


def index_file(workspace):
    return workspace.cache.child("index.sqlite").path


def test_what_was_appended_since_is_caught_up(workspace, logged, seen):
    for number in range(3):
        logged(summary=f"n {number}")
        assert seen() == [f"n {n}" for n in range(number + 1)]
    assert os.path.exists(index_file(workspace))


@pytest.mark.promise(10)
def test_catching_up_reads_only_what_is_new(workspace, logged, seen, monkeypatch):
    for number in range(50):
        logged(summary=f"n {number}")
    seen()
    logged(summary="new")
    from tools.core.fs import jsonl

    parsed = []
    parse = jsonl.parse_plain
    monkeypatch.setattr(jsonl, "parse_plain", lambda raw: parsed.append(raw) or parse(raw))
    assert len(seen()) == 51 and len(parsed) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[::-1],
        lambda lines: lines[1:],
        lambda lines: lines[:1],
        lambda lines: [],
        lambda lines: [b"bad\n", *lines],
    ],
)
def test_a_log_that_was_rewritten_is_indexed_anew(workspace, store, logged, seen, change):
    for number in range(3):
        logged(summary=f"n {number}")
    seen()
    rewrite(workspace, change)
    assert seen() == [stored.record["summary"] for stored in store.read(EVENTS).records]
    logged(summary="after")
    assert seen()[-1] == "after"


def test_lost_records_are_kept_and_forgotten_once_they_are_back(workspace, logged, seen, lost):
    logged(summary="one")
    logged(summary="two")
    seen()
    whole = files.read_bytes(workspace.events)
    rewrite(workspace, lambda lines: lines[:1])
    kept, losses = lost()
    assert len(kept) == 1 and losses == [Loss(EVENTS, 1)]
    files.replace(workspace.events, whole)
    assert lost() == ([], [])


def test_a_log_that_is_gone_is_a_loss_too(workspace, logged, seen, lost):
    logged(summary="one")
    seen()
    os.unlink(workspace.events.path)
    assert seen() == [] and lost()[1] == [Loss(EVENTS, 1)]


def test_a_merge_that_puts_lines_in_between_loses_nothing(workspace, store, logged, seen, lost):
    logged(summary="one")
    logged(summary="two")
    seen()
    other = logged(summary="theirs")
    rewrite(workspace, lambda lines: [lines[0], lines[2], lines[1]])
    assert seen() == ["one", "theirs", "two"]
    assert lost() == ([], [])
    assert store.history.index.ask("SELECT COUNT(*) FROM entries WHERE id=?", (other["id"],)) == [(1,)]


def test_a_repeated_id_counts_once(workspace, store, event, seen):
    record = event(summary="twice")
    store.commit([Append(EVENTS, record)])
    store.commit([Append(EVENTS, record)])
    assert seen() == ["twice"]


def test_a_last_line_without_its_end_is_shown_and_not_counted_twice(workspace, logged, seen):
    logged(summary="one")
    logged(summary="two")
    rewrite(workspace, lambda lines: [lines[0], lines[1].rstrip(b"\n")])
    assert seen() == ["one", "two"]
    logged(summary="three")
    assert seen() == ["one", "two", "three"]


@pytest.mark.parametrize(
    "garbage", [b"garbage" * 1000, b"", b"SQLite format 3\0" + b"\0" * 500, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_damaged_index_is_made_again(workspace, logged, seen, garbage):
    logged(summary="one")
    seen()
    with open(index_file(workspace), "wb") as index:
        index.write(garbage)
    for suffix in ("-wal", "-shm"):
        if os.path.exists(index_file(workspace) + suffix):
            os.unlink(index_file(workspace) + suffix)
    assert seen() == ["one"]


def test_an_index_of_another_version_is_made_again(workspace, logged, seen):
    logged(summary="one")
    folders.make_folder(workspace.cache)
    with sqlite3.connect(index_file(workspace)) as old:
        old.execute("CREATE TABLE entries (x)")
        old.execute("PRAGMA user_version=99")
    assert seen() == ["one"]


def test_a_link_in_the_indexs_place_is_not_followed(workspace, logged, seen, tmp_path):
    logged(summary="one")
    folders.make_folder(workspace.cache)
    target = tmp_path / "precious"
    target.write_text("kept")
    os.symlink(target, index_file(workspace))
    assert seen() == ["one"]
    assert target.read_text() == "kept"


@pytest.mark.parametrize("plant", [os.mkdir, os.mkfifo])
def test_a_folder_or_a_pipe_in_the_indexs_place_hinders_no_reader(workspace, logged, seen, plant):
    logged(summary="one")
    folders.make_folder(workspace.cache)
    plant(index_file(workspace))
    assert seen() == ["one"]


def test_a_read_only_checkout_is_indexed_in_memory(workspace, logged, seen, ordinary_user):
    logged(summary="one")
    folders = [workspace.bus.path, workspace.cache.path]
    for folder in folders:
        os.chmod(folder, 0o555)
    assert seen() == ["one"] and not os.path.exists(index_file(workspace))
    for folder in folders:
        os.chmod(folder, 0o755)


def test_an_index_that_became_read_only_is_answered_from_memory(workspace, logged, seen, ordinary_user):
    logged(summary="one")
    seen()
    logged(summary="two")
    os.chmod(index_file(workspace), 0o444)
    os.chmod(workspace.cache.path, 0o555)
    assert seen() == ["one", "two"]
    os.chmod(workspace.cache.path, 0o755)


def test_no_bus_is_an_empty_index_and_makes_no_folder(workspace, store):
    assert store.history.select(Query(), None) == ([], 0) and store.history.problems() == []
    assert not os.path.exists(workspace.bus.path)


@pytest.mark.parametrize("plant", [os.mkdir, os.mkfifo, lambda path: os.symlink("/etc/passwd", path)])
def test_what_is_no_log_is_a_problem_with_its_place_and_spoils_no_other(workspace, store, message, plant):
    store.commit([Append("messages/T", message(summary="heard"))])
    plant(workspace.thread("U").path)
    folders.make_folder(workspace.bus.child("events"))
    plant(workspace.events.path)
    for _ in range(2):
        store.history.refresh()
        assert [entry.record.summary for entry in store.history.select(Query(), None)[0]] == ["heard"]
        names = [problem.path for problem in store.history.problems()]
        assert names == ["_bus/events/events.jsonl", "_bus/messages/U.jsonl"]


def test_a_file_in_place_of_a_folder_of_the_bus_is_refused_without_a_traceback(workspace, run):
    files.replace(workspace.bus.child("events"), b"")
    assert "_bus/events" in run("agent.bus_status", code=6).err


def test_a_thread_whose_name_is_no_id_is_named_and_read_by_nobody(workspace, store, message):
    store.commit([Append("messages/T", message())])
    with open(os.path.join(workspace.bus.path, "messages", "a b.jsonl"), "w") as odd:
        odd.write("{}\n")
    assert len(store.history.select(Query(), None)[0]) == 1
    assert [problem.path for problem in store.history.problems()] == ["_bus/messages/a b.jsonl"]


READ = """
import sys
from tools.core.store.files.index.database import Index
from tools.core.workspace import Workspace
for _ in range(15):
    index = Index(Workspace(sys.argv[1], sys.argv[1]), print)
    rows = index.ask("SELECT number FROM entries WHERE stream='events' ORDER BY number")
    assert [number for (number,) in rows] == list(range(1, len(rows) + 1)), rows
    index.close()
print(len(rows))
"""


def test_readers_and_writers_in_parallel_never_see_a_gap(workspace, event, seen):
    readers = [
        subprocess.Popen([sys.executable, "-c", READ, workspace.root], stdout=-1, stderr=-1, text=True)
        for _ in range(3)
    ]

    def write():
        for _ in range(40):
            FileStore(workspace).commit([Append(EVENTS, event())])

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, err
    assert len(seen()) == 80
