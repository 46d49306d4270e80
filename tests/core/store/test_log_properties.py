"""Whatever happens to a log, every whole record stays readable and every loss is visible."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core import ids
from tools.core.fs import files, jsonl
from tools.core.models.bus import EVENTS
from tools.core.store.answers import Loss
from tools.core.store.api import Append, Replace
from tools.core.store.files.store import FileStore

steps = st.lists(
    st.one_of(
        st.just(("append", 0)),
        st.tuples(st.just("tear"), st.integers(1, 400)),
        st.tuples(st.just("unfinished"), st.integers(1, 200)),
        st.just(("garbage", 0)),
        st.just(("no line end", 0)),
    ),
    max_size=12,
)


def data_of(workspace):
    return files.read_bytes(workspace.events) or b""


def put(workspace, data):
    """Another program rewrites the log in place."""
    os.makedirs(os.path.dirname(workspace.events.path), exist_ok=True)
    with open(workspace.events.path, "wb") as log:
        log.write(data)


def play(step, number, workspace, store, event, whole):
    """One step; `whole` is the list of ids of records whose line is whole, which the step brings up to date."""
    kind, amount = step
    data = data_of(workspace)
    if kind == "append":
        whole.append(store.commit([Append(EVENTS, event(summary=f"record {number}"))])[0]["id"])
    elif kind == "tear":  # a power cut on a disk without barriers: the last bytes are gone
        kept = data[: max(data.rfind(b"\n", 0, -1) + 1, len(data) - amount)]
        if whole and kept != data and ids_in(data)[-1:] == whole[-1:]:
            whole.pop()
        put(workspace, kept)
    elif kind == "unfinished" and (data.endswith(b"\n") or not data):
        put(workspace, data + jsonl.encode(event(summary="x" * 300))[:amount])
    elif kind == "garbage":
        put(workspace, data + (b"" if data.endswith(b"\n") or not data else b"\n") + b"<<<<<<< HEAD\n")
    elif kind == "no line end":
        put(workspace, data.removesuffix(b"\n"))


def ids_in(data):
    found = []
    for line in data.split(b"\n"):
        try:
            found.append(jsonl.parse(line).get("id"))
        except ValueError:
            continue
    return found


@given(steps)
@pytest.mark.promise(3)
def test_no_interleaving_of_appends_and_torn_tails_costs_a_whole_record(fresh_bus, event, played):
    workspace, whole = fresh_bus(), []
    store = FileStore(workspace)
    for number, step in enumerate(played):
        play(step, number, workspace, store, event, whole)
    store.commit([Append(EVENTS, event(summary="last"))])
    reading = store.read(EVENTS)
    assert set(whole) <= {stored.record["id"] for stored in reading.records}
    hashes = {line.hash for line in jsonl.lines(workspace.events)} | {None}
    assert all(stored.record.get("prev") in hashes for stored in reading.records)


@given(steps)
def test_the_index_tells_the_same_as_reading_the_log_from_the_beginning(fresh_bus, event, played):
    workspace = fresh_bus()
    store = FileStore(workspace)
    for number, step in enumerate(played):
        play(step, number, workspace, store, event, [])
        store.history.refresh()
        rows = store.history.index.ask("SELECT raw FROM entries WHERE stream='events' ORDER BY number")
        known = [raw for (raw,) in rows]
        told = {(problem.line, problem.reason) for problem in store.history.problems()}
        reading = store.read(EVENTS)
        assert known == [stored.line.raw for stored in reading.records]
        assert told == {(problem.line, problem.reason) for problem in reading.problems}


@given(st.integers(0, 3), st.integers(0, 4), st.integers(0, 4), st.randoms(use_true_random=False))
def test_a_union_merge_of_two_branches_keeps_every_record_and_every_link(fresh_bus, event, before, left, right, random):
    ours, theirs = fresh_bus(), fresh_bus()
    append(ours, event, before)
    base = data_of(ours)
    put(theirs, base)
    append(ours, event, left)
    append(theirs, event, right)
    put(ours, base + union(data_of(ours)[len(base) :], data_of(theirs)[len(base) :], random))
    append(ours, event, 1)
    reading = FileStore(ours).read(EVENTS)
    hashes = {stored.line.hash for stored in reading.records} | {None}
    assert reading.problems == [] and len(reading.records) == before + left + right + 1
    assert all(stored.record.get("prev") in hashes for stored in reading.records)


def append(workspace, event, count):
    for _ in range(count):
        FileStore(workspace).commit([Append(EVENTS, event())])


def union(one, other, random):
    """What a union merge makes of two sides: all lines of both, each side in its own order."""
    left, right, merged = one.splitlines(True), other.splitlines(True), []
    while left or right:
        merged.append((left if not right or (left and random.random() < 0.5) else right).pop(0))
    return b"".join(merged)


@given(st.integers(1, 6), st.data())
@pytest.mark.promise(7)
def test_a_record_that_vanishes_from_the_middle_or_the_end_is_noticed(fresh_bus, event, count, data):
    workspace = fresh_bus()
    store = FileStore(workspace)
    for number in range(count):
        store.commit([Append(EVENTS, event(summary=f"record {number}"))])
    assert store.history.losses() == []
    gone = data.draw(st.integers(0, count - 1))
    lines = data_of(workspace).splitlines(True)
    put(workspace, b"".join(lines[:gone] + lines[gone + 1 :]))
    store.history.refresh()
    assert store.history.losses() == [Loss(EVENTS, 1)]
    assert store.history.index.ask("SELECT raw FROM lost") == [(lines[gone].rstrip(b"\n"),)]


records_of = st.lists(st.integers(0, 3), min_size=1, max_size=5)


@given(records_of, st.integers(0, 5), st.integers(0, 100), st.booleans(), st.booleans())
def test_redoing_a_journal_from_any_state_it_may_have_left_is_harmless(
    fresh_bus, event, spread, done, torn, replaced, moved_on
):
    """`done` records of each log and a piece of the next one are already there, the document perhaps too."""
    workspace = fresh_bus()
    store = FileStore(workspace)
    streams = [EVENTS, "messages/T", "messages/U", "messages/V"]
    store.commit([Append(EVENTS, event(summary="before"))])
    intent = {
        stream: [event(id=ids.new_record_id()) for part in spread if streams[part] == stream] for stream in streams
    }
    write_journal(workspace, store, {stream: waiting for stream, waiting in intent.items() if waiting})
    for stream, waiting in intent.items():
        if waiting:
            leave_half_done(store.place(stream), waiting, done, torn)
    if replaced:
        files.replace(workspace.claim("C"), files.dump_json({"n": "later" if moved_on else "new"}))
    for _ in range(2):
        store.recover()
    for stream, waiting in intent.items():
        reading = store.read(stream)
        found = [stored.record["id"] for stored in reading.records]
        assert reading.problems == [] and all(found.count(record["id"]) == 1 for record in waiting)
    assert store.get("claims/C").content["n"] == ("later" if replaced and moved_on else "new")
    assert store.read(EVENTS).records[0].record["summary"] == "before"
    store.commit([Append(EVENTS, event()), Replace("claims/D", {}, "")])


def write_journal(workspace, store, intent):
    appends = []
    for stream, waiting in intent.items():
        place = store.place(stream)
        mark = len(files.read_bytes(place) or b"")
        appends.append({"name": place.name, "mark": mark, "records": waiting})
    documents = [{"name": "claims/C", "expected": "", "content": {"n": "new"}}]
    files.replace(workspace.journal, files.dump_json({"appends": appends, "documents": documents}))


def leave_half_done(place, waiting, done, torn):
    before = files.read_bytes(place) or b""
    lines = [jsonl.encode(record) + b"\n" for record in waiting]
    files.replace(place, before + b"".join(lines[:done]) + b"".join(lines[done : done + 1])[:torn])
