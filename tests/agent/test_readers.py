"""Every command that reads the past names what it cannot read, and says when a log has lost records."""

import os

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
NO_RECORDS = ["{}", '{"event": "note"}', '{"agent_id": ["x"], "event": {}, "from": 7, "type": null}']


@pytest.fixture
def bus(run, seat):
    """codex-1 holds T, has said something, and has mail."""
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "T")
    run("agent.bus_message", "--task", "T", "--type", "note", "--summary", "a word", "--target", "codex-1")


def add_lines(top):
    for name in ("events/events", "messages/T", "messages/agent-codex-1"):
        with (top / f"_bus/{name}.jsonl").open("a") as log:
            log.write("".join(f"{line}\n" for line in NO_RECORDS))


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_what_is_no_record_is_named_with_its_line_and_shown_by_nobody(bus, run, git_repo, command):
    whole = run(*command)
    add_lines(git_repo)
    done = run(*command)
    assert ".jsonl:2: not a record of the bus" in done.err + done.out, done.err
    assert " :: - :: -" not in done.out and done.out.count("\n") >= whole.out.count("\n") > 0


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_log_that_went_backwards_is_told(bus, run, git_repo, command):
    run("agent.bus_ping")
    run("agent.bus_status")
    log = git_repo / "_bus/events/events.jsonl"
    os.truncate(log, len(log.read_bytes().splitlines(keepends=True)[0]))
    messages = run(*command).err
    assert "records that were here are gone\n" in messages
    assert "hint: python -m tools.maintenance.bus_repair\n" in messages
