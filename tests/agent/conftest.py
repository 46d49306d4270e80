"""What the manager's commands are tested with: a backlog, and a hash of every file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests import fleet as fleets


def tree_hash(root: Path) -> str:
    """One hash over names and bytes of all files, git's own and what can be derived again left out."""
    digest = hashlib.sha256()
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in (".git", ".cache"))
        for name in sorted(files):
            path = Path(folder, name)
            digest.update(f"{path.relative_to(root)}\0".encode() + (b"" if path.is_symlink() else path.read_bytes()))
    return digest.hexdigest()


@pytest.fixture
def unchanged(git_repo):
    """Asserts that nothing in the checkout differs from what it was when the test asked first."""
    known = {}

    def check():
        now = tree_hash(git_repo)
        assert known.setdefault("hash", now) == now

    return check


@pytest.fixture
def backlog(git_repo):
    """Writes backlog files: `backlog({"001-a.md": "Priority: high"})`."""

    def write(files):
        (git_repo / "queue").mkdir(exist_ok=True)
        for name, text in files.items():
            (git_repo / "queue" / name).write_text(f"# Task: {name[:-3]}\n{text}\n")

    return write


@pytest.fixture
def document(store):
    """Reads a document of the bus: `document("claims/QUEUE-1")`; None where there is none."""

    def read(name):
        found = store.get(name)
        return found.content if found else None

    return read


@pytest.fixture
def lines(store):
    """Reads a log of the bus: `lines("events")`, `lines("messages/QUEUE-1")`."""
    return lambda stream: [stored.record for stored in store.read(stream).records]


@pytest.fixture
def fleet(git_repo, monkeypatch):
    """The manager's checkout and an agent's worktree; the test stands in the agent's."""
    made = fleets.make(git_repo)
    monkeypatch.chdir(made.tree)
    return made
