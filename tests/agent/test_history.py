"""Three months of real, hand-written and foreign files: every reader copes, and names what it cannot read."""

import json

import pytest

from tests.conftest import RawBus

READERS = [
    ("agent.bus_watch", []), ("agent.bus_watch", ["--limit", "1000"]), ("agent.bus_watch", ["--task", "manager-report"]),
    ("agent.bus_watch", ["--task", "QUEUE-001", "--task", "APOP-004", "--since", "2020-01-01T00:00:00Z"]),
    ("agent.bus_watch", ["--messages-only", "--limit", "500"]), ("agent.bus_watch", ["--severity", "high"]),
    ("agent.bus_watch", ["--follow", "--timeout", "1s", "--limit", "5"]),
    ("agent.bus_status", []), ("agent.bus_status", ["--preset", "manager"]), ("agent.bus_status", ["--preset", "support"]),
    ("agent.bus_status", ["--summary", "--limit", "200"]), ("agent.bus_status", ["--window-hours", "100000"]),
    ("agent.bus_claim", ["list"]), ("agent.bus_claim", ["list", "--stale"]), ("agent.bus_inbox", ["--agent", "codex-1"]),
]  # fmt: skip


@pytest.fixture
def here(history, monkeypatch):
    """The history as the current checkout, with nobody's seat in it."""
    (history / "AGENT_MANIFEST.json").unlink(missing_ok=True)
    monkeypatch.chdir(history)
    return history


def same_files(top):
    return {path: path.read_bytes() for path in top.rglob("*") if path.is_file() and ".cache" not in path.parts}


@pytest.mark.parametrize(("module", "arguments"), READERS, ids=lambda value: str(value)[:50])
def test_a_reader_shows_it_and_changes_nothing(here, run, module, arguments):
    before = same_files(here)
    found = run(module, *arguments)
    assert "None" not in found.out and "Traceback" not in found.err
    assert not any(ord(char) < 32 and char != "\n" for char in found.out)
    assert same_files(here) == before


@pytest.mark.parametrize(
    ("module", "arguments"), [row for row in READERS if "--follow" not in row[1]], ids=lambda value: str(value)[:50]
)
def test_a_reader_says_the_same_in_one_json_document(here, run, module, arguments):
    document = run(module, *arguments, "--json").json
    assert isinstance(document, dict) and "NaN" not in json.dumps(document)


def claims_of(top):
    return sorted(path.stem for path in (top / "_bus" / "claims").glob("*.json"))


def test_every_claim_is_listed_and_shown_or_named_as_unreadable(here, run):
    listed = run("agent.bus_claim", "list")
    for task in claims_of(here):
        assert task in listed.out or task in listed.err
        if task in listed.out:
            assert task in run("agent.bus_claim", "show", "--task", task).out


def test_every_record_of_every_log_is_shown_or_named(here, run):
    for log in sorted((here / "_bus").rglob("*.jsonl")):
        lines = [line for line in log.read_bytes().split(b"\n") if line.strip()]
        task = [] if log.parent.name == "events" else ["--task", log.stem, "--messages-only"]
        found = run("agent.bus_watch", *task, "--limit", "100000", "--json")
        bad = [note for note in found.json.get("notes", []) if "skipped" in note]
        assert len(found.json["entries"]) + len(bad) == len(lines), log.name
        assert all(f"_bus/{log.parent.name}/{log.name}:" in note for note in bad)


def test_writers_go_on_from_it_without_touching_a_line(here, run):
    before = RawBus(here)["events"]
    run("agent.bus_event", "log", "--event", "note", "--agent", "codex-9", "--summary", "new")
    run("agent.bus_claim", "claim", "--task", "QUEUE-999", "--agent", "codex-9")
    run("agent.bus_ping", "--agent", "codex-9", "--message-task", "manager-report")
    after = RawBus(here)["events"]
    assert (
        after.startswith(before.rstrip(b"\n")) and len(after.split(b"\n")) == len(before.rstrip(b"\n").split(b"\n")) + 4
    )


def test_a_held_task_of_old_is_held_today_and_a_finished_one_is_not_taken_silently(here, run):
    for claim in run("agent.bus_claim", "list", "--json").json["claims"]:
        arguments = ["claim", "--task", claim["task_id"], "--agent", "codex-9"]
        code = run("agent.bus_claim", *arguments, code=None).code
        assert code in (3, 4) if claim["state"] in ("active", "done") else code in (0, 3, 4), claim


def test_the_heartbeat_check_reads_it_and_leaves_its_receipt(here, run):
    found = run("agent.bus_heartbeat", "--dry-run", "--agent", "codex-9", "--json").json
    assert (here / found["receipt"]).exists()
