"""`bus_repair` says what it would do, does it, and never touches a whole line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git

Run = Callable[..., Any]
EVENTS = "_bus/events/events.jsonl"
CLAIM = "_bus/claims/Q-1.json"


@pytest.fixture
def repo(git_repo: Path, seat: Callable[..., Path], run: Run) -> Path:
    """A repository with a claim, some events and a talk, none of it committed."""
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "Q-1")
    for number in range(3):
        run("agent.bus_event", "log", "--event", "note", "--summary", f"step {number}")
    run("agent.bus_message", "--task", "Q-1", "--type", "note", "--summary", "hello")
    return git_repo


def repaired(run: Run) -> str:
    """What a repair says, with the proof that it left nothing to do and a sound bus."""
    out: str = run("maintenance.bus_repair", "--apply").out
    assert "no repair" in run("maintenance.bus_repair").out
    run("maintenance.bus_check", "--strict")
    return out


def test_a_sound_bus_needs_no_repair(repo: Path, run: Run) -> None:
    before = (repo / EVENTS).read_bytes()
    assert run("maintenance.bus_repair", "--apply").out == "the bus needs no repair\n"
    assert (repo / EVENTS).read_bytes() == before


def test_without_apply_it_only_says_what_it_would_do(repo: Path, run: Run) -> None:
    (repo / EVENTS).write_bytes((repo / EVENTS).read_bytes() + b'{"torn')
    before = {path: path.read_bytes() for path in (repo / "_bus").rglob("*.json*")}
    assert "would: _bus/events/events.jsonl: move an unfinished last line" in run("maintenance.bus_repair").out
    assert before == {path: path.read_bytes() for path in (repo / "_bus").rglob("*.json*")}


def test_a_torn_tail_is_kept_beside_the_log(repo: Path, run: Run) -> None:
    whole = (repo / EVENTS).read_bytes()
    (repo / EVENTS).write_bytes(whole + b'{"torn')
    repaired(run)
    assert (repo / EVENTS).read_bytes().startswith(whole)
    assert [path.read_bytes() for path in (repo / "_bus/.torn").iterdir()] == [b'{"torn']


def test_a_lost_tail_comes_back_from_the_index_as_it_was(repo: Path, run: Run) -> None:
    run("agent.bus_status")
    whole = (repo / EVENTS).read_bytes()
    (repo / EVENTS).write_bytes(b"\n".join(whole.split(b"\n")[:2]) + b"\n")
    assert "bring back 2 lines" in repaired(run)
    assert (repo / EVENTS).read_bytes().startswith(whole)


def test_a_lost_tail_comes_back_from_git_when_there_is_no_index(repo: Path, run: Run) -> None:
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "bus")
    whole = (repo / EVENTS).read_bytes()
    (repo / EVENTS).write_bytes(whole.split(b"\n")[0] + b"\n")
    git(repo, "commit", "-qam", "a bad merge")
    for path in (repo / "_bus/.cache").iterdir():
        path.unlink()
    repaired(run)
    assert (repo / EVENTS).read_bytes().startswith(whole)
    run("maintenance.bus_check", "--base", "HEAD~1", "--strict")


def test_a_whole_thread_comes_back(repo: Path, run: Run) -> None:
    run("agent.bus_status")
    thread = repo / "_bus/messages/Q-1.jsonl"
    whole = thread.read_bytes()
    thread.unlink()
    repaired(run)
    assert thread.read_bytes() == whole


@pytest.mark.parametrize("damage", ["gone", "half written", "older"])
def test_a_claim_comes_back_from_the_events(damage: str, repo: Path, run: Run, seat: Callable[..., Path]) -> None:
    old = (repo / CLAIM).read_bytes()
    seat("codex-2")
    run("agent.bus_claim", "pause", "--task", "Q-1", "--notes", "gone", "--force", "--reason", "crashed")
    run("agent.bus_claim", "claim", "--task", "Q-1")
    whole = (repo / CLAIM).read_bytes()
    if damage == "gone":
        (repo / CLAIM).unlink()
    else:
        (repo / CLAIM).write_bytes(old if damage == "older" else whole[:40])
    repaired(run)
    assert json.loads((repo / CLAIM).read_bytes()) == json.loads(whole)


def test_a_claim_that_is_newer_than_the_events_is_left_alone(repo: Path, run: Run) -> None:
    content = json.loads((repo / CLAIM).read_text())
    (repo / CLAIM).write_text(json.dumps({**content, "notes": "by hand"}))
    assert "no repair" in run("maintenance.bus_repair").out


def test_a_journal_of_a_dead_process_is_completed(repo: Path, run: Run) -> None:
    record = {
        "id": "01K0000000000000000000000A",
        "ts": "2026-01-01T00:00:00Z",
        "agent_id": "codex-1",
        "event": "note",
        "summary": "left over",
    }
    intent = {"appends": [{"name": EVENTS, "mark": 0, "records": [record]}], "documents": []}
    (repo / "_bus/.journal").write_text(json.dumps(intent))
    run("maintenance.bus_repair", "--apply")
    assert "left over" in (repo / EVENTS).read_text() and not (repo / "_bus/.journal").exists()


def test_a_journal_that_is_none_is_set_aside_so_that_writers_can_go_on(repo: Path, run: Run) -> None:
    (repo / "_bus/.journal").write_text("garbage")
    run("agent.bus_event", "log", "--event", "note", code=6)
    run("maintenance.bus_repair", "--apply")
    run("agent.bus_event", "log", "--event", "note")
    assert [path.read_text() for path in (repo / "_bus/.torn").iterdir()] == ["garbage"]


def test_a_garbage_line_stays_and_is_explained(repo: Path, run: Run) -> None:
    with (repo / EVENTS).open("ab") as log:
        log.write(b"garbage\n")
    run("agent.bus_event", "log", "--event", "note")
    before = (repo / EVENTS).read_bytes()
    out = run("maintenance.bus_repair", "--apply", code=1).out
    assert "cannot repair: _bus/events/events.jsonl: line 5: not JSON" in out and "git log -p" in out
    assert (repo / EVENTS).read_bytes() == before


def test_applying_needs_a_seat(repo: Path, run: Run) -> None:
    run("maintenance.bus_repair", "--apply", "--agent", "codex-9", code=3)


def test_a_file_of_the_same_name_on_a_branch_of_code_brings_nothing_in(repo: Path, run: Run) -> None:
    run("agent.bus_status")
    log = repo / "_bus/events/events.jsonl"
    mine = log.read_bytes()
    git(repo, "switch", "-qc", "other")
    (repo / "events").mkdir()
    for name in ("events/events.jsonl", "_bus/events/events.jsonl"):
        (repo / name).write_bytes(
            mine + b'{"agent_id":"codex-9","event":"note","summary":"foreign","ts":"2026-01-01T00:00:00Z"}\n'
        )
    git(repo, "add", "-f", "events", "_bus/events")
    git(repo, "commit", "-qm", "files of the same names")
    git(repo, "switch", "-q", "main")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(mine)
    run("maintenance.bus_repair", "--apply")
    assert b"foreign" not in log.read_bytes()


CLAIM_OF = '{"agent_id":"%s","event":"claim","summary":"x","task_id":"Q-9","ts":"2026-01-01T00:00:00Z","claim":{"task_id":"Q-9",' \
    '"agent_id":"%s","branch":"b","status":"active","claimed_at":"2026-01-01T00:00:00Z","fence":%s}}\n'  # fmt: skip


def test_a_claim_whose_fence_jumps_is_not_brought_back_from_an_event(repo: Path, run: Run) -> None:
    with (repo / EVENTS).open("a") as log:
        log.write(CLAIM_OF % ("codex-2", "codex-2", 1) + CLAIM_OF % ("mallory", "mallory", 2**53 - 1))
        log.write(CLAIM_OF % ("codex-3", "codex-3", 2) + CLAIM_OF % ("x", "not/an/id", 3))
    run("maintenance.bus_repair", "--apply")
    claim = json.loads((repo / "_bus/claims/Q-9.json").read_text())
    assert (claim["agent_id"], claim["fence"]) == ("codex-3", 2)
