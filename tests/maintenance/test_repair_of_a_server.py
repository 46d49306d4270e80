"""`bus_repair` where the bus is on a server: it explains, and gives back what the files here have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acting import context_of
from tests.postgres import PlantedStore
from tools.core.models.bus import EVENTS
from tools.core.setup import init
from tools.core.store import signpost
from tools.core.workspace import Workspace

Run = Callable[..., Any]


@pytest.fixture
def moved(git_repo: Path, workspace: Workspace, server: Any, run: Run) -> PlantedStore:
    """A bus with three events on a server, exported to its files; a way to take records away from it."""
    init.prepare(context_of(workspace), agent="boss", roles=["manager"], bus=None, dry_run=False)
    for text in ("first", "second"):
        run("agent.bus_event", "log", "--event", "note", "--summary", text)
    address = server.new_bus()
    run("maintenance.bus_move", "--to", address.url, "--bus", address.bus)
    run("maintenance.bus_export")
    mark = signpost.read(workspace)
    assert mark is not None
    return PlantedStore(workspace, mark.address)


def summaries(store: PlantedStore) -> list[object]:
    return [each.record["summary"] for each in store.read(EVENTS).records]


def test_a_sound_server_needs_nothing(moved: PlantedStore, run: Run) -> None:
    assert "has every record that is here" in run("maintenance.bus_repair").out


def test_what_an_export_has_is_given_back_to_a_server_that_went_back(moved: PlantedStore, run: Run) -> None:
    before = summaries(moved)
    first = next(moved.lines(EVENTS)).raw
    moved.put(EVENTS, first + b"\n")
    shown = run("maintenance.bus_repair").out
    assert "would give back: _bus/events/events.jsonl" in shown and len(summaries(moved)) == 1
    run("maintenance.bus_repair", "--apply")
    assert summaries(moved)[: len(before)] == before and "gave" in str(summaries(moved)[-1])
    assert "are gone" not in run("agent.bus_status").err


def test_what_no_file_has_is_said_and_taken_for_lost_when_told_so(moved: PlantedStore, run: Run) -> None:
    run("agent.bus_event", "log", "--event", "note", "--summary", "never exported")
    lines = [line.raw for line in moved.lines(EVENTS)][:-1]
    moved.put(EVENTS, b"".join(line + b"\n" for line in lines))
    assert "no file here has them" in run("maintenance.bus_repair", code=1).out
    run("maintenance.bus_repair", "--apply")
    assert "are gone" not in run("agent.bus_status").err
