"""How a process of git begins and ends: without a terminal, with its group, whatever a parent left ignored or blocked."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.core.errors import BusyError, SetupError
from tools.core.git import git

SLEEPER = "alias.wait=!sleep 60"


def test_git_has_no_terminal_to_ask_on(git_repo: Path) -> None:
    answer = git.ask(str(git_repo), "-c", "alias.tell=!ps -o sid= -p $$", "tell")
    assert answer.text.strip() and int(answer.text) != os.getsid(0)


def test_what_git_started_ends_with_it_when_it_takes_too_long(git_repo: Path) -> None:
    with pytest.raises(SetupError):
        git.ask(str(git_repo), "-c", f"alias.wait=!sh -c 'echo $$ > {git_repo}/pid; sleep 60; true'", "wait", timeout=1)
    require_gone(int((git_repo / "pid").read_text()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_this_process_ends_git_and_what_it_started(git_repo: Path, number: int) -> None:
    script = "from tools.core.git import git; git.ask('.', '-c', 'alias.wait=!sh -c \"echo $$ > pid; sleep 60; true\"', 'wait')"
    process = subprocess.Popen([sys.executable, "-c", script], cwd=git_repo, stderr=subprocess.DEVNULL)
    pid = wait_for_pid(git_repo / "pid")
    process.send_signal(number)
    assert process.wait(timeout=20) == -number
    require_gone(pid)


def test_a_signal_that_comes_while_git_is_started_ends_git_as_well(git_repo: Path) -> None:
    script = (
        "import os, subprocess\nfrom tools.core.git import git\nopen_ = subprocess.Popen\n"
        "def slow(*arguments, **more):\n    process = open_(*arguments, **more)\n"
        "    os.kill(os.getpid(), 15)\n    return process\n"
        "subprocess.Popen = slow\ngit.ask('.', '-c', 'alias.wait=!sh -c \"echo $$ > pid; sleep 60; true\"', 'wait')"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=git_repo, stderr=subprocess.DEVNULL, timeout=50)
    assert ended.returncode == -signal.SIGTERM
    if (git_repo / "pid").exists():
        require_gone(int((git_repo / "pid").read_text()))


def wait_for_pid(path: Path) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError("git did not start")


def require_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.05)
    raise AssertionError(f"{pid} is still there")


def test_with_sigchld_ignored_by_the_parent_gits_exit_status_is_not_lost(git_repo: Path) -> None:
    program = [sys.executable, "-m", "tools.agent.push_ready", "--base", "absent", "--json"]
    plain = subprocess.run(program, cwd=git_repo, capture_output=True)
    ignoring = ["bash", "-c", 'trap "" CHLD; exec "$@"', "-", *program]
    assert subprocess.run(ignoring, cwd=git_repo, capture_output=True).returncode == plain.returncode != 0


def test_with_the_alarm_blocked_by_the_parent_a_waiter_gives_up_all_the_same(git_repo: Path) -> None:
    (git_repo / "_bus").mkdir()
    script = (
        "import fcntl, os, signal, subprocess, sys\n"
        "fcntl.flock(os.open('_bus', os.O_RDONLY), fcntl.LOCK_EX)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\n"
        "inner = 'from tools.core.fs import locks; from tools.core.workspace import Place\\n'"
        '\'with locks.hold(Place(".", "_bus"), patience=0.2): pass\'\n'
        "print(subprocess.run([sys.executable, '-c', inner], stderr=subprocess.PIPE, timeout=20).stderr.decode())\n"
    )
    assert (
        "BusyError"
        in subprocess.run([sys.executable, "-c", script], cwd=git_repo, capture_output=True, text=True).stdout
    )


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EAGAIN, BusyError), (errno.ENOMEM, SetupError), (errno.EACCES, SetupError)]
)
def test_a_process_that_cannot_be_started_is_a_refusal_with_a_reason(number: int, kind: type[Exception]) -> None:
    problem = git.not_started("git", OSError(number, os.strerror(number)))
    assert type(problem) is kind and "git" in problem.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as a user without processes")
def test_where_no_process_is_to_be_had_the_command_says_so(git_repo: Path) -> None:
    script = (
        "import os, resource, subprocess\n"
        "from tools.core.git import git\n"
        "resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)); os.setuid(54321)\n"
        "try: git.ask('/', 'version')\n"
        "except Exception as problem: print(type(problem).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd="/", capture_output=True, text=True)
    assert done.stdout.strip() == "BusyError"
