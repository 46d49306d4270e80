"""A watcher in one process sees what another writes, whatever happens to the log meanwhile."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

PATIENCE = 30
"""Seconds before a line that never comes fails the test; on a quiet machine it comes within one."""


class Watcher:
    """`bus_watch --follow` as a real process whose lines are read as they come."""

    def __init__(self, folder, options):
        command = [sys.executable, "-m", "tools.agent.bus_watch", "--follow", "--interval", "0.1s", *options]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)

    def expect(self, text):
        line = self._lines.get(timeout=PATIENCE)
        assert text in line and line.endswith("\n"), line

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == 0
        assert self._lines.empty()


@pytest.fixture
def watch(git_repo):
    """Starts a watcher and waits until it has shown the newest record that is there."""
    started = []

    def start(*options, shows="present"):
        started.append(Watcher(git_repo, options))
        if shows:
            started[-1].expect(shows)
        return started[-1]

    yield start
    for watcher in started:
        watcher.process.kill()
        watcher.process.communicate()


@pytest.fixture
def log(spawn, git_repo):
    """Another process logs an event."""

    def write(text):
        arguments = ["--agent", "codex-2", "--event", "note", "--task", "T", "--summary", text]
        done = spawn("-m", "tools.agent.bus_event", "log", *arguments, cwd=git_repo)
        assert done.returncode == 0, done.stderr

    return write


def test_a_record_of_another_process_is_printed(watch, log):
    log("present")
    watcher = watch("--limit", "1")
    log("new")
    watcher.expect("new")
    watcher.stop()


def test_a_log_that_does_not_exist_yet_is_waited_for(watch, log):
    watcher = watch(shows="")
    log("the first of all")
    watcher.expect("the first of all")


def test_only_what_is_new_is_printed_once_the_log_was_replaced(watch, log, workspace):
    log("present")
    watcher = watch()
    with open(workspace.events.path, "rb") as old, open(workspace.events.path + ".new", "wb") as new:
        new.write(
            old.read() + b'{"ts":"2026-01-31T12:00:00Z","agent_id":"codex-3","event":"note","summary":"merged"}\n'
        )
    os.rename(workspace.events.path + ".new", workspace.events.path)
    watcher.expect("merged")
    log("after")
    watcher.expect("after")
    watcher.stop()


def test_a_log_that_was_cut_short_is_followed_on(watch, log, workspace):
    log("one")
    log("present")
    watcher = watch("--limit", "1")
    os.truncate(workspace.events.path, Path(workspace.events.path).read_bytes().index(b"\n") + 1)
    time.sleep(
        1
    )  # ten looks: a cut and a line behind it between two of them are one change, and nobody can tell them apart
    log("after")
    watcher.expect("after")
    watcher.stop()


def test_half_a_line_is_never_printed(watch, log, workspace):
    log("present")
    watcher = watch()
    line = b'{"ts":"2026-01-31T12:00:00Z","agent_id":"codex-3","event":"note","summary":"in two pieces"}\n'
    for piece in (line[:20], line[20:]):
        with open(workspace.events.path, "ab", 0) as out:
            out.write(piece)
    watcher.expect("in two pieces")
    watcher.stop()


def test_a_thread_is_followed_with_its_task(watch, log, spawn, git_repo):
    log("present")
    watcher = watch("--task", "T")
    say = ["--task", "T", "--type", "note", "--summary", "said", "--agent", "codex-3"]
    assert spawn("-m", "tools.agent.bus_message", *say, cwd=git_repo).returncode == 0
    watcher.expect("said")


def test_a_count_ends_it_with_0_and_a_vain_wait_with_1(watch, log):
    log("present")
    counted, vain = watch("--count", "1", "--limit", "1"), watch("--timeout", "1s", "--limit", "0", shows="")
    assert vain.process.wait(PATIENCE) == 1
    log("new")
    counted.expect("new")
    assert counted.process.wait(PATIENCE) == 0
