"""The writers that are killed and lied to: a command each, and what stands before it runs.

A further writer is one more line in WRITERS.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.crash.traced import Traced

Command = tuple[str, ...]
Accident = Callable[["Traced", Path], None]


class Writer(NamedTuple):
    """A command to attack.

    `again` are the exit codes a second run may have after the first one got through; `steps` marks a
    command of several transactions, of which a part may be done; `talks` one that prints as it goes; `chooses` one
    that takes the best it can read, hence another where one file cannot be read.
    """

    command: Command
    before: tuple[Command, ...] = ()
    accident: Accident | None = None
    again: tuple[int, ...] = (0,)
    steps: bool = False
    talks: bool = False
    chooses: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """How the figures call it."""
        plain = " ".join(self.command[: 2 if self._is_group else 1]).removeprefix("agent.")
        return f"{plain} ({self.note})" if self.note else plain

    @property
    def _is_group(self) -> bool:
        return len(self.command) > 1 and not self.command[1].startswith("-")

    @property
    def exists(self) -> bool:
        """Whether the command is in this checkout."""
        return importlib.util.find_spec(f"tools.{self.command[0]}") is not None


def command(module: str, words: str, *more: str) -> Command:
    """A command line of the seat codex-1, its words split at blanks."""
    return (f"{module}", *words.split(), *more)


ME = "--agent codex-1"
SUMMARY = ("--summary", "what happened")
NOTED = command("agent.bus_event", "log --agent codex-1 --event note", "--summary", "an earlier record")
SAID = command("agent.bus_message", "--agent codex-2 --task T-1 --type note", "--summary", "an earlier message")
TAKEN = command("agent.bus_claim", "claim --agent codex-1 --task T-1")
CLAIM = command("agent.bus_claim", f"claim {ME} --task T-1 --notes begun")
EVENT = command("agent.bus_event", f"log {ME} --event note", *SUMMARY)
MESSAGE = command("agent.bus_message", f"{ME} --task T-1 --type request --target codex-2", *SUMMARY)
PING = command("agent.bus_ping", f"{ME} --task T-1 --message-task T-1", *SUMMARY)
ASKED = command("agent.bus_message", "--agent codex-2 --task T-1 --type request --target codex-1 --summary please")
OTHERS = command("agent.bus_claim", "claim --agent codex-2 --task T-2")
PLANNED = command("planner.cli", f"new work {ME}", *SUMMARY)
PLAN = f"{datetime.now(UTC):%Y-%m-%d}-work"
HISTORY = (NOTED, SAID, OTHERS)


def torn(name: str) -> Accident:
    """A log whose last line was cut off by a dead process."""

    def tear(traced: Traced, top: Path) -> None:
        with (top / name).open("ab") as log:
            log.write(b'{"agent_id":"codex-9","eve')

    return tear


def dead_at(call: str, nth: int, dead: Command) -> Accident:
    """A command that died on its way and left its journal."""

    def die(traced: Traced, top: Path) -> None:
        assert traced.inject(top, dead, call, "signal=KILL", nth).signal == 9
        assert (top / "_bus/.journal").exists()

    return die


def backlog(traced: Traced, top: Path) -> None:
    """Two tasks that are ready."""
    (top / "queue").mkdir()
    for number in (1, 2):
        (top / f"queue/00{number}-task.md").write_text(f"# Task: number {number}\n\nStatus: open\n")


def manifest(traced: Traced, top: Path) -> None:
    """Two seats, one of them active."""
    for name, agent in (("AGENT_MANIFEST", "codex-2"), ("AGENT_MANIFEST.codex-1", "codex-1")):
        (top / f"{name}.json").write_text(f'{{"agent_id": "{agent}"}}\n')


def active(traced: Traced, top: Path) -> None:
    """One active seat."""
    (top / "AGENT_MANIFEST.json").write_text('{"agent_id": "codex-1"}\n')


def tracked(traced: Traced, top: Path) -> None:
    """A bus that travels with the code."""
    environment = {**os.environ, **traced.environment}
    for words in ("add -A", "commit -qm bus"):
        subprocess.run(["git", *words.split()], cwd=top, env=environment, check=True)
    with (top / "_bus/events/events.jsonl").open("a") as log:
        log.write('{"agent_id":"codex-3","event":"note","summary":"by hand","ts":"2026-01-01T00:00:00Z"}\n')


OTHER_CLAIM = command("agent.bus_claim", "claim --agent codex-3 --task T-3")

WRITERS = (
    Writer(CLAIM, note="fresh repository"),
    Writer(CLAIM, HISTORY),
    Writer(CLAIM, HISTORY, torn("_bus/events/events.jsonl"), note="torn tail"),
    Writer(CLAIM, HISTORY, dead_at("renameat", 2, OTHER_CLAIM), note="journal of a dead process"),
    Writer(command("agent.bus_claim", f"release {ME} --task T-1"), (*HISTORY, TAKEN)),
    Writer(command("agent.bus_claim", f"pause {ME} --task T-1 --notes later"), (*HISTORY, TAKEN)),
    Writer(
        command("agent.bus_claim", f"pause {ME} --task T-2 --notes gone --force --reason urgent"),
        HISTORY,
        note="another's",
    ),
    Writer(EVENT, HISTORY),
    Writer(EVENT, note="fresh repository"),
    Writer(EVENT, HISTORY, torn("_bus/events/events.jsonl"), note="torn tail"),
    Writer(MESSAGE, HISTORY),
    Writer(MESSAGE, HISTORY, torn("_bus/messages/T-1.jsonl"), note="torn tail"),
    Writer(PING, HISTORY),
    Writer(command("agent.bus_heartbeat", f"{ME} --now 2035-01-01T00:00:00Z"), HISTORY),
    Writer(command("agent.bus_inbox", f"{ME} --mark-read"), (*HISTORY, ASKED)),
    Writer(command("agent.task_assign", "--agent boss --task T-9 --engineer codex-1 --plan 2026-01-02-work"), HISTORY),
    Writer(command("agent.claim_seed", f"{ME} --task T-9"), HISTORY, active),
    Writer(command("agent.idle_pickup", f"next {ME}"), HISTORY, backlog, again=(0, 1, 3), chooses=True),
    Writer(command("agent.directive_pointer", "--agent boss --task BUS-COORD-0001", *SUMMARY), HISTORY),
    Writer(command("planner.cli", f"new work {ME}", *SUMMARY), HISTORY, again=(0, 4), steps=True),
    Writer(command("planner.cli", f"status {PLAN} in_progress {ME}"), (*HISTORY, PLANNED), again=(0, 2)),
    Writer(command("agent.session_boot", f"{ME} --no-sync --no-dashboard"), HISTORY, steps=True, talks=True),
    Writer(command("agent.manifest_helper", "activate codex-1"), HISTORY, manifest, steps=True),
    Writer(command("agent.manifest_helper", "session-save day"), HISTORY, active, again=(0, 4), steps=True),
    Writer(command("agent.receipt_run", f"{ME} -- true"), HISTORY, steps=True, talks=True),
    Writer(command("agent.bus_sync", ME), HISTORY, tracked, steps=True, talks=True),
)

PRESENT = tuple(writer for writer in WRITERS if writer.exists)
