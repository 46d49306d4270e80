"""Real processes in several worktrees want the same thing said at once: it is said once."""

import subprocess
import sys

import pytest

from tests.races.test_claims import worktrees  # noqa: F401

RUN = """
import importlib, sys
from tools.core.cli import app as cli
main = importlib.import_module("tools." + sys.argv[1]).main
print("ready", flush=True)
sys.stdin.readline()
sys.exit(cli.call(main, sys.argv[2:]))
"""
PROCESSES = 9


def at_once(folders, *command):
    """Several processes run one command at the same moment; all of them succeed."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    started = [
        subprocess.Popen([sys.executable, "-c", RUN, *command], cwd=folders[number % len(folders)], text=True, **pipes)
        for number in range(PROCESSES)
    ]
    assert all(process.stdout.readline() == "ready\n" for process in started)
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err


DIRECTIVE = ("agent.directive_pointer", "--agent", "boss", "--task", "BUS-COORD-0001", "--summary", "rebase")


@pytest.mark.parametrize(
    ("command", "stream", "kind"),
    [
        (DIRECTIVE, "messages/BUS-COORD-0001", "directive"),
        (DIRECTIVE, "messages/manager-report", "status"),
        (("agent.manifest_helper", "retire", "boss", "--agent", "boss"), "events", "retired"),
        (("agent.bus_heartbeat", "--agent", "boss", "--now", "2035-01-01T00:00:00Z"), "events", "alert"),
    ],
    ids=["directive", "pointer", "retire", "heartbeat"],
)
def test_what_many_want_said_at_once_is_said_once(worktrees, run, store, command, stream, kind):  # noqa: F811
    run("agent.bus_claim", "claim", "--task", "T", "--agent", "codex-3")
    at_once(worktrees, *command)
    kinds = [stored.record.get("event") or stored.record.get("type") for stored in store.read(stream).records]
    assert kinds.count(kind) == 1
