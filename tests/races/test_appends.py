"""Real processes append to one log at once: no record is lost, none is torn, every link resolves."""

import random
import subprocess
import sys

import pytest

WRITE = """
import random, sys
from tools.core import ids
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace
root, writer, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store, sizes = FileStore(Workspace(root, root)), random.Random(writer)
sys.stdin.readline()
for number in range(count):
    size = int(10 ** sizes.uniform(1, 4.78))
    record = {"id": ids.new_record_id(), "ts": "2026-01-31T12:00:00Z", "agent_id": f"codex-{writer}", "event": "note",
              "summary": f"{writer} {number}", "note": "x" * size}
    store.commit([Append(EVENTS, record)])
"""


def write_at_once(workspace, writers, count):
    command = [sys.executable, "-c", WRITE, workspace.root]
    started = [
        subprocess.Popen([*command, str(writer), str(count)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for writer in range(writers)
    ]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err


def test_16_processes_append_100_records_each_of_any_size(workspace, store):
    write_at_once(workspace, 16, 100)
    reading = store.read("events")
    assert reading.problems == [] and reading.records[-1].line.whole
    told = [stored.record["summary"] for stored in reading.records]
    for writer in range(16):
        assert [text for text in told if text.startswith(f"{writer} ")] == [
            f"{writer} {number}" for number in range(100)
        ]
    assert "prev" not in reading.records[0].record
    assert [stored.record["prev"] for stored in reading.records[1:]] == [
        stored.line.hash for stored in reading.records[:-1]
    ]
    sizes = [len(stored.line.raw) for stored in reading.records]
    assert min(sizes) < 300 and max(sizes) > 40_000


KILLED = """
import sys
from tools.core import ids
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append, Replace, retry_stale
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace
root, writer = sys.argv[1:]
store = FileStore(Workspace(root, root))
def one_more():
    before = store.get("claims/T")
    count = before.content["count"] + 1 if before else 1
    record = {"id": ids.new_record_id(), "ts": "2026-01-31T12:00:00Z", "agent_id": writer, "event": "note", "summary": str(count)}
    store.commit([Append(EVENTS, record), Replace("claims/T", {"count": count}, before.version if before else "")])
    return count
while True:
    print(retry_stale(one_more), flush=True)
"""


def kill_while_writing(workspace, rounds):
    """Each round kills two writers of transactions in the middle; returns every count that was acknowledged."""
    acknowledged = []
    for number in range(rounds):
        command = [sys.executable, "-c", KILLED, workspace.root]
        started = [subprocess.Popen([*command, f"codex-{n}"], stdout=subprocess.PIPE, text=True) for n in range(2)]
        wanted = random.Random(number).randrange(1, 40)
        heard = [int(started[0].stdout.readline()) for _ in range(wanted)]
        for process in started:
            process.kill()
        rest = [process.communicate(timeout=60)[0] for process in started]
        acknowledged += heard + [int(line) for out in rest for line in out.split("\n")[:-1]]
    return acknowledged


def check_after_kills(workspace, store, rounds):
    acknowledged = kill_while_writing(workspace, rounds)
    store.recover()
    reading = store.read("events")
    told = [int(stored.record["summary"]) for stored in reading.records if stored.record["event"] == "note"]
    assert reading.problems == []
    assert told == list(range(1, store.get("claims/T").content["count"] + 1))
    assert set(acknowledged) <= set(told) and len(acknowledged) == len(set(acknowledged))


def test_killed_writers_leave_log_and_document_in_step(workspace, store):
    check_after_kills(workspace, store, 4)


@pytest.mark.soak
def test_killed_writers_leave_log_and_document_in_step_for_long(workspace, store):
    check_after_kills(workspace, store, 100)
