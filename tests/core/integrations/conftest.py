"""A fleet, and the hook program answered in process."""

from __future__ import annotations

import time

import pytest

from tests import fleet as fleets
from tools.core.integrations.hooks.answer import Process, answer
from tools.core.integrations.vendors import registry


@pytest.fixture
def fleet(git_repo):
    """A clone with a bus, a manager and `codex-1`."""
    return fleets.make(git_repo)


@pytest.fixture
def ask(fleet):
    """Answers one event of a program: `ask("claude", "Stop", session_id="s")`; None for silence."""

    def call(cli, event, *, level="claims", environment=None, now=None, **payload):
        payload = {"hook_event_name": event, "cwd": str(fleet.tree), "session_id": "s", **payload}
        moment = int((now or time.time()) * 1e9)
        process = Process(str(fleet.tree), environment or {}, moment, level)
        return answer(registry.vendor_of(cli), event, payload, process).said

    return call


def text_of(said):
    """The words in an answer, whatever its form."""
    if said is None:
        return ""
    inner = said.get("hookSpecificOutput", said)
    keys = ("additionalContext", "permissionDecisionReason", "reason")
    return next((inner[key] for key in keys if key in inner), "")
