"""The commands that run all day, what each may cost, and where they are measured.

A cost is a multiple of `python -c pass` of the same environment, into which the toolkit is installed as a wheel:
instructions are counted by `instructions.py`, CPU time is taken by `commands.py`, growth with history by `growth.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent

PLACE: dict[str, str] = {}
"""What says where the bus is; empty for files."""

EVENT = ["bus_event", "log", "--event", "note", "--summary", "x"]
MESSAGE = ["bus_message", "--task", "manager-report", "--type", "note", "--summary", "x"]
PING = ["bus_ping", "--summary", "x", "--message-task", "manager-report"]
WATCH = ["bus_watch", "--limit", "20"]

FRESH = "FRESH"
"""Stands in the words of a command for a task that nobody has claimed before; its release has the same."""

HOOK = "hook"
"""What agents' programs start before each edit: not `teof`, but a script that needs nothing of an environment."""

_EDIT = {"hook_event_name": "PreToolUse", "session_id": "s", "tool_name": "Edit"}
_TEXT = {"capture_output": True, "text": True, "check": True}


def settled() -> dict[str, str]:
    """An environment in which two runs of a process do the same."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TEOF_", "PYTHON"))}
    return {**kept, "PYTHONHASHSEED": "0", **PLACE}


def run(root: Path, programs: Path, *words: str, seat: str = "AGENT_MANIFEST.json") -> None:
    """Runs a command that is not measured."""
    line = [str(programs / "teof"), *words]
    subprocess.run(line, cwd=root, env={**settled(), "TEOF_MANIFEST": seat}, check=True, stdout=-3)


def hold_a_task(root: Path, programs: Path) -> None:
    """Lets another agent claim HELD-1."""
    seat = root / "codex-2.json"
    if not seat.exists():
        seat.write_text(json.dumps({"agent_id": "codex-2"}))
        run(root, programs, "bus_claim", "claim", "--task", "HELD-1", seat=seat.name)


def make_backlog(root: Path, programs: Path) -> None:
    """Some tasks that anybody may take; the first is released where the command has taken it before."""
    queue = root / "queue"
    if queue.exists():
        run(root, programs, "bus_claim", "release", "--task", "NEW-1", "--status", "released")
        return
    queue.mkdir()
    for number in range(1, 6):
        (queue / f"{number:03}-task.md").write_text(f"# Task: Do {number}\nId: NEW-{number}\nStatus: open\n")


def cpu_of(root: Path, line: Sequence[str], stdin: str = "", code: int = 0, **more: str) -> float:
    """CPU seconds of one child process; RuntimeError when it does not end with the exit code. `more` is set for it."""
    with tempfile.TemporaryFile() as payload:
        payload.write(stdin.encode())
        payload.seek(0)
        null, environment = subprocess.DEVNULL, {**settled(), **more}
        child = subprocess.Popen(line, cwd=root, env=environment, stdin=payload, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != code:
        raise RuntimeError(f"{' '.join(line)}: exit {child.returncode}")
    return usage.ru_utime + usage.ru_stime


class Row(NamedTuple):
    """A command, and what it may cost."""

    cpu: float
    words: Sequence[str]
    instructions: float = 0.0
    is_barred: bool = False
    """Whether CI holds it to its instructions."""
    code: int = 0
    """How it ends."""
    before: Callable[[Path, Path], None] | None = None
    """What the repository needs before each call; with the folder of the programs."""

    @property
    def title(self) -> str:
        """The command as it is typed."""
        return " ".join(self.words)


ROWS = [
    Row(2.0, EVENT, 1.71, is_barred=True),
    Row(2.0, MESSAGE, 1.73, is_barred=True),
    Row(2.0, PING, 1.78),
    Row(2.1, ["bus_claim", "claim", "--task", FRESH], 1.9, is_barred=True),
    Row(2.1, ["bus_claim", "release", "--task", FRESH], 1.9),
    Row(2.0, WATCH, 1.77, is_barred=True),
    Row(2.0, [HOOK, "claude", "PreToolUse"], 1.62),
    Row(2.5, ["bus_inbox"], 2.13),
    Row(2.5, ["bus_status"], 2.3, is_barred=True),  # 2.23 where a command before it has read the index
    Row(2.5, ["bus_claim", "list"], 1.71),
    Row(2.5, ["bus_claim", "claim", "--task", "HELD-1"], 2.26, code=4, before=hold_a_task),
    Row(2.5, ["idle_pickup", "next"], 2.23, before=make_backlog),
]


def environment(python: str) -> Path:
    """The folder of programs of an environment with the toolkit as it is now, installed from a wheel."""
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], **_TEXT
    ).stdout.strip()
    folder = CHECKOUT / "build" / f"wheel-{version}"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    if not (folder / "bin/python").exists():
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
    with tempfile.TemporaryDirectory() as wheels:
        subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, str(CHECKOUT)], check=True)
        wheel = str(next(Path(wheels).glob("*.whl")))
        into = [*pip, "--python", str(folder / "bin/python"), "install"]
        subprocess.run([*into, wheel], check=True)
        subprocess.run([*into, "--force-reinstall", "--no-deps", wheel], check=True)
    return folder / "bin"


def hook_program(programs: Path) -> list[str]:
    """How an agent's program starts the hook of an installed toolkit."""
    program = next(programs.parent.glob("lib/python*/site-packages/tools/agent/hook.py"))
    return [str(programs / "python"), "-I", "-S", str(program)]


def call_of(words: Sequence[str], root: Path, programs: Path, fresh: str) -> tuple[list[str], str]:
    """A command as a process and its standard input; with the id that stands for a fresh task."""
    if words[0] == HOOK:
        payload = {**_EDIT, "cwd": str(root), "tool_input": {"file_path": "lib/x.py"}}
        return [*hook_program(programs), *words[1:]], json.dumps(payload)
    program = [] if words[0] == "python" else ["teof"]
    line = [*program, *(fresh if word == FRESH else word for word in words)]
    return [str(programs / line[0]), *line[1:]], ""


def make_repository(root: Path) -> None:
    """A repository with a seat and a few hundred events."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    (root / "AGENT_MANIFEST.json").write_text(json.dumps({"agent_id": "codex-1", "desired_roles": ["manager"]}))
    log = root / "_bus/events/events.jsonl"
    log.parent.mkdir(parents=True)
    event = {"agent_id": "codex-2", "event": "status", "ts": "2026-01-01T00:00:00Z"}
    log.write_text("".join(json.dumps({**event, "summary": f"step {number}"}) + "\n" for number in range(300)))


def prepare(root: Path, programs: Path) -> None:
    """A repository as `make_repository` makes it, whose index is up to date and whose files are all there."""
    make_repository(root)
    run(root, programs, "bus_status")
    run(root, programs, "bus_event", "log", "--event", "note", "--summary", "first")
