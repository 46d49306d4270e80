"""Runs commands in children of a process that has imported everything, under strace when asked.

Started as a script; speaks one JSON object a line. A child stops itself before the command begins, so
that a tracer counts the same system calls each time and start-up is not among them.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

LIMIT = 60
"""Seconds a command may take before it is killed and reported as hanging."""


def main() -> None:
    from tools.core.cli import app as cli

    for line in sys.stdin:
        request = json.loads(line)
        answer = warm(cli, request) if request.get("warm") else serve(cli, request)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def warm(cli: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Runs a command here, so that what it imports on the way is there for every child."""
    words = io.StringIO()
    os.chdir(request["cwd"])
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        code = call(cli, request)
    return {"exit": code, "signal": 0, "out": words.getvalue(), "err": ""}


def call(cli: Any, request: dict[str, Any]) -> int:
    command = importlib.import_module(f"tools.{request['module']}").main
    sys.argv = [request["module"]]
    return int(cli.call(command, list(request["arguments"])))


def serve(cli: Any, request: dict[str, Any]) -> dict[str, Any]:
    child = os.fork()
    if child == 0:
        run_child(cli, request)
    os.waitpid(child, os.WUNTRACED)
    tracer = attach(child, request["strace"]) if request.get("strace") else None
    os.kill(child, signal.SIGCONT)
    status = wait_for(child)
    if tracer:
        tracer.wait(LIMIT)
    wait_for_group(child)
    return {
        "exit": os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "out": read(request["out"]),
        "err": read(request["err"]),
    }


def run_child(cli: Any, request: dict[str, Any]) -> None:
    """The command, as a process of its own; never returns."""
    code = 120
    try:
        os.setpgid(0, 0)
        os.chdir(request["cwd"])
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        for number, name in ((1, request["out"]), (2, request["err"])):
            os.dup2(os.open(name, flags, 0o644), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        code = call(cli, request)
        sys.stdout.flush()
    except BaseException as problem:
        os.write(2, f"Traceback: {problem!r}\n".encode())
    finally:
        os._exit(code)


def attach(child: int, arguments: list[str]) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen(["strace", "-q", "-p", str(child), *arguments], stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + LIMIT
    while "TracerPid:\t0\n" in read(f"/proc/{child}/status"):
        if tracer.poll() is not None or time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            break
        time.sleep(0.0005)
    return tracer


def wait_for(child: int) -> int:
    deadline = time.monotonic() + LIMIT
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            deadline += LIMIT
        time.sleep(0.0005)


def wait_for_group(child: int) -> None:
    """What a killed command had started (git) ends by itself; nothing is compared before that."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            os.killpg(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.001)
    os.killpg(child, signal.SIGKILL)


def read(name: str) -> str:
    try:
        with open(name, encoding="utf-8", errors="replace") as text:
            return text.read()
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    main()
