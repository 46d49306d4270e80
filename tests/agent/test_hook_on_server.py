"""The hook program where the bus is on a server: the same guard, the same mail, silence where nobody answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import fleet as fleets
from tests.acting import context_of
from tests.conftest import CHECKOUT
from tests.fleet import HELD, Fleet
from tools.core.bus import posts
from tools.core.context import Context
from tools.core.errors import SetupError
from tools.core.integrations.hooks.answer import Process, answer
from tools.core.integrations.vendors import registry
from tools.core.seats.seat import Seat
from tools.core.workspace import Workspace

PROGRAM = str(CHECKOUT / "tools" / "agent" / "hook.py")


@pytest.fixture
def fleet(git_repo: Path, server: Any, run: Callable[..., Any]) -> Fleet:
    """A fleet whose bus moved to a server, with a claim of the manager's and one of the agent's."""
    made = fleets.make(git_repo)
    made.claim("T-1", "manager-1", HELD)
    made.claim("T-2", "codex-1", "docs/*")
    address = server.new_bus()
    run("maintenance.bus_move", "--to", address.url, "--bus", address.bus)
    return made


@pytest.fixture
def said(fleet: Fleet) -> Callable[..., str]:
    """What the hook of the agent says at an event; without the program's limit of a second."""

    def call(event: str, **payload: Any) -> str:
        program = registry.vendor_of("claude")
        assert program is not None
        process = Process(str(fleet.tree), dict(os.environ), time.time_ns())
        answered = answer(program, event, {"cwd": str(fleet.tree), "session_id": "s", **payload}, process)
        return json.dumps(answered.said) if answered.said else ""

    return call


@pytest.fixture
def manager(fleet: Fleet) -> Context:
    """The manager, as a command of it acts."""
    return context_of(Workspace(str(fleet.main), str(fleet.main)), seat=Seat("manager-1", None))


def edit(fleet: Fleet, name: str) -> dict[str, Any]:
    return {"tool_name": "Edit", "tool_input": {"file_path": str(fleet.tree / name)}}


def ask(manager: Context) -> None:
    draft = posts.MessageDraft("T-2", "request", "please look", to="codex-1")
    posts.post(manager, messages=[draft])
    manager.close()


def test_an_edit_of_what_another_holds_is_refused_and_any_other_is_not(fleet: Fleet, said: Callable[..., str]) -> None:
    assert "T-1" in said("PreToolUse", **edit(fleet, HELD)) and "deny" in said("PreToolUse", **edit(fleet, HELD))
    assert said("PreToolUse", **edit(fleet, "docs/new.md")) == ""


def test_a_bus_that_only_the_environment_names_is_guarded_as_well(
    fleet: Fleet, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    signpost = json.loads((fleet.main / "_bus" / "store.json").read_text())
    shutil.rmtree(fleet.main / "_bus")
    assert said("PreToolUse", **edit(fleet, HELD)) == ""
    monkeypatch.setenv("TEOF_STORE", f"{signpost['url']}#{signpost['bus']}")
    assert "T-1" in said("PreToolUse", **edit(fleet, HELD)) and "deny" in said("PreToolUse", **edit(fleet, HELD))


def test_mail_is_mentioned_once_and_keeps_an_agent_from_stopping(
    fleet: Fleet, said: Callable[..., str], manager: Context
) -> None:
    ask(manager)
    assert "T-2" in said("UserPromptSubmit") and said("UserPromptSubmit") == ""
    assert "T-2" in said("Stop")


def test_a_session_begins_with_what_the_seat_holds(fleet: Fleet, said: Callable[..., str], manager: Context) -> None:
    ask(manager)
    text = said("SessionStart", source="startup")
    assert "codex-1" in text and "T-2" in text and "1 open" in text.replace("open request", "open")


def test_a_step_asks_the_server_at_most_every_few_seconds(
    fleet: Fleet, said: Callable[..., str], manager: Context
) -> None:
    assert said("PostToolUse", **edit(fleet, "docs/a.md")) == ""
    ask(manager)
    assert said("PostToolUse", **edit(fleet, "docs/a.md")) == ""
    for path in (fleet.main / "_bus/.cache/asked").iterdir():
        path.unlink()
    assert "T-2" in said("PostToolUse", **edit(fleet, "docs/a.md"))


def test_a_server_that_is_away_is_an_error_which_the_program_keeps_to_itself(
    fleet: Fleet, said: Callable[..., str]
) -> None:
    place = fleet.main / "_bus/store.json"
    place.write_text(place.read_text().replace("?host=", f"?host={fleet.main}"))
    with pytest.raises(SetupError):
        said("PreToolUse", **edit(fleet, HELD))


def test_the_program_reaches_the_driver_though_its_interpreter_has_no_packages(fleet: Fleet) -> None:
    data = json.dumps({"cwd": str(fleet.tree), "hook_event_name": "PreToolUse", **edit(fleet, HELD)})
    command = [sys.executable, "-I", "-S", PROGRAM, "claude", "PreToolUse"]

    def output() -> str:
        return subprocess.run(command, input=data, capture_output=True, text=True, timeout=30).stdout

    assert any("T-1" in output() for _ in range(20))  # on a busy machine its second may be over first
