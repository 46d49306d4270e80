"""A bus goes to a server and comes back as it was, byte for byte, whatever is in it and whenever it is killed."""

import json
import os
import random
from contextlib import suppress
from pathlib import Path

import pytest

from tests.core.conftest import Death, an_event
from tools.core import ids
from tools.core.context import Context
from tools.core.errors import ConflictError, DataError, SetupError, UsageError
from tools.core.models.bus import EVENTS
from tools.core.models.manifest import Manifest
from tools.core.relocation import export, to_files, to_server
from tools.core.seats.seat import Seat
from tools.core.store import signpost
from tools.core.store.api import Append
from tools.core.store.backend import open_store
from tools.core.store.files.store import FileStore
from tools.core.store.postgres.opening import Bus

RECORD = b'{"agent_id":"codex-1","event":"note","id":"01M86T0M700A4EZ2A2TGBR1VH2","ts":"2026-01-31T12:00:00Z"}'
HOSTILE = {
    "events/events.jsonl": [
        RECORD + b"\n" + RECORD + b"\n" + RECORD + b"\r\n\r\n\n  \n\t\nno JSON\n{}\n[1]\nnull\n",
        b'{"agent_id":"x","event":"note","meta":{"a":"\\u0000 \\ud800 \\\\u0000 \\ud83d\\ude00"}}\n\xff\xfe\x00\n',
        b'{"agent_id":"x","event":"note","n":1e999}\n{"agent_id":"x","agent_id":"y","event":"note"}\n',
        b'{"agent_id":"' + b"x" * 70_000 + b'","event":"note"}\n' + b"[" * 5_000 + b"\n",
        b'{"agent_id":7,"from":"x","event":["a"],"type":"note","ts":"9999-99-99"}\n{"agent_id":"x","event":"torn',
    ],
    "messages/T.jsonl": [b'{"from":"a","type":"request","id":"1"}\n\n', b'{"from":"b","type":"status","reply_to":"1"}\r\n\r'],
    "messages/t.jsonl": [b"\n\n\n"],
    "messages/not a task!.jsonl": [RECORD + b"\n"],
    "messages/empty.jsonl": [b""],
    "claims/T.json": [b'{"task_id":"T","agent_id":"codex-1","status":"active"}\r\n'],
    "claims/broken.json": [b"\x00{"],
    "assignments/T.json": [b'{"engineer": "codex-2"}'],
}  # fmt: skip


@pytest.fixture
def address(server):
    return signpost.parse_address(server.url, f"m{random.getrandbits(40):x}")


@pytest.fixture
def context(workspace):
    seat = Seat("boss", Manifest(agent_id="boss", desired_roles=("manager",)))
    return Context(workspace, seat=seat)


@pytest.fixture
def hostile(workspace):
    """Makes the bus one in which everything is there that a file can hold."""
    for name, parts in HOSTILE.items():
        path = os.path.join(workspace.bus.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"".join(parts))


def contents(workspace):
    """Every log and document, by its name in the bus."""
    return {
        os.path.relpath(os.path.join(folder, name), workspace.bus.path): Path(folder, name).read_bytes()
        for folder, _, names in os.walk(workspace.bus.path)
        for name in names
        if "/." not in folder and os.path.basename(folder) in ("events", "messages", "claims", "assignments")
    }


def without_the_moves(now, before):
    """What there is now, less the records that tell of the moves."""
    return {name: data[: len(before[name])] if name in before else data for name, data in now.items()}


def test_there_and_back_every_byte_is_as_it_was(context, workspace, address, hostile):
    before = contents(workspace)
    to_server.move(context, address)
    assert contents(workspace) == before
    to_files.move(Context(workspace, seat=context.seat))
    now = without_the_moves(contents(workspace), before)
    assert now.pop("messages/manager-report.jsonl").count(b"moved the bus") == 2
    assert now == before


def test_what_is_written_on_the_server_comes_back_behind_what_was_there(context, workspace, address):
    FileStore(workspace).commit([Append(EVENTS, an_event(summary="before"))])
    moved = to_server.move(context, address)
    moved.store.commit([Append(EVENTS, an_event(summary="there"))])
    to_files.move(Context(workspace, seat=context.seat))
    records = FileStore(workspace).read(EVENTS).records
    assert [one.record["summary"].partition(" ")[0] for one in records] == ["before", "boss", "there", "boss"]
    assert [one.record["prev"] for one in records[1:]] == [one.line.hash for one in records[:-1]]


def test_a_real_history_goes_and_comes_back(context, workspace, address, history):
    os.rmdir(workspace.bus.path) if os.path.isdir(workspace.bus.path) else None
    os.rename(history / "_bus", workspace.bus.path)
    before = contents(workspace)
    to_server.move(context, address)
    to_files.move(Context(workspace, seat=context.seat))
    now = without_the_moves(contents(workspace), before)
    assert {name: now[name] for name in before} == before


