"""Claims that are long over lie in the log of their month on the branch, and are what they were for every reader."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clones import make_clone, make_origin
from tests.conftest import git
from tools.core import clock
from tools.core.checks.sources import Commit
from tools.core.store import layout
from tools.core.sync import finished

pytestmark = pytest.mark.slow

FILE = layout.document_path("claims/T-1")
CLAIM = ("agent.bus_claim",)


def sync(run, clone: Path) -> None:
    run("agent.bus_event", "log", "--root", str(clone), "--event", "note", "--summary", "so that there is a commit")
    run("agent.bus_sync", "--root", str(clone), "--push")


def claim_of(clone: Path, task: str = "T-1") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((clone / f"_bus/claims/{task}.json").read_text())
    return content


def on_branch(origin: Path) -> list[str]:
    return git(origin, "ls-tree", "-r", "--name-only", "bus").split()


@pytest.fixture
def pair(tmp_path: Path, run, monkeypatch) -> list[Path]:
    """Two clones that exchanged a claim which ended twenty days ago, and one that ended now; then it moved."""
    origin = make_origin(tmp_path)
    clones = [make_clone(origin, tmp_path / name, f"codex-{number}") for number, name in enumerate("ab", 1)]
    for task in ("T-1", "T-2"):
        run(*CLAIM, "claim", "--root", str(clones[0]), "--task", task)
        run(*CLAIM, "release", "--root", str(clones[0]), "--task", task)
    ended = clock.to_text(clock.now() - timedelta(days=20))
    (clones[0] / "_bus/claims/T-1.json").write_text(json.dumps({**claim_of(clones[0]), "released_at": ended}))
    monkeypatch.setattr(finished, "folder_of", lambda commit: "claims/00")
    for clone in clones:
        sync(run, clone)
    assert FILE in on_branch(origin)
    for task in ("T-1", "T-2"):
        monkeypatch.setattr(finished, "folder_of", lambda commit, task=task: f"claims/{layout.fan(task)}")
        sync(run, clones[1])
    return clones


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return tmp_path / "origin.git"


def test_it_moves_and_what_ended_lately_stays(pair, origin, run):
    month = claim_of(pair[0])["released_at"][:7]
    listed = on_branch(origin)
    assert f"claims/finished/{month}.jsonl" in listed and FILE not in listed
    assert layout.document_path("claims/T-2") in listed
    assert json.loads(git(origin, "show", f"bus:claims/finished/{month}.jsonl")) == claim_of(pair[0])


def test_every_clone_has_it_as_before_and_none_puts_it_back(pair, origin, tmp_path, run):
    late = make_clone(origin, tmp_path / "late", "codex-3")
    for clone in (*pair, late, *pair):
        (clone / "_bus/.cache/exchange.json").unlink(missing_ok=True)
        sync(run, clone)
        assert claim_of(clone) == claim_of(pair[0]) and FILE not in on_branch(origin)
        assert "done" in run(*CLAIM, "claim", "--root", str(clone), "--task", "T-1", code=4).err
    for clone in pair:
        run("maintenance.bus_check", "--root", str(clone), "--base", "origin/bus")


def test_a_task_that_is_taken_up_again_gets_a_file_again_which_wins(pair, origin, tmp_path, run):
    again = ("--task", "T-1", "--reopen", "--reason", "not over")
    run(*CLAIM, "claim", "--root", str(pair[1]), *again)
    sync(run, pair[1])
    late = make_clone(origin, tmp_path / "late", "codex-3")
    for clone in (pair[0], late):
        sync(run, clone)
        assert (claim_of(clone)["agent_id"], claim_of(clone)["fence"]) == ("codex-2", 2)
    assert FILE in on_branch(origin)


def test_a_reader_of_the_commit_finds_it_by_its_name(pair, origin):
    with Commit(str(origin), git(origin, "rev-parse", "bus").strip()) as commit:
        assert "_bus/claims/T-1.json" in commit.names("claims")
        assert json.loads(commit.document("_bus/claims/T-1.json") or b"") == claim_of(pair[0])
        assert commit.document("_bus/claims/T-9.json") is None


def test_over_many_commits_every_folder_gets_its_turn():
    assert {finished.folder_of(f"{number:08x}{'0' * 32}") for number in range(256)} == {
        f"claims/{number:02x}" for number in range(256)
    }
