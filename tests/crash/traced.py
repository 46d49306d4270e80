"""The client of server.py: run a command, watched, killed or lied to at one of its system calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.crash.trace import Trace, parse

CHECKOUT = Path(__file__).resolve().parents[2]


class Outcome(NamedTuple):
    """How a command ended: by exit code, or by a signal."""

    exit: int | None
    signal: int
    out: str
    err: str


class Traced:
    """A warm process whose children run commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        home = folder / "home"
        home.mkdir()
        (home / ".gitconfig").write_text(
            "[user]\nname = Tester\nemail = tester@example.org\n[init]\ndefaultBranch = main\n[gc]\nauto = 0\n"
        )
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("TEOF_", "GIT_"))}
        self.environment = {
            "HOME": str(home),
            "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(home),
            "TZ": "UTC",
        }
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("server.py"))],
            cwd=folder,
            env=environment | self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """Ends the server."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)

    def _ask(self, request: dict[str, Any]) -> Outcome:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the server died"
        return Outcome(**json.loads(line))

    def warm(self, cwd: Path, command: Sequence[str]) -> Outcome:
        """Runs a command inside the server, for its imports."""
        return self._ask({"warm": True, "cwd": str(cwd), "module": command[0], "arguments": command[1:]})

    def run(self, cwd: Path, command: Sequence[str], strace: Sequence[str] = ()) -> Outcome:
        """Runs a command as a process of its own."""
        return self._ask(
            {
                "cwd": str(cwd),
                "module": command[0],
                "arguments": command[1:],
                "out": str(self.folder / "out"),
                "err": str(self.folder / "err"),
                "strace": strace,
            }
        )

    def watch(self, cwd: Path, command: Sequence[str]) -> tuple[Outcome, Trace]:
        """Runs a command undisturbed and returns its system calls."""
        log = self.folder / "trace"
        outcome = self.run(cwd, command, ["-y", "-s", "300", "-o", str(log)])
        return outcome, parse(log.read_text(errors="replace"))

    def inject(self, cwd: Path, command: Sequence[str], call: str, what: str, nth: int) -> Outcome:
        """Runs a command that is killed (`signal=KILL`) or refused (`error=EIO`) at its n-th such call."""
        return self.run(
            cwd, command, ["-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={nth}"]
        )


def why_not() -> str:
    """Why nothing can be traced here; "" when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (apt-get install strace)"
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"tracing is forbidden here: {tried.stderr.strip()[:120]}"
