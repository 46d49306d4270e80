"""Which tasks the event log names behind a position, and when it does not go on from there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.core.store.files.documents import named
from tools.core.store.files.documents.named import Position, named_since, position


@pytest.fixture
def log(workspace):
    path = Path(workspace.events.path)
    path.parent.mkdir(parents=True)
    return path


def line(task, summary="x"):
    return json.dumps({"task_id": task, "summary": summary}) + "\n"


def add(log, text):
    with log.open("a") as file:
        file.write(text)


def test_events_behind_a_position_name_their_tasks(workspace, log):
    start = position(workspace)
    assert start == Position()
    add(log, line("T-1") + line("T-2") + "damaged\n[1]\n" + line(7) + line(None))
    assert named_since(workspace, start) == {"T-1", "T-2"}
    later = position(workspace)
    assert named_since(workspace, later) == set()
    add(log, line("T-3"))
    assert named_since(workspace, later) == {"T-3"} and named_since(workspace, start) == {"T-1", "T-2", "T-3"}


def test_a_line_that_is_still_being_written_is_read_once_it_is_whole(workspace, log):
    add(log, line("T-1") + '{"task_id": "T-')
    middle = position(workspace)
    assert named_since(workspace, middle) == set()
    add(log, '2"}\n')
    assert named_since(workspace, middle) == {"T-2"}


@pytest.mark.parametrize("before", ["", "x" * 9000, "x" * 300_000])
def test_the_position_is_found_behind_lines_of_any_length(workspace, log, before):
    add(log, line("T-1", before))
    assert position(workspace).end == log.stat().st_size
    add(log, '{"task_id": "T-2')
    assert position(workspace).end <= log.stat().st_size
    add(log, '"}\n')
    assert named_since(workspace, position(workspace)) == set()


def test_a_log_that_does_not_go_on_says_nothing(workspace, log, monkeypatch):
    add(log, "".join(line(f"T-{number}") for number in range(50)))
    known = position(workspace)
    whole = log.read_bytes()
    log.write_bytes(whole[: len(whole) // 2])
    assert named_since(workspace, known) is None
    log.write_bytes(line("other").encode() + whole)
    assert named_since(workspace, known) is None
    log.write_bytes(whole + line("T-50").encode())
    assert named_since(workspace, known) == {"T-50"}
    monkeypatch.setattr(named, "_MANY", 100)
    add(log, "".join(line(f"T-{number}") for number in range(50)))
    assert named_since(workspace, known) is None
    log.unlink()
    assert named_since(workspace, known) is None and position(workspace) == Position()
