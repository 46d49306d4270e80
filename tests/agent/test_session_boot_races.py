"""Many sessions that begin at once in worktrees of one clone, while the remote moves on."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.clones import make_origin, start
from tests.conftest import git

AGENTS = ("codex-1", "codex-2", "codex-3", "codex-4")
BOOTS = 5


def test_twenty_boots_at_once_shake_hands_twenty_times(tmp_path):
    clone, other = _two_clones(tmp_path)
    trees = [_worktree(clone, tmp_path / agent, agent) for agent in AGENTS]
    boots = []
    for turn in range(BOOTS):
        _push(other, f"{turn}.txt")
        boots += [
            start(tree, "agent.session_boot", "--agent", agent) for agent, tree in zip(AGENTS, trees, strict=True)
        ]
    said = [(one.communicate(timeout=300), one.returncode) for one in boots]
    assert [code for _, code in said] == [0] * len(boots), said
    lines = (clone / "_bus/events/events.jsonl").read_text().splitlines()
    handshakes = [event for event in map(json.loads, lines) if event["event"] == "handshake"]
    assert sorted(event["agent_id"] for event in handshakes) == sorted(AGENTS * BOOTS)
    assert len({event["id"] for event in handshakes}) == BOOTS * len(AGENTS)


def test_a_boot_in_the_middle_of_another_ones_fast_forward_sees_no_work_of_others(tmp_path):
    clone, other = _two_clones(tmp_path)
    git(clone, "config", "filter.slow.smudge", "sleep 1; cat")  # the first file is there a second before the rest
    tree = _worktree(clone, tmp_path / "codex-1", "codex-1")
    (other / ".gitattributes").write_text("*.txt filter=slow\n")
    (other / "1.txt").write_text("new\n")
    (other / "2.txt").write_text("new\n")
    _push(other, "3.txt")
    first = start(tree, "agent.session_boot", "--agent", "codex-1")
    deadline = time.monotonic() + 60
    while not (tree / "1.txt").exists():
        assert time.monotonic() < deadline, first.communicate(timeout=300)
        time.sleep(0.01)
    second = start(tree, "agent.session_boot", "--agent", "codex-1")
    for boot in (second, first):
        text, error = boot.communicate(timeout=300)
        assert boot.returncode == 0, text + error
    assert not list(tree.glob("_report/session/codex-1/*dirty*"))


def _two_clones(tmp_path: Path) -> tuple[Path, Path]:
    """A clone whose bus is a worktree, and another one that moves their origin on."""
    origin = make_origin(tmp_path)
    clone, other = tmp_path / "clone", tmp_path / "other"
    for folder in (clone, other):
        git(tmp_path, "clone", "-q", str(origin), str(folder))
    git(clone, "worktree", "add", "-q", "_bus", "bus")
    return clone, other


def _worktree(clone: Path, folder: Path, agent: str) -> Path:
    git(clone, "worktree", "add", "-q", "--no-track", "-b", f"agent/{agent}/x", str(folder), "main")
    return folder


def _push(folder: Path, name: str) -> None:
    (folder / name).write_text("new\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", name)
    git(folder, "push", "-q", "origin", "HEAD", "HEAD:refs/heads/agent/codex-9/x")
