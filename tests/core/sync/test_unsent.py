"""Since when records of a clone wait to be exchanged, and the row of the board that says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.clones import make_clone, make_origin
from tests.core.board.test_build import taken
from tools.core import clock
from tools.core.sync.unsent import unsent_since
from tools.core.workspace import Workspace


@pytest.fixture
def clone(tmp_path, monkeypatch):
    folder = make_clone(make_origin(tmp_path), tmp_path / "clone", "codex-1")
    monkeypatch.chdir(folder)
    return folder


def log(run, summary):
    """Logs an event and returns its moment."""
    return clock.parse(run("agent.bus_event", "log", "--event", "note", "--summary", summary, "--json").json["ts"])


def test_a_clone_that_never_exchanged_waits_since_its_first_record(clone, run):
    workspace = Workspace(str(clone), str(clone))
    assert unsent_since(workspace) is None
    first = log(run, "one")
    log(run, "two")
    assert unsent_since(workspace) == first


def test_what_was_sent_waits_no_more_and_what_came_from_others_never_did(clone, run, tmp_path, monkeypatch):
    workspace = Workspace(str(clone), str(clone))
    log(run, "one")
    run("agent.bus_sync", "--push")
    assert unsent_since(workspace) is None
    second = log(run, "two")
    assert unsent_since(workspace) == second
    run("agent.bus_sync")
    assert unsent_since(workspace) == second
    run("agent.bus_sync", "--push")
    other = make_clone(tmp_path / "origin.git", tmp_path / "other", "codex-2")
    monkeypatch.chdir(other)
    run("agent.bus_sync")
    assert unsent_since(Workspace(str(other), str(other))) is None


def test_a_bus_in_a_folder_and_a_clone_without_a_remote_exchange_nothing(git_repo, workspace, run, seat):
    seat("codex-1")
    log(run, "one")
    assert unsent_since(workspace) is None


def test_the_board_says_so_once_it_is_longer_than_an_agent_may_be_silent(clone, run):
    first = log(run, "one")
    workspace = Workspace(str(clone), str(clone))
    early, late = (taken(workspace, now=first + timedelta(minutes=minutes)) for minutes in (239, 241))
    assert "bus_unsent" not in [row.kind for row in early.reminders]
    (row,) = [row for row in late.reminders if row.kind == "bus_unsent"]
    assert row.command.endswith("bus_sync --push") and late.verdict == "amber"
