"""A real clone with a bus and the seats of a manager and an agent, each in a worktree of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from tests.acting import context_of
from tests.conftest import git
from tools.core.setup import init
from tools.core.workspace import Workspace

PAYLOADS = Path(__file__).resolve().parent / "fixtures" / "agents"
HELD, OTHER_HELD = "lib/table.py", "lib/notes.txt"


class Fleet(NamedTuple):
    """The main checkout, which is the manager's, and the worktree of `codex-1`."""

    main: Path
    tree: Path

    @property
    def space(self) -> Workspace:
        """The agent's workspace."""
        return Workspace(str(self.tree), str(self.main))

    def claim(self, task: str, agent: str, *paths: str, **more: Any) -> None:
        """Puts a claim on the bus as an older hand would write it."""
        document = {"task_id": task, "agent_id": agent, "status": "active", "paths": list(paths), "fence": 1,
                    "branch": f"agent/{agent}/x", "claimed_at": "2026-11-26T10:00:00Z", **more}  # fmt: skip
        place = self.main / "_bus" / "claims" / f"{task}.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(document))


def make(main: Path) -> Fleet:
    """The fleet in an existing repository."""
    (main / "lib").mkdir()
    (main / HELD).write_text("def rows():\n")
    init.prepare(
        context_of(Workspace(str(main), str(main))), agent="manager-1", roles=["manager"], bus=None, dry_run=False
    )
    git(main, "add", "-A")
    git(main, "commit", "-qm", "ready")
    tree = main.parent / "tree"
    git(main, "worktree", "add", "-q", str(tree), "-b", "agent/codex-1/work")
    init.prepare(context_of(Workspace(str(tree), str(main))), agent="codex-1", roles=[], bus=None, dry_run=False)
    return Fleet(main, tree)


def payloads(root: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """Program, event and payload of everything the programs were seen to send, in made-up words."""
    found = []
    for path in sorted(PAYLOADS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line.replace("@ROOT@", str(root)).replace("@HOME@", str(root.parent / "home")))
            found.append((row["cli"], row["event"], row["payload"]))
    return found


def sh(line: str, folder: Path, data: bytes = b"", **more: Any) -> subprocess.CompletedProcess[bytes]:
    """A command line in sh."""
    return subprocess.run(["sh", "-c", line], cwd=folder, input=data, capture_output=True, timeout=60, **more)
