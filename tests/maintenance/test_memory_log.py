"""The memory log chains its entries and notices when one is changed, removed or unhashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
LOG = "memory/log.jsonl"


@pytest.fixture
def repo(git_repo: Path, seat: Callable[..., Path], run: Run) -> Path:
    """A repository with three entries in its memory log."""
    seat("codex-1")
    for number in range(3):
        run("maintenance.memory_log", "add", "--summary", f"entry {number} é", "--ref", "plan:x")
    return git_repo


def places(run: Run, code: int, *root: str) -> list[tuple[str, int]]:
    """The rule and line of everything that verify finds."""
    found = run("maintenance.memory_log", "verify", "--json", *root, code=code).json["findings"]
    return [(part["rule"], part["line"]) for part in found]


def test_entries_are_hashed_over_each_other_as_the_format_says(repo: Path, run: Run) -> None:
    entries = [json.loads(line) for line in (repo / LOG).read_text().splitlines()]
    assert [entry["hash_prev"] for entry in entries] == [None, *[entry["hash_self"] for entry in entries[:-1]]]
    own = entries[1].pop("hash_self")
    assert own == hashlib.sha256(json.dumps(entries[1], sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    assert places(run, 0) == []


def test_a_changed_entry_a_removed_one_and_an_unhashed_one_are_found(repo: Path, run: Run) -> None:
    lines = (repo / LOG).read_text().splitlines(keepends=True)
    (repo / LOG).write_text(lines[0] + lines[1].replace("entry 1", "entry 9") + lines[2])
    assert places(run, 1) == [("memory.chain", 2)]
    (repo / LOG).write_text(lines[0] + lines[2])
    assert places(run, 1) == [("memory.chain", 2)]
    (repo / LOG).write_text("".join(lines) + '{"summary":"by hand"}\n')
    assert places(run, 1) == [("memory.unhashed", 4)]
    run("maintenance.memory_log", "add", "--summary", "after it")
    assert json.loads((repo / LOG).read_text().splitlines()[-1])["hash_prev"] is None
    assert places(run, 1) == [("memory.unhashed", 4)]


def test_a_union_merge_of_two_branches_still_verifies(repo: Path, run: Run) -> None:
    base = (repo / LOG).read_text()
    sides = []
    for side in ("one", "two"):
        (repo / LOG).write_text(base)
        run("maintenance.memory_log", "add", "--summary", side)
        sides.append((repo / LOG).read_text()[len(base) :])
    (repo / LOG).write_text(base + "".join(sides))
    assert places(run, 0) == []


def test_eight_processes_keep_one_chain(repo: Path, run: Run, spawn: Callable[..., Any]) -> None:
    command = ["-m", "tools.maintenance.memory_log", "add", "--summary", "at once"]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: spawn(*command, cwd=repo), range(8)))
    assert [result.returncode for result in done] == [0] * 8
    assert places(run, 0) == [] and len((repo / LOG).read_text().splitlines()) == 11


def test_a_plan_is_linked_to_its_events(repo: Path, run: Run) -> None:
    plan = "2026-01-01-login"
    (repo / "_plans").mkdir()
    (repo / "_plans" / f"{plan}.plan.json").write_text(json.dumps({"summary": "log in"}))
    event = run("agent.bus_event", "log", "--event", "note", "--plan", plan, "--json").json
    entry = run("maintenance.memory_log", "link", plan, "--json").json
    assert entry["receipts"] == [f"_bus/events/events.jsonl#{event['id']}"]
    assert (entry["ref"], entry["summary"]) == (f"plan:{plan}", f"Plan {plan}: log in")
    run("maintenance.memory_log", "link", "2026-01-01-none", code=2)


def test_an_event_can_be_cited_and_a_path_outside_cannot(repo: Path, run: Run) -> None:
    run("maintenance.memory_log", "add", "--summary", "s", "--receipt", "_bus/events/events.jsonl#01K", "--json")
    run("maintenance.memory_log", "add", "--summary", "s", "--receipt", "../x", code=2)
    run("maintenance.memory_log", "add", "--summary", "two\nlines", code=2)


def test_the_real_log_is_broken_where_it_is_broken_and_nowhere_else(history: Path, run: Run) -> None:
    found = places(run, 1, "--root", str(history))
    assert [line for rule, line in found if rule == "memory.unhashed"] == [1, 2, 3, 4, 5, 6, 7, 12, 14]
    assert [line for rule, line in found if rule == "memory.chain"] == [11]


def test_an_entry_names_what_was_made_or_changed(repo: Path, run: Run) -> None:
    run("maintenance.memory_log", "add", "--summary", "s", "--artifact", "README.md", "--artifact", "queue/new.md")
    assert json.loads((repo / LOG).read_text().splitlines()[-1])["artifacts"] == ["README.md", "queue/new.md"]
