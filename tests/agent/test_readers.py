"""Every command that reads the past names what it cannot read, and says when a log has lost records."""

import pytest

READERS = [
    ("agent.bus_watch",),
    ("agent.bus_watch", "--task", "T"),
    ("agent.bus_watch", "--agent", "codex-1"),
    ("agent.bus_status",),
    ("agent.bus_heartbeat", "--dry-run"),
    ("agent.bus_search", "word"),
    ("agent.bus_inbox",),
    ("agent.bus_claim", "list"),
    ("agent.bus_claim", "show", "--task", "T"),
    ("agent.session_brief", "--task", "T"),
    ("agent.coord_dashboard", "report", "--output", "-"),
    ("agent.manager_report",),
    ("consensus.dashboard",),
]
LISTS = [
    ("agent.idle_pickup", "list"),
    ("agent.task", "list"),
    ("agent.wait", "--timeout", "0s"),
    ("agent.receipts_index",),
    ("agent.task_sync", "--dry-run"),
]
"""What reads claims and the backlog, and yet says that a log has lost records."""

NO_RECORDS = [
    b"{}",
    b'{"event": "note"}',
    b'{"agent_id": ["x"], "event": {}, "from": 7, "type": null}',
    b'{"agent_id": "x", "event": "note", "summary": "s"}',
    b'{"agent_id": "x", "event": "note", "ts": 7, "summary": "s"}',
    b'{"agent_id": "x", "event": "note", "ts": "2026-01-31T12:00:00Z", "summary": 7}',
]


@pytest.fixture
def bus(run, seat):
    """codex-1 holds T, has said something, and has mail."""
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "T")
    run("agent.bus_message", "--task", "T", "--type", "note", "--summary", "a word", "--target", "codex-1")


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_what_is_no_record_is_named_with_its_line_and_shown_by_nobody(bus, run, raw_bus, command):
    whole = run(*command)
    for stream in ("events", "messages/T", "messages/agent-codex-1"):
        raw_bus.add(stream, *NO_RECORDS)
    done = run(*command)
    assert ".jsonl:2: not a record of the bus" in done.err + done.out, done.err
    assert " :: - :: -" not in done.out and done.out.count("\n") >= whole.out.count("\n") > 0


@pytest.mark.parametrize("command", [*READERS, *LISTS], ids=" ".join)
def test_a_log_that_went_backwards_is_told(bus, run, raw_bus, command):
    run("agent.bus_ping")
    run("agent.bus_status")
    raw_bus["events"] = raw_bus["events"].splitlines(keepends=True)[0]
    warned = run(*command, code=None).err
    assert "1 record that was here is gone" in warned and "bus_repair" in warned


def test_a_watch_of_a_task_without_records_says_so(git_repo, run):
    run("agent.bus_event", "log", "--event", "note", "--summary", "s", "--agent", "codex-1")
    assert "no records of T-9" in run("agent.bus_watch", "--task", "T-9").err
