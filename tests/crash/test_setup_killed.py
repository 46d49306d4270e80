"""setup killed at its system calls: each config is the old one or the new one, and the next runs finish."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crash.conftest import copy
from tests.crash.trace import CHANGING, Call
from tests.crash.traced import Outcome, Traced

CONFIGS = {
    ".claude/settings.local.json": b'{\r\n\t"permissions": {"allow": ["Bash(ls:*)"]},\r\n\t"x": "\xc3\xa4"\r\n}\r\n',
    ".codex/config.toml": b'# mine\nmodel = "o"   # fast\n\n[sandbox_workspace_write]\nwritable_roots = ["/a"]\n',
    ".gemini/settings.json": b'\xef\xbb\xbf{\n    "context": {"fileName": "MINE.md"}\n}',
    "AGENTS.md": b"# Ours\r\n\r\nText\r\n",
    ".git/hooks/pre-commit": b"#!/bin/sh\necho mine\n",
}
CLIS = ("claude", "codex", "gemini", "qwen", "git")
SETUP, REMOVE = ("agent.setup", *CLIS), ("agent.setup", "all", "--remove")
DRAWN = 30
NOT_READ = ("objects", "logs", "_bus", "_report")


def contents(top: Path) -> dict[str, bytes]:
    """Every file that setup may touch, by its path, and every folder."""
    found = {}
    for path in sorted(top.rglob("*")):
        name = str(path.relative_to(top))
        if not any(part in NOT_READ for part in path.relative_to(top).parts) and path.name != "index":
            found[name] = path.read_bytes() if path.is_file() else b"folder"
    return found


class Case:
    """A clone with configs of its owner's, which begins anew at one path, and what setup makes of it."""

    def __init__(self, traced: Traced, bare: Path, ground: Path) -> None:
        self.traced, self.ready, self.top = traced, ground / "setup-ready", ground / "setup-work"
        copy(bare, self.top)
        for name, data in CONFIGS.items():
            path = self.top / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        (self.top / ".git/hooks/pre-commit").chmod(0o755)
        (self.top / "AGENT_MANIFEST.json").write_text('{"agent_id": "codex-1"}')
        self.run("agent.bus_event", "log", "--event", "status", "--summary", "begun")
        copy(self.top, self.ready)
        traced.warm(self.top, SETUP)
        self.begin()
        self.run(*SETUP)
        self.after = contents(self.top)
        self.run(*REMOVE)
        self.removed = contents(self.top)
        self.begin()
        self.before = contents(self.top)

    def begin(self, command: Sequence[str] = ()) -> None:
        """The clone as it was, or after a command."""
        shutil.rmtree(self.top)
        copy(self.ready, self.top)
        if command:
            self.run(*command)

    def run(self, *command: str) -> Outcome:
        """Runs a command that succeeds."""
        done = self.traced.run(self.top, command)
        assert done.exit == 0, done
        return done

    def points(self, command: Sequence[str]) -> list[Call]:
        """The system calls of a command that change something in the clone."""
        _, trace = self.traced.watch(self.top, command)
        calls = [call for call in trace if call.name in CHANGING and str(self.top) in call.text]
        return [call for call in calls if not call.name.startswith("open") or "O_CREAT" in call.text]

    def kill(self, command: Sequence[str], call: Call) -> None:
        """Runs a command that dies at one call, and looks at what it left."""
        ended = self.traced.inject(self.top, command, call.name, "signal=KILL", call.nth)
        assert ended.signal == 9, f"{call}: {ended}"
        now = contents(self.top)
        for name in CONFIGS:
            assert now.get(name) in (self.before[name], self.after[name]), f"{name} is neither old nor new"

    def finish(self, *, at_once: bool) -> None:
        """setup once more makes all of it, and taking it out, then or at once, leaves the clone as it was."""
        if not at_once:
            self.run(*SETUP)
            assert contents(self.top) == self.after
        self.run(*REMOVE)
        assert contents(self.top) == self.before


@pytest.fixture(scope="module")
def case(traced: Traced, bare: Path, ground: Path) -> Case:
    return Case(traced, bare, ground)


def drawn(points: Sequence[Call], count: int) -> list[Call]:
    return random.Random(len(points)).sample(points, min(count, len(points)))


def attack(case: Case, first: Sequence[str], command: Sequence[str], count: int) -> int:
    case.begin(first)
    points = drawn(case.points(command), count)
    for number, call in enumerate(points):
        case.begin(first)
        try:
            case.kill(command, call)
            case.finish(at_once=bool(number % 2))
        except AssertionError as problem:
            raise AssertionError(f"killed at {call.name} #{call.nth}: {call.text[:200]}\n{problem}") from None
    return len(points)


def test_taking_out_leaves_the_clone_as_it_was(case: Case) -> None:
    assert case.removed == case.before != case.after


def test_a_setup_that_was_killed_is_finished_by_the_next_and_taken_out_whole(case: Case) -> None:
    assert attack(case, (), SETUP, DRAWN) == DRAWN


def test_taking_out_that_was_killed_is_finished_by_the_next(case: Case) -> None:
    assert attack(case, SETUP, REMOVE, DRAWN) == DRAWN


@pytest.mark.soak
def test_every_call_of_setup_and_of_taking_out(case: Case) -> None:
    assert attack(case, (), SETUP, 10_000) > DRAWN and attack(case, SETUP, REMOVE, 10_000) > DRAWN
