"""Clones whose bus moves to a server and back, by the commands that agents and managers use."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.acting import context_of
from tests.clones import make_clone, make_origin
from tests.conftest import git
from tools.core.setup import init
from tools.core.workspace import Workspace

Run = Callable[..., Any]
STORE = "_bus/store.json"


class Team(NamedTuple):
    """Two clones of one origin, a server, a name there that no other test has, and a way to run commands in either."""

    boss: Path
    other: Path
    url: str
    bus: str
    run: Run

    def move(self) -> None:
        """Moves the bus of the boss's clone to the server."""
        self.run(self.boss, "maintenance.bus_move", "--to", self.url, "--bus", self.bus)


@pytest.fixture
def team(tmp_path: Path, server: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> Team:
    origin = make_origin(tmp_path)
    boss, other = make_clone(origin, tmp_path / "a", "boss"), make_clone(origin, tmp_path / "b", "codex-2")
    manifest = {"agent_id": "boss", "desired_roles": ["manager"]}
    (boss / "AGENT_MANIFEST.json").write_text(json.dumps(manifest))

    def call(clone: Path, module: str, *arguments: str, code: int | None = 0) -> Any:
        monkeypatch.chdir(clone)
        return run(module, *arguments, code=code)

    return Team(boss, other, server.url, f"t{uuid.uuid4().hex}", call)


def holders(team: Team, clone: Path) -> dict[str, str]:
    rows = team.run(clone, "agent.bus_claim", "list", "--json").json["claims"]
    return {row["task_id"]: row["agent_id"] for row in rows if row["status"] in ("active", "paused")}


def test_a_clone_that_did_not_know_of_the_move_loses_nothing(team: Team) -> None:
    team.run(team.boss, "agent.bus_claim", "claim", "--task", "A-1")
    team.run(team.boss, "agent.bus_sync", "--push")
    team.run(team.other, "agent.bus_sync")
    team.move()
    team.run(team.other, "agent.bus_claim", "claim", "--task", "B-1")
    team.run(team.other, "agent.bus_message", "--task", "B-1", "--type", "note", "--summary", "written here")
    team.run(team.other, "agent.bus_sync")
    assert (team.other / STORE).read_bytes() == (team.boss / STORE).read_bytes()
    assert holders(team, team.boss) == holders(team, team.other) == {"A-1": "boss", "B-1": "codex-2"}
    assert "written here" in team.run(team.boss, "agent.bus_watch", "--task", "B-1").out
    assert "nothing to exchange" in team.run(team.other, "agent.bus_sync").out


def test_of_two_claims_at_the_move_the_servers_stays_and_the_loser_is_told(team: Team) -> None:
    team.move()
    team.run(team.boss, "agent.bus_claim", "claim", "--task", "T-1")
    team.run(team.other, "agent.bus_claim", "claim", "--task", "T-1")
    lost = team.run(team.other, "agent.bus_sync", code=4)
    assert "codex-2 lost T-1 to boss" in lost.err
    assert holders(team, team.other) == {"T-1": "boss"}
    events = team.run(team.boss, "agent.bus_watch", "--event", "conflict").out
    assert events.count("codex-2 lost T-1") == 1
    assert "codex-2 lost T-1" in team.run(team.other, "agent.bus_inbox").out


def test_an_export_is_a_whole_bus_on_its_branch(team: Team) -> None:
    team.run(team.boss, "agent.bus_claim", "claim", "--task", "A-1")
    team.move()
    team.run(team.boss, "agent.bus_claim", "claim", "--task", "A-2")
    team.run(team.boss, "maintenance.bus_export", "--check", code=1)
    team.run(team.boss, "maintenance.bus_export", "--push")
    team.run(team.boss, "maintenance.bus_export", "--check")
    team.run(team.boss, "maintenance.bus_check", "--strict")
    team.run(team.boss, "maintenance.bus_check", "--strict", "--ref", "origin/bus")
    assert "A-2.json" in git(team.boss, "ls-tree", "-r", "--name-only", "origin/bus")


def test_a_bus_that_came_back_is_followed_by_the_others(team: Team) -> None:
    team.move()
    team.run(team.other, "agent.bus_sync")
    team.run(team.other, "agent.bus_claim", "claim", "--task", "B-1")
    team.run(team.boss, "maintenance.bus_move", "--to", "files")
    refused = team.run(team.other, "agent.bus_claim", "claim", "--task", "B-2", code=7)
    assert "moved away" in refused.err and "bus_sync" in refused.err
    team.run(team.other, "agent.bus_sync")
    team.run(team.other, "agent.bus_claim", "claim", "--task", "B-2")
    assert holders(team, team.other) == {"B-1": "codex-2", "B-2": "codex-2"}


def test_a_new_clone_is_told_where_the_bus_is_and_makes_no_second_one(team: Team, tmp_path: Path) -> None:
    team.move()
    new = tmp_path / "c"
    git(tmp_path, "clone", "-q", str(tmp_path / "origin.git"), str(new))
    context = context_of(Workspace(str(new), str(new)))
    done = init.prepare(context, agent="codex-3", roles=[], bus=None, dry_run=False)
    context.close()
    assert any(note.text.startswith("the bus is on postgresql://") for note in done.notes)
    team.run(new, "agent.bus_claim", "claim", "--task", "C-1")
    assert holders(team, team.boss) == {"C-1": "codex-3"}


def test_a_dry_run_changes_nothing(team: Team) -> None:
    team.run(team.boss, "agent.bus_claim", "claim", "--task", "A-1")
    out = team.run(team.boss, "maintenance.bus_move", "--to", team.url, "--bus", "dry", "--dry-run").out
    assert "would move 1 lines of 1 logs" in out and not (team.boss / STORE).exists()
    team.run(team.boss, "maintenance.bus_server", "check", "--url", team.url, "--bus", "dry", code=1)


def test_only_a_manager_moves_a_bus_that_has_one(team: Team) -> None:
    team.run(team.boss, "agent.session_boot")
    team.run(team.boss, "agent.bus_sync", "--push")
    team.run(team.other, "agent.bus_sync")
    refused = team.run(team.other, "maintenance.bus_move", "--to", team.url, "--bus", "x", code=3)
    assert "boss can" in refused.err


def test_a_secret_stands_in_no_refusal_and_in_no_file(team: Team) -> None:
    url = "postgresql://me:hunter2@localhost/bus"
    assert "hunter2" not in team.run(team.boss, "maintenance.bus_move", "--to", url, code=2).err
    for arguments in (("check",), ("init",), ("grant", "--role", "x")):
        said = team.run(team.boss, "maintenance.bus_server", *arguments, "--url", f"{url}?connect_timeout=2", code=7)
        assert "hunter2" not in said.out + said.err
    assert not [path for path in team.boss.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]


def test_a_bus_in_files_has_nothing_to_export(team: Team) -> None:
    team.run(team.boss, "maintenance.bus_export", code=2)


def test_a_confirmed_claim_is_fulfilled_by_the_server(team: Team) -> None:
    team.move()
    said = team.run(team.boss, "agent.bus_claim", "claim", "--task", "T-1", "--confirm")
    assert "confirmed on postgresql://" in said.err
