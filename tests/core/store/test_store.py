"""The store of files: torn tails, journals that were left, and what may not stand in a file's place."""

import json
import os
from pathlib import Path

import pytest

from tools.core.errors import DataError
from tools.core.fs import files, jsonl
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append, Replace
from tools.core.store.files.store import FileStore


def log_of(workspace):
    with open(workspace.events.path, "rb") as log:
        return log.read()


def spoil(workspace, tail):
    with open(workspace.events.path, "ab") as log:
        log.write(tail)


def texts(store, stream=EVENTS):
    return [stored.record["summary"] for stored in store.read(stream).records]


def test_a_last_record_without_its_line_end_is_completed(workspace, store, event, logged):
    logged(summary="one")
    spoil(workspace, jsonl.encode(event(summary="two")))
    logged(summary="three")
    assert texts(store) == ["one", "two", "three"]
    assert store.read(EVENTS).problems == []
    assert not os.path.exists(workspace.torn.path)


@pytest.mark.parametrize("tail", [b"{", b'{"id":"', b"\xff\xfe", b"x" * 200_000, b"\0" * 4096])
def test_a_torn_tail_moves_aside_and_an_event_says_so(workspace, store, logged, tail):
    logged(summary="one")
    spoil(workspace, tail)
    logged(summary="two", agent_id="codex-2")
    reading = store.read(EVENTS)
    assert reading.problems == []
    assert [stored.record["event"] for stored in reading.records] == ["note", "note", "recovered"]
    assert reading.records[2].record["agent_id"] == "codex-2"
    kept = os.listdir(workspace.torn.path)
    assert [Path(workspace.torn.path, name).read_bytes() for name in kept] == [tail]


def test_the_torn_tail_of_a_thread_is_told_in_the_event_log(workspace, store, message):
    store.commit([Append("messages/T", message())])
    with open(workspace.thread("T").path, "ab") as log:
        log.write(b'{"torn')
    store.commit([Append("messages/T", message(summary="after"))])
    assert texts(store, "messages/T") == ["s", "after"]
    assert store.read(EVENTS).records[0].record["meta"] == {"bytes": "6", "stream": "_bus/messages/T.jsonl"}


def test_a_torn_tail_of_a_log_that_is_not_written_is_left_alone(workspace, store, logged, message):
    logged(summary="one")
    spoil(workspace, b"{torn")
    store.commit([Append("messages/T", message())])
    assert log_of(workspace).endswith(b"{torn")


def test_a_line_of_garbage_that_is_whole_stays_where_it_is(workspace, store, logged):
    logged(summary="one")
    spoil(workspace, b"garbage\n")
    logged(summary="two")
    reading = store.read(EVENTS)
    assert texts(store) == ["one", "two"] and len(reading.problems) == 1
    assert reading.records[1].record["prev"] == jsonl.line_hash(b"garbage")


def test_a_record_after_blank_lines_and_windows_line_ends_chains_to_the_last_line(workspace, store, event, logged):
    line = jsonl.encode(event())
    files.replace(workspace.events, line + b"\r\n\r\n")
    assert logged()["prev"] == jsonl.line_hash(line)


def test_a_left_journal_is_finished_by_the_next_commit(workspace, store, event, message):
    journal(workspace, events=[event(summary="from the dead")], document={"n": 1})
    store.commit([Append("messages/T", message())])
    assert texts(store) == ["from the dead"]
    assert store.get("claims/T").content == {"n": 1}
    assert not os.path.exists(workspace.journal.path)


def journal(workspace, *, events, document, expected="", mark=0):
    intent = {
        "appends": [{"name": "_bus/events/events.jsonl", "mark": mark, "records": events}],
        "documents": [{"name": "claims/T", "expected": expected, "content": document}],
    }
    files.replace(workspace.journal, files.dump_json(intent))


def test_redoing_a_journal_again_and_again_changes_nothing(workspace, store, event):
    events = [event(summary="one"), event(summary="two")]
    for _ in range(3):
        journal(workspace, events=events, document={"n": 1})
        assert store.recover()
    assert texts(store) == ["one", "two"] and store.get("claims/T").content == {"n": 1}
    assert not store.recover()


def test_a_redo_does_not_put_back_a_document_that_has_moved_on(workspace, store, event):
    store.commit([Replace("claims/T", {"n": "newer"}, "")])
    journal(workspace, events=[event()], document={"n": "older"})
    store.recover()
    assert store.get("claims/T").content == {"n": "newer"}


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"[]", b"{}", b'{"appends":[{"name":"../x","mark":0,"records":[]}],"documents":[]}',
     b'{"appends":[],"documents":[{"name":"claims/../../x","expected":"","content":{}}]}',
     b'{"appends":[],"documents":[{"name":"x/y","expected":"","content":{}}]}',
     b'{"appends":[{"name":"_bus/events/events.jsonl","mark":-7,"records":[{}]}],"documents":[]}',
     b'{"appends":[{"name":"_bus/events/events.jsonl","mark":"x","records":[]}],"documents":[]}',
     b'{"appends":[{"name":"_bus/events/events.jsonl","mark":0,"records":[7]}],"documents":[]}',
     b'{"appends":7,"documents":[]}'],
)  # fmt: skip
def test_a_journal_that_is_none_of_ours_is_damage_and_nothing_is_written(workspace, store, event, garbage, tmp_path):
    files.replace(workspace.journal, garbage)
    with pytest.raises(DataError) as refusal:
        store.commit([Append(EVENTS, event())])
    assert ".journal" in refusal.value.message and refusal.value.hint
    assert not os.path.exists(workspace.events.path)


@pytest.mark.parametrize("name", ["events/events.jsonl", "claims/T.json", "messages/T.jsonl"])
@pytest.mark.parametrize("plant", [os.mkdir, os.mkfifo, lambda path: os.symlink("/etc/passwd", path)])
def test_what_is_no_file_is_refused_by_reading_and_writing(workspace, store, event, name, plant):
    path = os.path.join(workspace.bus.path, name)
    os.makedirs(os.path.dirname(path))
    plant(path)
    if name.startswith("claims"):
        attempts = [lambda: store.get("claims/T"), lambda: store.commit([Replace("claims/T", {}, "")])]
    else:
        stream = EVENTS if name.startswith("events") else "messages/T"
        attempts = [
            lambda: store.read(stream),
            lambda: store.tail(stream, 1),
            lambda: store.commit([Append(stream, event())]),
        ]
    for attempt in attempts:
        with pytest.raises(DataError):
            attempt()


def test_a_rewritten_document_is_readable_json_with_a_final_newline(workspace, store):
    store.commit([Replace("claims/T", {"b": 1, "a": 2}, "")])
    with open(workspace.claim("T").path) as document:
        text = document.read()
    assert json.loads(text) == {"a": 2, "b": 1} and text.endswith("}\n") and text.index('"a"') < text.index('"b"')


def test_a_full_disk_leaves_no_torn_tail_and_says_so(workspace, store, event, logged, monkeypatch):
    logged(summary="one")
    before = log_of(workspace)
    write = os.write

    def stops_short(descriptor, data):
        if len(data) > 100:
            write(descriptor, data[:10])
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    with monkeypatch.context() as patched, pytest.raises(Exception, match="No space left") as refusal:
        patched.setattr(os, "write", stops_short)
        logged(summary="two")
    assert refusal.value.exit_code == 7
    assert log_of(workspace) == before


def test_two_stores_see_each_others_commits(workspace, logged):
    logged(summary="one")
    assert texts(FileStore(workspace)) == ["one"]
