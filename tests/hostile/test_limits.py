"""Real processes with little memory and little time against files that are far too large."""

import os
import resource
import subprocess
import sys

import pytest

from tests.conftest import CHECKOUT
from tests.hostile import corpus

MEMORY = 400 << 20
SECONDS = 20


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limited(root, *arguments):
    """A command in a process of its own, killed when it uses more than it may."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        timeout=120,
        preexec_fn=_limits,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["tools.agent.bus_status"],
        ["tools.agent.bus_watch", "--limit", "5"],
        ["tools.agent.bus_watch", "--task", "T-1"],
        ["tools.agent.bus_ping", "--message-task", "T-1"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_lines_of_ten_megabytes_are_read_in_little_memory(field, arguments):
    data = b"\n".join([corpus.event(), *[corpus.LONG_LINE] * 8, corpus.event(), b""])
    for place in corpus.LOG_PLACES[:2]:
        corpus.put(field, place, data)
    done = limited(field, *arguments)
    assert done.returncode == 0, done.stderr[-2000:]


def test_documents_of_a_hundred_megabytes_are_refused_unread(field):
    for place in ("_bus/claims/T-1.json", "_bus/claims/T-2.json"):
        path = corpus.put(field, place, b"")
        os.truncate(path, 100 << 20)
    done = limited(field, "tools.agent.bus_claim", "list")
    assert done.returncode == 0 and b"T-1.json" in done.stderr
    assert limited(field, "tools.agent.bus_claim", "claim", "--task", "T-1").returncode == 6


def test_a_sparse_log_of_a_gigabyte_without_a_line_end_is_read_within_bounds(field):
    os.truncate(corpus.put(field, "_bus/events/events.jsonl", corpus.event() + b"\n"), 1 << 28)
    assert limited(field, "tools.agent.bus_watch").returncode == 0
    assert limited(field, "tools.agent.bus_status").returncode == 0
