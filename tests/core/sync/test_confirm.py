"""Confirmed operations decide on what the remote has now, and whoever loses a task learns of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.clones import events_of, make_clone, make_origin
from tests.conftest import git
from tools.core.fs import folders
from tools.core.git import remotes
from tools.core.sync import confirm, exchange

pytestmark = pytest.mark.slow

CONFIRMED = ("--task", "T-1", "--confirm")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return make_origin(tmp_path)


@pytest.fixture
def trio(origin: Path, tmp_path: Path) -> list[Path]:
    return [make_clone(origin, tmp_path / name, f"codex-{number}") for number, name in enumerate("abc", 1)]


def claim(run, folder: Path, verb: str, *arguments: str, code: int = 0) -> Any:
    return run("agent.bus_claim", verb, "--root", str(folder), *arguments, code=code)


def sync(run, folder: Path, *arguments: str, code: int = 0) -> Any:
    return run("agent.bus_sync", "--root", str(folder), *arguments, code=code)


def holder(folder: Path, task: str = "T-1") -> str:
    return str(json.loads((folder / "_bus" / "claims" / f"{task}.json").read_text())["agent_id"])


def test_a_claim_is_refused_on_what_the_remote_has_now_however_old_this_clone_is(trio, run):
    first, second, _ = trio
    claim(run, first, "claim", *CONFIRMED)
    claim(run, first, "release", *CONFIRMED, "--status", "released")
    sync(run, second)
    claim(run, first, "claim", *CONFIRMED)
    assert "codex-1" in claim(run, second, "claim", *CONFIRMED, code=4).err
    assert holder(second) == "codex-1"


def test_nothing_is_confirmed_in_a_repository_that_no_other_clone_reads(trio, run, origin, tmp_path):
    first, second, _ = trio
    claim(run, first, "claim", "--task", "T-0", "--confirm")
    git(tmp_path, "clone", "-q", "--bare", str(origin), "fork.git")
    git(second, "config", "remote.origin.pushurl", str(tmp_path / "fork.git"))
    assert "fork.git" in claim(run, second, "claim", *CONFIRMED, code=7).err
    assert "fork.git" in sync(run, second, "--push", code=7).err
    sync(run, second)
    claim(run, first, "claim", *CONFIRMED)
    git(second, "config", "remote.origin.pushurl", f"file://{origin}")
    assert "codex-1" in claim(run, second, "claim", *CONFIRMED, code=4).err


def test_a_finished_task_is_reopened_by_no_clone_that_had_not_heard_of_its_end(trio, run):
    first, second, _ = trio
    claim(run, first, "claim", *CONFIRMED)
    sync(run, second)
    claim(run, first, "release", *CONFIRMED)
    assert "done" in claim(run, second, "claim", *CONFIRMED, code=4).err


def test_a_later_clone_that_joins_takes_no_confirmed_claim(trio, run):
    first, second, _ = trio
    claim(run, second, "claim", "--task", "T-1")
    claim(run, first, "claim", *CONFIRMED)
    sync(run, second, "--push", code=4)
    sync(run, first)
    assert [holder(clone) for clone in (first, second)] == ["codex-1", "codex-1"]


def test_the_loser_finds_it_in_its_inbox_and_once_at_its_next_command_about_the_task(trio, run):
    first, second, _ = trio
    claim(run, second, "claim", "--task", "T-1")
    claim(run, first, "claim", *CONFIRMED)
    sync(run, second, code=4)
    assert "codex-2 lost T-1" in run("agent.bus_inbox", "--root", str(second)).out
    ping = ("agent.bus_ping", "--root", str(second), "--task", "T-1")
    assert "codex-1" in run(*ping, code=4).err
    assert '"conflict"' in "".join(events_of(second))


def test_a_record_that_came_by_two_ways_is_in_the_log_once(trio, run, monkeypatch):
    first, second, third = trio
    claim(run, first, "claim", "--task", "T-1", "--confirm")
    fetch, left = remotes.fetch_only, [1]

    def fetch_then_fold(*arguments: Any, **more: Any) -> str:
        answer = fetch(*arguments, **more)
        if left and arguments[0] == str(third):
            left.pop()
            sync(run, second, "--push")  # the branch gets the record while the third clone still lacks that news
        return answer

    monkeypatch.setattr(remotes, "fetch_only", fetch_then_fold)
    claim(run, third, "claim", "--task", "T-3", "--confirm")
    for clone in (second, first, third):
        sync(run, clone, "--push")
    for clone in trio:
        lines = events_of(clone)
        assert len(set(lines)) == len(lines) == 2


def test_a_branch_whose_lines_were_taken_away_is_reported_and_gets_them_back(trio, origin, run):
    first, second, _ = trio
    begin = git(origin, "rev-parse", "bus")
    run("agent.bus_event", "log", "--root", str(first), "--event", "note", "--summary", "kept")
    sync(run, first, "--push")
    sync(run, second)
    git(origin, "update-ref", "refs/heads/bus", begin)
    assert "rewritten" in sync(run, second, "--push", code=None).err
    assert "kept" in git(origin, "show", "bus:events/events.jsonl")


def test_a_bus_folder_that_was_switched_to_code_is_refused_and_gets_no_commit(trio, run):
    first, _, _ = trio
    git(first / "_bus", "switch", "-q", "-c", "feature")
    before = git(first, "rev-parse", "feature")
    assert "feature" in sync(run, first, "--push", code=7).err
    assert git(first, "rev-parse", "feature") == before


def test_a_host_that_takes_no_refs_of_ours_is_asked_once_and_the_branch_is_swapped(trio, origin, run):
    hook = origin / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase "$1" in refs/teof/*) exit 1;; esac\n')
    hook.chmod(0o755)
    first, second, _ = trio
    claim(run, first, "claim", *CONFIRMED)
    assert "codex-1" in claim(run, second, "claim", *CONFIRMED, code=4).err
    assert git(origin, "for-each-ref", "refs/teof") == ""
    assert '"branch"' in git(origin, "show", "bus:format.json")


def test_a_machine_whose_clock_is_ahead_takes_no_claim_from_a_holder_who_was_there_a_moment_ago(trio, run, monkeypatch):
    first, second, _ = trio
    sync(run, second)
    claim(run, first, "claim", *CONFIRMED)
    claim(run, first, "pause", *CONFIRMED, "--notes", "a break")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 6 * 3600)
    monkeypatch.setattr(folders, "clock_skew", lambda place: 0.0)
    assert "codex-1" in claim(run, second, "claim", *CONFIRMED, code=4).err


class Died(BaseException):
    """The process dies here."""


def died(*_: object, **__: object) -> None:
    raise Died


@pytest.mark.parametrize("step", ["_keep", "_send_refs"])
def test_an_operation_that_died_on_its_way_is_counted_once(trio, origin, run, monkeypatch, step):
    first, second, _ = trio
    with monkeypatch.context() as dying, pytest.raises(Died):
        dying.setattr(confirm, step, died)
        claim(run, first, "claim", *CONFIRMED)
    claim(run, first, "release", *CONFIRMED, "--status", "released")
    value = json.loads(git(origin, "show", "refs/teof/claims/T-1"))
    assert value["grant"].startswith({"_keep": "2-", "_send_refs": "1-"}[step])
    claim(run, second, "claim", *CONFIRMED)
    assert json.loads(git(origin, "show", "refs/teof/claims/T-1"))["claims"]["fence"] == 2


def test_the_branch_calls_no_operation_confirmed_before_the_tasks_ref_does(trio, origin, run, monkeypatch):
    monkeypatch.setattr(confirm, "_TOO_MUCH", 0)
    monkeypatch.setattr(confirm, "_send_refs", died)
    with pytest.raises(Died):
        claim(run, trio[0], "claim", *CONFIRMED)
    listed = git(origin, "ls-tree", "-r", "--name-only", "bus").split()
    document = json.loads(git(origin, "show", f"bus:{next(path for path in listed if path.endswith('T-1.json'))}"))
    assert document["agent_id"] == "codex-1" and not document.get("grant")


def test_nothing_is_decided_while_the_remote_says_of_the_task_what_cannot_be_taken_in(trio, origin, run):
    first, second, _ = trio
    claim(run, first, "claim", *CONFIRMED)
    value = json.loads(git(origin, "show", "refs/teof/claims/T-1"))
    value["claims"]["fence"] = 9
    (origin / "value").write_text(json.dumps(value | {"grant": f"9-{'0' * 32}"}))
    git(origin, "update-ref", "refs/teof/claims/T-1", git(origin, "hash-object", "-w", "value").strip())
    before = git(origin, "for-each-ref", "refs/teof/claims")
    claim(run, second, "claim", *CONFIRMED, code=4)
    assert "jumps from 1 to 9" in claim(run, first, "release", *CONFIRMED, code=7).err
    assert git(origin, "for-each-ref", "refs/teof/claims") == before


def test_patience_ends_with_what_is_here_kept_and_exit_5(trio, run, monkeypatch):
    first, _, _ = trio
    monkeypatch.setattr(remotes, "push", lambda *_, **__: remotes.Push(overtaken=True))
    monkeypatch.setattr(exchange, "LONGEST_WAIT", 0.01)
    assert "T-1" in claim(run, first, "claim", *CONFIRMED, "--patience", "1s", code=5).err
    assert holder(first) == "codex-1"
