"""The smallest test of each promise that a kill cannot show; what the mutations are measured by."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.core.errors import BusyError
from tools.core.fs import locks
from tools.core.store.api import Replace, StaleVersion
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace

HOLD = """
import sys
from tools.core.fs import locks
from tools.core.workspace import Workspace
with locks.hold(Workspace(sys.argv[1], sys.argv[1]).bus):
    print("held", flush=True)
    sys.stdin.readline()
"""
CLAIM = ("agent.bus_claim", "claim", "--agent", "codex-1", "--task")


@pytest.mark.promise(1)
def test_the_lock_keeps_a_second_process_out(git_repo: Path, workspace: Workspace) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, git_repo], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(BusyError), locks.hold(workspace.bus, patience=0.05):
        pass
    holder.communicate("\n", timeout=30)


@pytest.mark.promise(1)
def test_a_decision_on_an_old_version_is_not_written(store: FileStore) -> None:
    store.commit([Replace("claims/T", {"fence": 1}, "")])
    first = store.get("claims/T")
    assert first is not None
    store.commit([Replace("claims/T", {"fence": 2}, first.version)])
    with pytest.raises(StaleVersion):
        store.commit([Replace("claims/T", {"fence": 3}, first.version)])
    assert (found := store.get("claims/T")) is not None and found.content == {"fence": 2}


@pytest.mark.parametrize("task", ["../../../evil", "..", "a/b", "-x", "a\x1bb", "", "CON"])
@pytest.mark.promise(4)
def test_an_id_that_is_none_is_refused_before_anything_is_touched(
    task: str, git_repo: Path, run: Callable[..., Any]
) -> None:
    run(*CLAIM, task, code=2)
    assert not (git_repo / "_bus").exists()


@pytest.mark.parametrize("folder", ["_bus/events", "_bus/claims", "_bus"])
@pytest.mark.promise(4)
def test_a_link_out_of_the_repository_is_not_followed(
    folder: str, git_repo: Path, tmp_path: Path, run: Callable[..., Any]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (git_repo / folder).parent.mkdir(exist_ok=True)
    (git_repo / folder).symlink_to(outside)
    run(*CLAIM, "T", code=6)
    assert os.listdir(outside) == []


def test_a_log_that_is_a_link_is_not_written_through(git_repo: Path, tmp_path: Path, run: Callable[..., Any]) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (git_repo / "_bus/events").mkdir(parents=True)
    (git_repo / "_bus/events/events.jsonl").symlink_to(precious)
    run("agent.bus_event", "log", "--agent", "codex-1", "--event", "note", code=6)
    assert precious.read_text() == "kept"


@pytest.mark.promise(5)
def test_a_seat_cannot_write_as_another(git_repo: Path, seat: Callable[..., Path], run: Callable[..., Any]) -> None:
    seat("codex-2")
    run(*CLAIM, "T", code=3)
    assert not (git_repo / "_bus/claims/T.json").exists()
