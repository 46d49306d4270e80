"""A journal is finished whole, left whole for the toolkit that wrote it, or set aside whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append, Replace, StaleVersion
from tools.core.store.files import journal
from tools.core.store.files.transaction import Transaction
from tools.core.store.files.writing import MAX_JOURNAL
from tools.core.workspace import Workspace

Run = Callable[..., Any]


@pytest.fixture
def written(workspace: Workspace, event: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """The journal of a commit of a record and a document, as a document."""
    plan = Transaction(workspace, [Append(EVENTS, event(summary="from the dead")), Replace("claims/T", {"n": 1}, "")])
    document: dict[str, Any] = json.loads(journal.dump(plan))
    return document


def leave(workspace: Workspace, document: dict[str, Any]) -> bytes:
    """Puts a journal in place as a process that died would leave it."""
    data = files.dump_json(document)
    files.replace(workspace.journal, data)
    return data


def test_what_was_written_is_read_back_and_done(workspace: Workspace, store: Any, written: dict[str, Any]) -> None:
    leave(workspace, written)
    assert store.recover() and not os.path.exists(workspace.journal.path)
    assert store.get("claims/T").content == {"n": 1}


HELD = {"task_id": "T", "agent_id": "codex-2", "status": "active", "claimed_at": "2026-01-31T12:00:00Z", "fence": 1}
GIVEN = {"task_id": "T", "engineer": "codex-2", "manager": "codex-2", "assigned_at": "2026-01-31T12:00:00Z"}


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("agent.bus_claim", "release", "--task", "T"), "T is codex-2's (active)"),
        (("agent.bus_claim", "claim", "--task", "T"), "held by codex-2"),
        (("agent.task_assign", "--task", "T", "--engineer", "codex-1"), "held by codex-2"),
    ],
)
def test_a_refusal_rests_on_no_half_of_a_commit(
    workspace: Workspace, store: Any, run: Run, seat: Any, command: tuple[str, ...], told: str
) -> None:
    seat("codex-1")
    plan = Transaction(workspace, [Replace("assignments/T", GIVEN, ""), Replace("claims/T", HELD, "")])
    files.replace(workspace.journal, journal.dump(plan))
    files.replace(workspace.assignment("T"), files.dump_json(GIVEN))  # its writer has come so far
    refusal = run(*command, code=None)
    assert refusal.code in (3, 4) and told in refusal.err, refusal.err
    assert store.get("claims/T").content == HELD and not os.path.exists(workspace.journal.path)


def test_a_refusal_does_not_wait_for_a_commit_about_another_task(
    workspace: Workspace, store: Any, run: Run, seat: Any
) -> None:
    seat("codex-1")
    store.commit([Replace("claims/T", HELD, "")])
    plan = Transaction(workspace, [Replace("claims/T-2", HELD, "")])
    files.replace(workspace.journal, journal.dump(plan))
    assert "held by codex-2" in run("agent.bus_claim", "claim", "--task", "T", code=4).err
    assert os.path.exists(workspace.journal.path)


def test_documents_of_two_moments_are_read_again(workspace: Workspace, store: Any) -> None:
    store.commit([Replace("claims/T", HELD, "")])
    seen = {name: store.version(name) for name in ("claims/T", "assignments/T")}
    store.require_one_moment(seen)
    store.commit([Replace("assignments/T", GIVEN, "")])
    with pytest.raises(StaleVersion):
        store.require_one_moment(seen)


STRANGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "a newer version": lambda document: document.update(version=2),
    "no version at all": lambda document: document.update(version=None),
    "a kind of change that is unknown": lambda document: document.update(removals=[{"name": "claims/T"}]),
    "a document that is changed in a new way": lambda document: document["documents"][0].update(mode="merge"),
    "an append with a new condition": lambda document: document["appends"][0].update(unless="x"),
}


@pytest.mark.parametrize("change", STRANGE)
def test_a_journal_of_another_toolkit_is_left_and_named_by_writers_and_by_a_repair(
    workspace: Workspace, store: Any, written: dict[str, Any], run: Run, seat: Any, change: str
) -> None:
    seat("codex-1")
    STRANGE[change](written)
    data = leave(workspace, written)
    for command in (("agent.bus_event", "log", "--event", "note"), ("maintenance.bus_repair", "--apply")):
        refusal = run(*command, code=6)
        assert "_bus/.journal:1: a journal of another toolkit" in refusal.err
        assert files.read_bytes(workspace.journal) == data
    assert not os.path.exists(workspace.events.path) and store.get("claims/T") is None


DAMAGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "another fence": lambda document: document["documents"][0]["content"].update(n=2),
    "another record": lambda document: document["appends"][0]["records"][0].update(summary="changed"),
    "no checksum": lambda document: document.pop("sha256"),
    "one change less": lambda document: document["documents"].clear(),
}


@pytest.mark.parametrize("change", DAMAGED)
def test_a_journal_that_was_changed_is_not_done_and_set_aside_by_a_repair(
    workspace: Workspace, store: Any, written: dict[str, Any], run: Run, seat: Any, change: str
) -> None:
    seat("codex-1")
    DAMAGED[change](written)
    data = leave(workspace, written)
    with pytest.raises(DataError, match="checksum"):
        store.recover()
    run("maintenance.bus_repair", "--apply")
    (kept,) = Path(workspace.torn.path).iterdir()
    assert kept.read_bytes() == data and store.get("claims/T") is None
    run("agent.bus_event", "log", "--event", "note")


def test_a_record_over_the_limit_wedges_nobody(
    workspace: Workspace, store: Any, event: Any, run: Run, seat: Any
) -> None:
    seat("codex-1")
    changes = {
        "appends": [{"name": "_bus/events/events.jsonl", "mark": 0, "records": [event(summary="x" * 70_000)]}],
        "documents": [],
    }
    leave(workspace, changes)
    run("agent.bus_event", "log", "--event", "note", code=6)
    run("maintenance.bus_repair", "--apply")
    run("agent.bus_event", "log", "--event", "note")


@pytest.mark.parametrize(
    "plant", [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path), lambda path: huge(path)]
)
def test_whatever_stands_for_a_journal_is_moved_away(
    workspace: Workspace, run: Run, seat: Any, plant: Callable[[str], object]
) -> None:
    seat("codex-1")
    os.makedirs(workspace.bus.path, exist_ok=True)
    plant(workspace.journal.path)
    run("agent.bus_event", "log", "--event", "note", code=6)
    run("maintenance.bus_repair", "--apply")
    assert not os.path.lexists(workspace.journal.path) and len(os.listdir(workspace.torn.path)) == 1
    run("agent.bus_event", "log", "--event", "note")


def huge(path: str) -> None:
    """A file of many bytes that takes no room."""
    with open(path, "wb") as file:
        file.truncate(MAX_JOURNAL + 1)
