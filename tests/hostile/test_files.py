"""Every command over files that are damaged, forged or no files at all."""

import os

import pytest

from tests.hostile import corpus
from tests.hostile.catalogue import EVERY, READERS, WRITERS, name_of
from tests.hostile.conftest import attempt, attempt_both


@pytest.mark.parametrize("command", EVERY, ids=name_of)
def test_logs_full_of_hostile_lines(field, command):
    for place in corpus.LOG_PLACES:
        corpus.put(field, place, corpus.log_of(list(corpus.LINES.values())))
    attempt_both(command)


@pytest.mark.parametrize("lines", [[name] for name in corpus.LINES], ids=lambda lines: lines[0])
def test_each_hostile_line_alone(field, lines):
    data = corpus.log_of([corpus.LINES[name] for name in lines])
    for place in corpus.LOG_PLACES[:4]:
        corpus.put(field, place, data)
    for command in READERS[:12]:
        attempt(command)
    attempt(("agent.bus_ping",))
    assert b"good event" in (field / corpus.LOG_PLACES[0]).read_bytes()


@pytest.mark.parametrize("name", corpus.DOCUMENTS)
def test_hostile_documents_everywhere(field, name):
    for place in corpus.DOCUMENT_PLACES:
        corpus.put(field, place, corpus.DOCUMENTS[name])
    for command in EVERY:
        attempt(command)


@pytest.mark.parametrize("command", EVERY, ids=name_of)
def test_documents_with_terminal_codes_are_shown_harmlessly(field, command):
    for place in corpus.DOCUMENT_PLACES[:-1]:
        corpus.put(field, place, corpus.DOCUMENTS["terminal"])
    for place in corpus.TEXT_PLACES:
        corpus.put(field, place, f"# Task: {corpus.TOKENS}\nPriority: {corpus.TOKENS}\n".encode() + bytes(range(256)))
    corpus.put(field, "_bus/events/events.jsonl", corpus.event() + b"\n")
    corpus.put(field, "_bus/messages/T-1.jsonl", corpus.message() + b"\n")
    attempt_both(command)


@pytest.mark.parametrize("make", corpus.KINDS, ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    "place", [*corpus.DOCUMENT_PLACES, *corpus.LOG_PLACES, *corpus.TEXT_PLACES, "_bus/.cache/index.sqlite"]
)
def test_what_is_no_file_is_refused_and_not_waited_on(field, make, place):
    path = field / place
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    for command in (*READERS[::3], *WRITERS[::2]):
        attempt(command)


@pytest.mark.parametrize(
    "folder",
    ["_bus", "_bus/events", "_bus/claims", "_bus/messages", "_bus/.cache", "_report", "_report/agent", "_plans"],
)
@pytest.mark.parametrize("kind", ["link_out", "file", "fifo", "dangling"])
def test_a_folder_that_is_a_link_or_a_file_leads_nobody_out(field, folder, kind):
    path = field / folder
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "file":
        path.write_bytes(b"x")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(corpus.path_outside(path) if kind == "link_out" else "nowhere/at/all")
    for command in EVERY:
        attempt(command)


def test_odd_file_names_are_reported_and_never_become_paths(field):
    for folder in ("_bus/claims", "_bus/assignments", "_plans"):
        for name in corpus.ODD_NAMES:
            corpus.put(field, f"{folder}/{name}", corpus.DOCUMENTS["terminal"])
    for name in corpus.ODD_NAMES:
        corpus.put(field, f"_bus/messages/{name}l", corpus.message() + b"\n")
    os.mkdir(os.fsencode(field / "queue"))
    with open(os.fsencode(field / "_bus/messages") + b"/\xff\xfe.jsonl", "wb") as bad:
        bad.write(corpus.message())
    with open(os.fsencode(field / "_bus/claims") + b"/\xff\xfe.json", "wb") as bad:
        bad.write(b"{}")
    for command in EVERY:
        attempt(command)


def test_unreadable_and_locked_out_files_are_named(field):
    for place in (*corpus.DOCUMENT_PLACES[:2], *corpus.LOG_PLACES[:2]):
        corpus.put(field, place, corpus.event() + b"\n").chmod(0)
    for command in (*READERS[::2], *WRITERS[::2]):
        attempt(command)


def test_a_garbage_index_is_thrown_away_and_made_again(field, run):
    run("agent.bus_ping", "--summary", "before")
    for damage in (b"", b"garbage" * 999, b"SQLite format 3\x00" + b"\xff" * 5000):
        for suffix in ("", "-wal", "-words"):
            corpus.put(field, f"_bus/.cache/index.sqlite{suffix}", damage)
        assert "before" in run("agent.bus_status").out
        assert "before" in run("agent.bus_search", "before").out
