"""A client of the toolkit that lives long: it takes its calls from stdin and tells each answer with its moments.

Started as `python -m tests.races.worker KIND`, in the worktree it acts on. KIND is `same` (commands run in
this process), `apart` (each is a `python -m` of its own) or `naive` (in this process, on the naive store).
"""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from tests.races.naive import NaiveStore
from tools.core import clock
from tools.core.cli import app as cli
from tools.core.cli.run import Run

Answered = tuple[int, str, str]


def in_this_process(module: str, arguments: list[str]) -> Answered:
    """The exit code and output of a command that is called."""
    command = importlib.import_module(f"tools.{module}").main
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.call(command, arguments)
    return code, out.getvalue(), err.getvalue()


def in_its_own_process(module: str, arguments: list[str]) -> Answered:
    """The exit code and output of a command that is started."""
    done = subprocess.run([sys.executable, "-m", f"tools.{module}", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def on_the_naive_store(module: str, arguments: list[str]) -> Answered:
    """As in this process, where the command finds a store that nobody thought about."""
    Run.store = property(lambda run: NaiveStore(run.workspace))  # type: ignore[assignment]
    return in_this_process(module, arguments)


KINDS: dict[str, Callable[[str, list[str]], Answered]] = {
    "same": in_this_process,
    "apart": in_its_own_process,
    "naive": on_the_naive_store,
}


def answer(run: Callable[[str, list[str]], Answered], module: str, arguments: list[str]) -> dict[str, Any]:
    """One call with the moments before and after it, on the clock that all processes of a machine share."""
    at, invoked = clock.to_text(clock.now()), time.monotonic_ns()
    code, out, err = run(module, [*arguments, "--json"])
    return {"invoked": invoked, "acknowledged": time.monotonic_ns(), "at": at, "code": code, "out": out, "err": err}


def main() -> None:
    """Warms up, waits for the word, and runs."""
    calls = json.loads(sys.stdin.readline())
    for module, _ in calls:
        importlib.import_module(f"tools.{module}")
    print("ready", flush=True)
    sys.stdin.readline()
    answers = [answer(KINDS[sys.argv[1]], module, arguments) for module, arguments in calls]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