def test_files_of_a_bus_that_moved_are_not_written(context, workspace, address):
    FileStore(workspace).commit([Append(EVENTS, an_event())])
    to_server.move(context, address)
    for write in (lambda: FileStore(workspace).commit([Append(EVENTS, an_event())]),
                  lambda: FileStore(workspace).adopt(EVENTS, [RECORD]),
                  lambda: open_store(workspace._replace(store="files")).commit([Append(EVENTS, an_event())])):  # fmt: skip
        with pytest.raises(SetupError) as refused:
            write()
        assert refused.value.code == "bus.moved" and address.shown in refused.value.message


def test_a_sealed_bus_takes_no_more_records(context, workspace, address):
    moved = to_server.move(context, address)
    to_files.move(Context(workspace, seat=context.seat))
    with pytest.raises(SetupError) as refused:
        moved.store.commit([Append(EVENTS, an_event())])
    assert refused.value.code == "bus.moved"


def test_a_bus_that_has_records_is_not_filled(context, workspace, address, server):
    FileStore(workspace).commit([Append(EVENTS, an_event())])
    to_server.move(context, address)
    os.unlink(workspace.signpost.path)
    with pytest.raises(ConflictError) as refused:
        to_server.move(context, address)
    assert refused.value.code == "move.taken" and signpost.read(workspace) is None


def test_a_move_to_where_the_bus_is_says_so(context, workspace, address):
    with pytest.raises(ConflictError):
        to_files.move(context)
    to_server.move(context, address)
    with pytest.raises(ConflictError):
        to_server.move(context, address)


def test_an_address_with_a_secret_is_refused_and_never_shown(context, workspace):
    for url in ("postgresql://me:hunter2@h/d", "postgresql://h/d?password=hunter2", "postgresql://me@h/d"):
        with pytest.raises(UsageError) as refused:
            to_server.move(context, signpost.parse_address(url))
        assert refused.value.code == "store.secret" and "hunter2" not in refused.value.message
        assert "me" not in refused.value.message.partition("postgresql://")[2].partition(";")[0]


def killed_at(monkeypatch, target, name, call):
    """Lets a function die when it is called for the nth time."""
    real, left = getattr(target, name), [call]

    def mortal(*arguments, **named):
        left[0] -= 1
        if left[0] == 0:
            raise Death
        return real(*arguments, **named)

    monkeypatch.setattr(target, name, mortal)
    return left


def test_a_move_that_is_killed_before_any_message_is_begun_anew_or_goes_on(
    context, workspace, address, hostile, monkeypatch
):
    from tools.core.store.postgres.driver import Connection

    before = contents(workspace)
    for call in range(1, 200):
        with monkeypatch.context() as patched:
            left = killed_at(patched, Connection, "tell", call)
            with suppress(Death):
                to_server.move(context, address)
        assert contents(workspace) == before
        if signpost.read(workspace) is not None:
            break
    assert left[0] <= 0 and call > 20
    store = open_store(workspace)
    store.commit([Append(EVENTS, an_event(summary="after"))])
    assert store.read(EVENTS).records[-1].record["summary"] == "after"


def test_a_way_back_that_is_killed_anywhere_is_finished_by_the_next(context, workspace, address, hostile, monkeypatch):
    before = contents(workspace)
    to_server.move(context, address)
    open_store(workspace).commit(
        [
            Append(
                "messages/NEW",
                {"from": "x", "type": "note", "id": ids.new_record_id(), "ts": "2026-01-31T12:00:00Z", "summary": "s"},
            )
        ]
    )
    for call in range(1, 200):
        with monkeypatch.context() as patched:
            killed_at(patched, os, "fsync", call)
            with suppress(Death):
                to_files.move(Context(workspace, seat=context.seat))
        if signpost.read(workspace) is None:
            break
    now = without_the_moves(contents(workspace), before)
    assert {name: now[name] for name in before} == before and "messages/NEW.jsonl" in now


def test_files_that_are_no_beginning_of_the_server_are_left_alone(context, workspace, address):
    FileStore(workspace).commit([Append(EVENTS, an_event())])
    moved = to_server.move(context, address)
    bus = Bus(workspace, address, "")
    path = workspace.events.path
    with open(path, "ab") as file:
        file.write(RECORD + b"\n")
    changed = Path(path).read_bytes()
    with pytest.raises(DataError) as refused:
        export.bring(workspace, bus.connection, bus.opened.bus)
    assert refused.value.code == "export.differs" and Path(path).read_bytes() == changed
    assert [problem.path for problem in export.differences(workspace, bus.connection, bus.opened.bus)][0].endswith(
        "events.jsonl"
    )
    moved.store.close()


def test_a_signpost_says_where_the_bus_is_and_no_more_than_that(context, workspace, address):
    to_server.move(context, address)
    content = json.loads(Path(workspace.signpost.path).read_text())
    assert set(content) == {"store", "url", "bus", "name", "since", "token", "version"}
    assert content["store"] == "postgresql" and "@" not in content["url"]
