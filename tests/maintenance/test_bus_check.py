"""`bus_check` notices each way a good bus can be broken, and nothing else."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tools.core.fs import jsonl

Run = Callable[..., Any]
EVENTS = "_bus/events/events.jsonl"
HUB = "_bus/messages/manager-report.jsonl"
CLAIM = "_bus/claims/Q-1.json"


@pytest.fixture
def repo(git_repo: Path, seat: Callable[..., Path], run: Run) -> Path:
    """A good repository that carries its bus on main: claims, a talk, a directive and its pointer."""
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "Q-1")
    for number in range(4):
        run("agent.bus_event", "log", "--event", "status", "--task", "Q-1", "--summary", f"step {number}")
    run("agent.bus_message", "--task", "Q-1", "--type", "request", "--summary", "look", "--target", "codex-2")
    run("agent.bus_message", "--task", "BUS-COORD-1", "--type", "directive", "--summary", "all hands")
    pointer = ["--task", "manager-report", "--type", "status", "--summary", "see it", "--meta", "directive=BUS-COORD-1"]
    run("agent.bus_message", *pointer)
    (git_repo / ".gitignore").write_text("_bus/.cache/\n")
    git(git_repo, "add", "-A")
    git(git_repo, "commit", "-qm", "a bus")
    return git_repo


def rules(run: Run, *arguments: str, code: int = 1) -> set[tuple[str, str]]:
    """The rule and place of every error."""
    found = run("maintenance.bus_check", "--json", *arguments, code=code).json["findings"]
    return {(part["rule"], f"{part['path']}:{part['line']}") for part in found if part["severity"] == "error"}


def edit(path: Path, change: Callable[[dict[str, Any]], object], line: int | None = None) -> None:
    """Changes a document, or the record in one line of a log, keeping the written form."""
    if line is None:
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
        return
    lines = path.read_bytes().split(b"\n")
    record = json.loads(lines[line - 1])
    change(record)
    lines[line - 1] = jsonl.encode(record)
    path.write_bytes(b"\n".join(lines))


def append(path: Path, **record: Any) -> None:
    """Appends a record by hand, chained to the last line."""
    lines = path.read_bytes().rstrip(b"\n").split(b"\n")
    with path.open("ab") as log:
        log.write(jsonl.encode({**record, "prev": jsonl.line_hash(lines[-1])}) + b"\n")


def record_of(path: Path, line: int = 1) -> dict[str, Any]:
    """The record in a line."""
    found: dict[str, Any] = json.loads(path.read_text().split("\n")[line - 1])
    return found


def other_case(repo: Path) -> None:
    """A second live claim on Q-1 under another case of its id."""
    edit(repo / CLAIM, lambda claim: None)
    claim = json.loads((repo / CLAIM).read_text())
    claim.update(task_id="q-1", agent_id="codex-2", branch="agent/codex-2/q-1")
    (repo / "_bus/claims/q-1.json").write_text(json.dumps(claim, indent=2, sort_keys=True) + "\n")


def swap_lines(path: Path, one: int, other: int) -> None:
    """Exchanges two lines of a log."""
    lines = path.read_bytes().split(b"\n")
    lines[one - 1], lines[other - 1] = lines[other - 1], lines[one - 1]
    path.write_bytes(b"\n".join(lines))


BREAKS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a line that is no JSON": (lambda r: swap(r / EVENTS, 3, b"{"), "record.unreadable", f"{EVENTS}:3"),
    "a key named twice": (lambda r: swap(r / EVENTS, 2, b'{"id":"x","id":"x"}'), "record.unreadable", f"{EVENTS}:2"),
    "a bad agent": (lambda r: edit(r / EVENTS, lambda e: e.update(agent_id="../x"), 5), "record.shape", f"{EVENTS}:5"),
    "a blank summary": (lambda r: edit(r / EVENTS, lambda e: e.update(summary=" "), 5), "record.shape", f"{EVENTS}:5"),
    "no stamp": (lambda r: edit(r / EVENTS, lambda e: e.pop("ts"), 5), "record.shape", f"{EVENTS}:5"),
    "an impossible day": (
        lambda r: edit(r / EVENTS, lambda e: e.update(ts="2026-02-30T00:00:00Z"), 5),
        "record.shape",
        f"{EVENTS}:5",
    ),
    "an edited inner line": (
        lambda r: edit(r / EVENTS, lambda e: e.update(summary="nicer"), 2),
        "record.prev_unknown",
        f"{EVENTS}:3",
    ),
    "a removed inner line": (lambda r: swap(r / EVENTS, 2, None), "record.prev_unknown", f"{EVENTS}:2"),
    "a removed first line": (lambda r: swap(r / EVENTS, 1, None), "record.prev_unknown", f"{EVENTS}:1"),
    "an id used twice": (lambda r: append(r / EVENTS, **record_of(r / EVENTS)), "record.duplicate_id", f"{EVENTS}:6"),
    "a message under another's id": (
        lambda r: edit(r / "_bus/messages/Q-1.jsonl", lambda m: m.update(summary="other"), 1),
        "record.duplicate_id",
        "_bus/messages/agent-codex-2.jsonl:1",
    ),
    "a claim that is no JSON": (lambda r: (r / CLAIM).write_text('{\n"a": }'), "file.unreadable", f"{CLAIM}:2"),
    "a claim that is a link": (lambda r: relink(r / CLAIM), "file.unreadable", f"{CLAIM}:1"),
    "a claim without a holder": (lambda r: edit(r / CLAIM, lambda c: c.pop("agent_id")), "record.shape", f"{CLAIM}:1"),
    "a claim with a strange status": (
        lambda r: edit(r / CLAIM, lambda c: c.update(status="mine")),
        "record.shape",
        f"{CLAIM}:1",
    ),
    "a claim in another's file": (
        lambda r: edit(r / CLAIM, lambda c: c.update(task_id="Q-9")),
        "file.name",
        f"{CLAIM}:1",
    ),
    "a live claim that was released": (
        lambda r: edit(r / CLAIM, lambda c: c.update(released_at=c["claimed_at"])),
        "claim.released_at",
        f"{CLAIM}:1",
    ),
    "two ids that differ in case": (other_case, "id.case", "_bus/claims/q-1.json:1"),
    "two holders of one task": (other_case, "claim.duplicate", "_bus/claims/q-1.json:1"),
    "a bad assignment": (
        lambda r: assignment(r, task_id="Q-2", engineer=5, manager="m", assigned_at="2026-01-01T00:00:00Z"),
        "record.shape",
        "_bus/assignments/Q-2.json:1",
    ),
    "a directive without pointer": (
        lambda r: edit(r / HUB, lambda m: m.pop("meta"), 1),
        "directive.pointer",
        "_bus/messages/BUS-COORD-1.jsonl:1",
    ),
    "no hub at all": (lambda r: (r / HUB).unlink(), "directive.pointer", "_bus/messages/BUS-COORD-1.jsonl:1"),
}


def swap(path: Path, line: int, by: bytes | None) -> None:
    """Puts other bytes in place of a line, or takes it away."""
    lines = path.read_bytes().split(b"\n")
    lines[line - 1 : line] = [] if by is None else [by]
    path.write_bytes(b"\n".join(lines))


def relink(path: Path) -> None:
    """Puts a link in place of a file."""
    path.unlink()
    path.symlink_to("/etc/passwd")


def assignment(repo: Path, **content: Any) -> None:
    """Writes an assignment by hand."""
    (repo / "_bus/assignments").mkdir(exist_ok=True)
    (repo / "_bus/assignments" / f"{content['task_id']}.json").write_text(json.dumps(content))


def test_a_good_bus_passes_even_when_strict(repo: Path, run: Run) -> None:
    for arguments in ([], ["--strict"], ["--base", "main"], ["--ref", "main", "--base", "main", "--strict"]):
        assert rules(run, *arguments, code=0) == set()


@pytest.mark.parametrize("name", BREAKS)
def test_each_way_of_breaking_it_is_noticed(name: str, repo: Path, run: Run) -> None:
    change, rule, place = BREAKS[name]
    change(repo)
    assert (rule, place) in rules(run)


@pytest.mark.parametrize("name", [name for name in BREAKS if "link" not in name])
def test_what_is_broken_on_a_branch_is_noticed_there_and_known_on_its_base(name: str, repo: Path, run: Run) -> None:
    change, rule, place = BREAKS[name]
    git(repo, "switch", "-qc", "broken")
    change(repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "break it")
    git(repo, "switch", "-q", "main")
    assert (rule, place) in rules(run, "--ref", "broken", "--base", "main")
    assert rules(run, code=0) == set()


OLD_FORMS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no id": (lambda r: swap(r / EVENTS, 5, hand(record_of(r / EVENTS, 5), without=("id", "prev"))), "record.no_id"),
    "an offset": (lambda r: edit(r / EVENTS, lambda e: e.update(ts="2026-01-01T00:00:00+00:00"), 5), "stamp.form"),
    "the future": (lambda r: edit(r / EVENTS, lambda e: e.update(ts="2999-01-01T00:00:00Z"), 5), "stamp.future"),
    "long ago": (lambda r: edit(r / EVENTS, lambda e: e.update(ts="1970-01-01T00:00:00Z"), 5), "stamp.ancient"),
    "time runs back": (
        lambda r: edit(r / EVENTS, lambda e: e.update(ts="2025-01-01T00:00:00Z"), 5),
        "stamp.backwards",
    ),
    "a foreign field": (lambda r: edit(r / EVENTS, lambda e: e.update(mood="good"), 5), "record.old"),
    "spaces": (
        lambda r: swap(r / EVENTS, 5, json.dumps(record_of(r / EVENTS, 5), sort_keys=True).encode()),
        "record.form",
    ),
    "CR LF": (lambda r: (r / EVENTS).write_bytes((r / EVENTS).read_bytes()[:-1] + b"\r\n"), "record.form"),
    "no line end": (lambda r: (r / EVENTS).write_bytes((r / EVENTS).read_bytes()[:-1]), "record.form"),
    "an old claim": (lambda r: edit(r / CLAIM, lambda c: (c.pop("fence"), c.update(status="pending"))), "record.old"),
}


def hand(record: dict[str, Any], without: tuple[str, ...]) -> bytes:
    """A record as people write it."""
    return jsonl.encode({key: value for key, value in record.items() if key not in without})


@pytest.mark.parametrize("name", OLD_FORMS)
def test_an_old_form_is_a_note_and_an_error_when_strict(name: str, repo: Path, run: Run) -> None:
    change, rule = OLD_FORMS[name]
    change(repo)
    assert rules(run, code=0) == set()
    assert rule in {found for found, _ in rules(run, "--strict")}
    assert rule in run("maintenance.bus_check").out


def test_an_old_line_with_a_secret_is_judged_by_how_it_is_spelled(repo: Path, run: Run) -> None:
    old = {**record_of(repo / EVENTS, 5), "summary": "see https://me:hunter2hunter2@example.org"}
    spelled = {key: value for key, value in sorted(old.items()) if key not in ("id", "prev")}
    swap(repo / EVENTS, 5, json.dumps(spelled, separators=(",", ":")).encode())
    assert {found for found, _ in rules(run, "--strict")} == {"record.no_id"}
    swap(repo / EVENTS, 5, json.dumps(spelled).encode())
    assert {found for found, _ in rules(run, "--strict")} == {"record.no_id", "record.form"}


def test_a_torn_tail_is_a_warning_that_names_the_repair(repo: Path, run: Run) -> None:
    with (repo / EVENTS).open("ab") as log:
        log.write(b'{"id":"01')
    out = run("maintenance.bus_check", "--base", "main").out
    assert f"{EVENTS}:6: warning" in out and "bus_repair --apply" in out


# -- against a base ----------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["changed", "deleted", "reordered", "file deleted"])
@pytest.mark.parametrize("line", [1, 3, 5])
def test_old_lines_of_a_log_stay_as_they_were(change: str, line: int, repo: Path, run: Run) -> None:
    git(repo, "switch", "-qc", "side")
    if change == "changed":
        edit(repo / EVENTS, lambda event: event.update(summary="other"), line)
    elif change == "deleted":
        swap(repo / EVENTS, line, None)
    elif change == "reordered":
        swap_lines(repo / EVENTS, line, line % 5 + 1)
        git(repo, "commit", "-qam", "reordered")
    else:
        (repo / EVENTS).unlink()
    assert any(rule == "record.rewritten" and EVENTS in place for rule, place in rules(run, "--base", "main"))


def test_the_order_of_arrival_in_the_live_log_is_no_finding(repo: Path, run: Run) -> None:
    swap_lines(repo / EVENTS, 1, 3)
    assert not any(rule == "record.rewritten" for rule, _ in rules(run, "--base", "main", code=None))


def test_the_command_beside_a_lost_line_mends_it_and_keeps_what_is_new(repo: Path, run: Run) -> None:
    run("agent.bus_event", "log", "--event", "note", "--summary", "something new")
    swap(repo / EVENTS, 3, None)
    found = run("maintenance.bus_check", "--json", "--base", "main", code=1).json["findings"]
    fix = next(part["fix"] for part in found if part["rule"] == "record.rewritten")
    run(*shlex.split(fix.removeprefix("python -m tools.")))
    assert rules(run, "--base", "main", code=0) == set()
    assert "something new" in (repo / EVENTS).read_text()


def test_the_memory_log_only_grows_too(repo: Path, run: Run) -> None:
    (repo / "memory").mkdir()
    (repo / "memory/log.jsonl").write_text('{"a":1}\n{"a":2}\n')
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "memory")
    (repo / "memory/log.jsonl").write_text('{"a":2}\n')
    assert ("record.rewritten", "memory/log.jsonl:1") in rules(run, "--base", "main")


def test_a_torn_tail_of_the_base_may_go(repo: Path, run: Run) -> None:
    whole = (repo / EVENTS).read_bytes()
    (repo / EVENTS).write_bytes(whole + b'{"torn')
    git(repo, "commit", "-qam", "torn")
    (repo / EVENTS).write_bytes(whole)
    assert rules(run, "--base", "main", code=0) == set()


def test_a_union_merge_of_two_honest_branches_passes(repo: Path, run: Run, seat: Callable[..., Path]) -> None:
    (repo / ".gitattributes").write_text("*.jsonl -text merge=union\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "attributes")
    for agent in ("codex-2", "codex-3"):
        git(repo, "switch", "-qc", agent, "main")
        seat(agent)
        run("agent.bus_claim", "claim", "--task", f"T-{agent}")
        run("agent.bus_message", "--task", "NEW", "--type", "note", "--summary", f"{agent} here")
        git(repo, "add", "_bus")
        git(repo, "commit", "-qm", agent)
        git(repo, "checkout", "-q", "--", ".")
    git(repo, "merge", "-q", "codex-2", "-m", "both")
    for base in ("main", "codex-2", "HEAD~1"):
        assert rules(run, "--base", base, "--strict", code=0) == set()


def claim_on(repo: Path, branch: str, agent: str, run: Run, seat: Callable[..., Path], *, start: str) -> None:
    """A branch on which an agent claims Q-2."""
    git(repo, "switch", "-qc", branch, start)
    seat(agent)
    run("agent.bus_claim", "claim", "--task", "Q-2")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", branch)


def test_a_second_claim_on_a_task_that_the_base_has_in_other_hands_is_a_duplicate(
    repo: Path, run: Run, seat: Callable[..., Path]
) -> None:
    claim_on(repo, "one", "codex-2", run, seat, start="main")
    claim_on(repo, "two", "codex-3", run, seat, start="main")
    assert ("claim.duplicate", "_bus/claims/Q-2.json:1") in rules(run, "--base", "one")
    out = run("maintenance.bus_check", "--ref", "two", "--base", "one", code=1).out
    assert "duplicate claim: Q-2 is held by codex-3 here and by codex-2 at one" in out


def test_a_takeover_by_the_rules_is_no_duplicate_but_one_without_its_event_is(
    repo: Path, run: Run, seat: Callable[..., Path]
) -> None:
    git(repo, "switch", "-qc", "later")
    seat("codex-2")
    run("agent.bus_claim", "pause", "--task", "Q-1", "--notes", "gone", "--force", "--reason", "crashed")
    run("agent.bus_claim", "claim", "--task", "Q-1")
    assert rules(run, "--base", "main", code=0) == set()
    git(repo, "checkout", "-q", "main", "--", EVENTS)
    assert ("claim.duplicate", f"{CLAIM}:1") in rules(run, "--base", "main")


def test_a_branch_that_never_touched_a_claim_is_not_blamed_for_its_move(
    repo: Path, run: Run, seat: Callable[..., Path]
) -> None:
    git(repo, "branch", "old")
    edit(repo / CLAIM, lambda claim: claim.update(agent_id="codex-5", fence=2, branch="agent/codex-5/q-1"))
    git(repo, "commit", "-qam", "moved")
    git(repo, "switch", "-q", "old")
    assert rules(run, "--base", "main", code=0) == set()


def test_with_a_base_only_what_is_new_is_an_error(repo: Path, run: Run) -> None:
    append(repo / EVENTS, ts="yesterday")
    edit(repo / CLAIM, lambda claim: claim.pop("agent_id"))
    git(repo, "commit", "-qam", "broken already")
    git(repo, "switch", "-qc", "later")
    done = run("maintenance.bus_check", "--base", "main", "--json").json
    assert (
        done["ok"]
        and done["known"] >= 2
        and "more that main has already" in run("maintenance.bus_check", "--base", "main").out
    )
    append(repo / EVENTS, ts="tomorrow")
    assert ("record.shape", f"{EVENTS}:7") in rules(run, "--base", "main")


def test_a_shallow_clone_names_the_fetch_that_helps(repo: Path, run: Run, tmp_path: Path) -> None:
    git(repo, "switch", "-qc", "work")
    git(repo, "commit", "-q", "--allow-empty", "-m", "one")
    git(repo, "switch", "-q", "main")
    git(repo, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{repo}", "shallow")
    refused = run("maintenance.bus_check", "--root", str(tmp_path / "shallow"), "--base", "origin/work", code=7)
    assert "git fetch --unshallow origin" in refused.err


def test_a_base_that_is_not_there_is_a_usage_error(repo: Path, run: Run) -> None:
    assert "git fetch origin bus" in run("maintenance.bus_check", "--base", "origin/bus", code=2).err
    assert "git fetch" not in run("maintenance.bus_check", "--base=--output=x", code=2).err


def test_a_branch_of_the_bus_alone_is_read_as_the_bus(repo: Path, run: Run) -> None:
    tree = git(repo, "rev-parse", "main:_bus")
    commit = git(repo, "commit-tree", tree, "-m", "bus")
    git(repo, "branch", "bus", commit)
    assert rules(run, "--ref", "bus", "--strict", code=0) == set()
    git(repo, "branch", "worse", git(repo, "commit-tree", git(repo, "rev-parse", "main:_bus/claims"), "-m", "no"))
    assert run("maintenance.bus_check", "--ref", "worse").code == 0


# -- the real history --------------------------------------------------------------------------------


def test_the_real_history_passes_unless_strict_and_then_each_defect_has_its_place(history: Path, run: Run) -> None:
    assert rules(run, "--root", str(history), code=0) == set()
    found = rules(run, "--root", str(history), "--strict")
    lines = (history / EVENTS).read_text().splitlines()
    without_id = {f"{EVENTS}:{number}" for number, line in enumerate(lines, 1) if "id" not in json.loads(line)}
    assert {place for rule, place in found if rule == "record.no_id" and EVENTS in place} == without_id
    for name in os.listdir(history / "_bus/claims"):
        assert ("record.old", f"_bus/claims/{name}:1") in found
    for expected in (
        ("stamp.ancient", f"{EVENTS}:1"),
        ("record.old", f"{EVENTS}:43"),  # receipt
        ("record.old", f"{EVENTS}:67"),  # task
        ("record.form", f"{EVENTS}:2"),
    ):
        assert expected in found


def test_with_a_base_that_has_it_the_real_history_passes_when_strict(history: Path, run: Run) -> None:
    git(history, "init", "-q")
    git(history, "add", "-A")
    git(history, "commit", "-qm", "history")
    assert rules(run, "--root", str(history), "--strict", "--base", "main", code=0) == set()


def test_three_thousand_bad_lines_are_three_thousand_findings(git_repo: Path, run: Run) -> None:
    (git_repo / "_bus/events").mkdir(parents=True)
    (git_repo / EVENTS).write_text("{}\n" * 3000)
    assert len({place for rule, place in rules(run) if rule == "record.shape"}) == 3000
