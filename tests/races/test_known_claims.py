"""Readers of many claims while writers change them: each sees its own change at once, and in the end all see what the files say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tools.core.models.claim_state import LIVE
from tools.core.store import live as all_live
from tools.core.store import one_by_one
from tools.core.store.files.documents import live
from tools.core.store.files.documents.live_claims import live_claims
from tools.core.store.files.store import FileStore

CHANGE = """
import random, sys, time
from tools.core import ids
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append, Replace
from tools.core.store.files.documents import live
from tools.core.store.files.documents.live_claims import live_claims
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace
live.FEW = 0
root, writer, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chosen = random.Random(writer)
def change(task, status):
    store = FileStore(Workspace(root, root))
    current = store.get(f"claims/{task}")
    event = {"id": ids.new_record_id(), "ts": "2026-01-31T12:00:00Z", "agent_id": "a", "event": status, "summary": "x",
             "task_id": task}
    claim = {"task_id": task, "agent_id": "a", "status": status, "claimed_at": "2026-01-31T12:00:00Z"}
    store.commit([Append(EVENTS, event), Replace(f"claims/{task}", claim, current.version if current else "")])
    seen = f"claims/{task}" in FileStore(Workspace(root, root)).live("claims").documents
    hook = task in {claim.task_id for claim in live_claims(Workspace(root, root), time.time_ns())}
    if not seen == hook == (status in ("active", "paused")):
        sys.exit(f"{task} is {status}: a reader says {seen}, a hook {hook}")
sys.stdin.readline()
for _ in range(rounds):
    change(f"W{writer}-{chosen.randrange(6)}", chosen.choice(["active", "paused", "released", "done"]))
"""


def started(workspace, writer, rounds):
    command = [sys.executable, "-c", CHANGE, workspace.root, str(writer), str(rounds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def begin(processes):
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def assert_known(workspace, monkeypatch):
    """What the catalogue says is what the documents say."""
    monkeypatch.setattr(live, "FEW", 0)
    store = FileStore(workspace)
    documents = one_by_one.documents(store, ("claims", "assignments"))
    assert store.live("claims", newest=5) == all_live.of_all(documents, ("claims",), (), 5)
    states = {name.partition("/")[2]: all_live.state(claim) for name, claim in documents.items()}
    hook = {claim.task_id: claim.state for claim in live_claims(workspace, time.time_ns())}
    assert hook == {task: state for task, state in states.items() if state in LIVE} and len(states) > 6


@pytest.mark.parametrize("rounds", [30, pytest.param(600, marks=pytest.mark.soak)])
def test_each_process_sees_its_own_change_at_once(workspace, store, monkeypatch, rounds):
    processes = [started(workspace, writer, rounds) for writer in range(4)]
    begin(processes)
    for process in processes:
        _, err = process.communicate(timeout=900)
        assert process.returncode == 0, err
    assert_known(workspace, monkeypatch)


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_processes_that_are_killed_leave_nothing_that_misleads(workspace, store, monkeypatch, kills):
    steady = started(workspace, 0, kills * 5)
    begin([steady])
    for number in range(kills):
        other = started(workspace, 1 + number % 3, 1000)
        begin([other])
        time.sleep(0.15 + number % 7 / 50)
        other.send_signal(signal.SIGKILL)
        other.communicate()
    _, err = steady.communicate(timeout=900)
    assert steady.returncode == 0, err
    FileStore(workspace).recover()
    assert_known(workspace, monkeypatch)
    os.utime(f"{workspace.bus.path}/claims", (1, 1))
    assert_known(workspace, monkeypatch)
