"""Clones of one bare origin whose bus is a worktree of its own branch, made with git alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import git

FIRST = {".gitignore": ".cache/\n.journal*\n.torn/\n*.tmp\n", "README.md": "# the live bus\n"}


def make_origin(tmp_path: Path) -> Path:
    """A bare origin with a branch of code and a bus branch that shares no commit with it."""
    seed, origin = tmp_path / "seed", tmp_path / "origin.git"
    seed.mkdir()
    git(seed, "init", "-q", "-b", "main")
    (seed / "README.md").write_text("# a repository\n")
    (seed / ".gitignore").write_text("/_bus/\n_report/session/\n/AGENT_MANIFEST*.json\n")
    git(seed, "add", "-A")
    git(seed, "commit", "-qm", "begin")
    git(seed, "switch", "-q", "--orphan", "bus")
    for name, text in FIRST.items():
        (seed / name).write_text(text)
    git(seed, "add", "-A", "-f")
    git(seed, "commit", "-qm", "begin the bus")
    git(seed, "switch", "-q", "main")
    git(tmp_path, "clone", "-q", "--bare", str(seed), str(origin))
    return origin


def make_clone(origin: Path, folder: Path, agent: str) -> Path:
    """A clone with its bus worktree and a seat."""
    git(origin.parent, "clone", "-q", str(origin), str(folder))
    git(folder, "worktree", "add", "-q", "_bus", "bus")
    (folder / "AGENT_MANIFEST.json").write_text(json.dumps({"agent_id": agent}))
    return folder


def start(folder: Path, module: str, *arguments: str) -> subprocess.Popen[str]:
    """A command as a process of its own, in a clone."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tools.{module}", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def events_of(folder: Path) -> list[str]:
    """The lines of a clone's event log."""
    path = folder / "_bus/events/events.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def ids_of(folder: Path) -> list[str]:
    """The record ids of a clone's event log, sorted."""
    return sorted(json.loads(line)["id"] for line in events_of(folder))


def log_at(folder: Path, commit: str, name: str) -> bytes:
    """A whole log as a commit has it: its closed segments, then its open end."""
    inside = f"{name.removesuffix('.jsonl')}/"
    listed = git(folder, "ls-tree", "-r", "--name-only", commit).splitlines()
    pieces = [path for path in listed if path.startswith(inside)] + [path for path in listed if path == name]
    done = [subprocess.run(["git", "show", f"{commit}:{path}"], cwd=folder, capture_output=True) for path in pieces]
    return b"".join(each.stdout for each in done)
