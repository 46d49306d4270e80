"""`bus_check` of the live bus, whatever the store is made of."""

import json

import pytest

from tools.core.models.bus import EVENTS


@pytest.fixture(autouse=True)
def bus(run, seat):
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "T")
    run("agent.bus_message", "--task", "T", "--type", "note", "--summary", "s")


def errors(run, code=1):
    found = run("maintenance.bus_check", "--json", code=code).json["findings"]
    return [(part["rule"], f"{part['path']}:{part['line']}") for part in found if part["severity"] == "error"]


def test_a_sound_bus_has_no_errors(run):
    assert errors(run, code=0) == []


def test_lines_that_are_none_are_errors_with_their_place(run, raw_bus, store):
    raw_bus.add(EVENTS, b"{")
    raw_bus.add("messages/T", b"{}")
    assert {
        ("record.unreadable", f"{store.where(EVENTS)}:2"),
        ("record.shape", f"{store.where('messages/T')}:2"),
    } <= set(errors(run))


def test_a_changed_line_breaks_the_chain(run, raw_bus, store):
    run("agent.bus_ping")
    raw_bus[EVENTS] = raw_bus[EVENTS].replace(b"claimed", b"gave up", 1)
    assert errors(run) == [("record.prev_unknown", f"{store.where(EVENTS)}:2")]


def test_a_document_that_is_none_is_an_error(run, raw_bus, store):
    raw_bus["claims/T"] = b'{"task_id": "T",\n}'
    raw_bus["assignments/T"] = json.dumps({"task_id": "T", "engineer": 5}).encode()
    found = errors(run)
    assert ("file.unreadable", f"{store.where('claims/T')}:2") in found
    assert ("record.shape", f"{store.where('assignments/T')}:1") in found
