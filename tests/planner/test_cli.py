"""Plans are written and changed by command, and every change is whole, checked and kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acting import context_of
from tests.conftest import git
from tools.core.plans import check
from tools.core.workspace import Workspace

CLI = "planner.cli"
ODD_NAME = 'évidence of *all* "kinds".txt'


@pytest.fixture
def plan(git_repo: Path, seat: Callable[..., Path], run: Callable[..., Any]) -> str:
    """A fresh plan of codex-1 with three steps."""
    seat("codex-1")
    made = run(
        CLI,
        "new",
        "demo",
        "--summary",
        "A demo",
        "--step",
        "S1:One",
        "--step",
        "S2:Two",
        "--step",
        "S3:Three",
        "--json",
    )
    name: str = made.json["plan_id"]
    return name


def file_of(repo: Path, plan_id: str) -> Path:
    return repo / "_plans" / f"{plan_id}.plan.json"


def content(repo: Path, plan_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file_of(repo, plan_id).read_text())
    return found


def test_a_new_plan_is_strictly_valid_and_has_its_justification(
    git_repo: Path, plan: str, run: Callable[..., Any]
) -> None:
    assert (git_repo / "_plans" / f"{plan}.justification.md").read_text().startswith("# A demo")
    assert content(git_repo, plan)["actor"] == "codex-1"
    run("planner.validate", "--strict")


def test_a_new_plan_takes_all_that_is_said_of_it(
    git_repo: Path, seat: Callable[..., Path], run: Callable[..., Any]
) -> None:
    seat("codex-1")
    (git_repo / "queue").mkdir()
    (git_repo / "queue" / "001-x.md").write_text("# Task: x\n")
    options = ["--owner", "boss", "--checkpoint", "shown", "--link", "doc:README.md", "--queue-ref", "QUEUE-001"]
    raw = run(CLI, "new", "full", "--summary", "All", *options, "--priority", "2", "--json").json["plan"]
    assert raw["checkpoint"] == {"description": "shown", "owner": "boss", "status": "pending"}
    assert raw["links"] == [{"type": "doc", "ref": "README.md"}, {"type": "queue", "ref": "queue/001-x.md"}]
    assert raw["priority"] == 2
    run(CLI, "new", "other", "--summary", "x", "--queue-ref", "QUEUE-009", code=2)


def test_a_checkpoint_says_what_must_hold(git_repo: Path, plan: str, run: Callable[..., Any]) -> None:
    run(CLI, "checkpoint", plan, "--status", "pending", "--description", "two have read it")
    assert content(git_repo, plan)["checkpoint"]["description"] == "two have read it"


def test_the_scaffold_is_ready_with_the_plan(
    git_repo: Path, seat: Callable[..., Path], run: Callable[..., Any]
) -> None:
    seat("codex-1")
    plan_id = run(CLI, "new", "s", "--summary", "x", "--scaffold", "--json").json["plan_id"]
    assert (git_repo / "_report" / "agent" / "codex-1" / plan_id / "notes.md").is_file()


def test_without_a_seat_an_actor_must_be_named(git_repo: Path, run: Callable[..., Any]) -> None:
    run(CLI, "new", "s", "--summary", "x", code=7)
    run(CLI, "new", "s", "--summary", "x", "--actor", "Octo Cat")
    run(CLI, "new", "t", "--summary", "x", "--agent", "codex-2")
    assert not (git_repo / "_plans" / "x").exists()


def test_a_slug_that_is_none_is_refused_with_the_one_to_type(plan: str, run: Callable[..., Any]) -> None:
    assert "new bad-slug" in run(CLI, "new", "Bad Slug!", "--summary", "x", code=2).err


def test_an_existing_plan_is_replaced_only_by_force_and_kept(
    git_repo: Path, plan: str, run: Callable[..., Any]
) -> None:
    before = file_of(git_repo, plan).read_bytes()
    run(CLI, "new", "demo", "--summary", "Other", code=4)
    assert file_of(git_repo, plan).read_bytes() == before
    run(CLI, "new", "demo", "--summary", "Other", "--force")
    (kept,) = (git_repo / "_plans").glob("*.replaced-*.json")
    assert kept.read_bytes() == before


def test_statuses_move_only_along_their_transitions(git_repo: Path, plan: str, run: Callable[..., Any]) -> None:
    run(CLI, "status", plan, "in_progress")
    refused = run(CLI, "status", plan, "queued", code=2)
    assert "blocked, done" in refused.err
    assert "S1, S2, S3" in run(CLI, "status", plan, "done", code=2).err
    for step in ("S1", "S2", "S3"):
        run(CLI, "step", "set", plan, step, "--status", "done")
    run(CLI, "status", plan, "done")
    assert content(git_repo, plan)["status"] == "done"
    run(CLI, "step", "add", plan, "--desc", "late", code=2)


def test_a_change_that_breaks_a_rule_leaves_the_file_untouched(
    git_repo: Path, plan: str, run: Callable[..., Any]
) -> None:
    run(CLI, "step", "set", plan, "S1", "--status", "in_progress")
    before = file_of(git_repo, plan).read_bytes()
    assert "/steps/1/status" in run(CLI, "step", "set", plan, "S2", "--status", "in_progress", code=2).err
    run(CLI, "step", "set", plan, "S9", "--status", "done", code=2)
    run(CLI, "step", "add", plan, "--desc", "again", "--id", "S1", code=2)
    run(CLI, "set", plan, "--actor", "", code=2)
    assert file_of(git_repo, plan).read_bytes() == before


def test_repeating_a_change_changes_nothing(git_repo: Path, plan: str, run: Callable[..., Any]) -> None:
    run(CLI, "link", plan, "bus:_bus/claims/T-1.json")
    before = file_of(git_repo, plan).read_bytes()
    assert run(CLI, "link", plan, "bus:_bus/claims/T-1.json", "--json").json["changed"] is False
    assert file_of(git_repo, plan).read_bytes() == before


@pytest.mark.parametrize("link", ["nothing", "bus:../x", "queue:/etc/passwd", "Bad Word:x", ":x", "x:"])
def test_a_link_that_is_none_is_refused(plan: str, run: Callable[..., Any], link: str) -> None:
    run(CLI, "link", plan, link, code=2)


def test_only_tracked_files_are_attached_and_never_edited(git_repo: Path, plan: str, run: Callable[..., Any]) -> None:
    proof = git_repo / ODD_NAME
    proof.write_text("proof\n")
    (git_repo / ".gitignore").write_text("ignored.txt\n")
    (git_repo / "ignored.txt").write_text("x")
    assert "git add" in run(CLI, "attach-receipt", plan, "S1", "--file", ODD_NAME, code=2).err
    git(git_repo, "add", "--", ODD_NAME)
    run(CLI, "attach-receipt", plan, "S1", "--file", ODD_NAME)
    run(CLI, "attach-receipt", plan, "--file", str(proof))
    for path in ("ignored.txt", "absent.txt", "../home", "/etc/passwd"):
        run(CLI, "attach-receipt", plan, "S1", "--file", path, code=2)
    assert proof.read_text() == "proof\n"
    assert content(git_repo, plan)["steps"][0]["receipts"] == content(git_repo, plan)["receipts"] == [ODD_NAME]


def test_a_receipt_that_is_ignored_but_tracked_counts(git_repo: Path, plan: str, run: Callable[..., Any]) -> None:
    (git_repo / ".gitignore").write_text("*.log\n")
    (git_repo / "x.log").write_text("x")
    git(git_repo, "add", "-f", "x.log")
    run(CLI, "attach-receipt", plan, "S1", "--file", "x.log")
    run("planner.validate", "--strict")


def test_detaching_needs_a_citation(git_repo: Path, plan: str, run: Callable[..., Any]) -> None:
    run(CLI, "attach-receipt", plan, "S1", "--file", "README.md")
    run(CLI, "detach-receipt", plan, "S2", "--file", "README.md", code=2)
    run(CLI, "detach-receipt", plan, "S1", "--file", "README.md")
    assert content(git_repo, plan)["steps"][0]["receipts"] == []
    assert (git_repo / "README.md").is_file()


def test_a_file_whose_name_is_no_utf8_is_evidence_like_any_other(
    git_repo: Path, plan: str, run: Callable[..., Any]
) -> None:
    name = os.fsdecode(b"ros\xe9.md")
    (git_repo / name).write_text("x")
    git(git_repo, "add", "-A")
    git(git_repo, "commit", "-qm", "evidence")
    run(CLI, "attach-receipt", plan, "S1", "--file", name)
    assert content(git_repo, plan)["steps"][0]["receipts"] == [name]
    run("planner.validate", "--strict")


def test_attaching_without_git_says_why(tmp_path: Path, run: Callable[..., Any]) -> None:
    bare = tmp_path / "bare"
    (bare / "_bus").mkdir(parents=True)
    (bare / "x.txt").write_text("x")
    plan_id = run(CLI, "new", "s", "--summary", "x", "--agent", "a", "--root", str(bare), "--json").json["plan_id"]
    refused = run(CLI, "attach-receipt", plan_id, "--file", "x.txt", "--agent", "a", "--root", str(bare), code=7)
    assert "git" in refused.err


FORMS = [
    b'{\n\t"zeta": 1,\n\t"status": "queued",\n\t"plan_id": "2026-01-02-x"\n}\n',
    b'{\r\n    "summary": "\xc3\xa9",\r\n    "status": "queued"\r\n}\r\n',
    b'{\n "summary": "\\u00e9",\n "status": "queued"\n}\n',
]


@pytest.mark.parametrize("data", FORMS)
def test_order_layout_and_unknown_fields_survive_a_change(
    git_repo: Path, seat: Callable[..., Path], run: Callable[..., Any], data: bytes
) -> None:
    seat("a")
    (git_repo / "_plans").mkdir()
    path = file_of(git_repo, "2026-01-02-x")
    path.write_bytes(data)
    run(CLI, "status", "2026-01-02-x", "blocked")
    assert path.read_bytes() == data.replace(b"queued", b"blocked")


def test_a_path_names_a_plan_as_well_as_its_id(plan: str, run: Callable[..., Any]) -> None:
    assert run(CLI, "show", f"_plans/{plan}.plan.json", "--json").json["plan"]["plan_id"] == plan
    run(CLI, "show", "2020-01-01-none", code=2)


def test_list_filters_and_names_what_it_cannot_read(git_repo: Path, plan: str, run: Callable[..., Any]) -> None:
    (git_repo / "_plans" / "2026-01-01-broken.plan.json").write_text("{\n  nonsense\n}\n")
    listed = run(CLI, "list", "--status", "queued", "--actor", "codex-1")
    assert plan in listed.out
    assert "_plans/2026-01-01-broken.plan.json:2" in listed.err
    assert run(CLI, "list", "--status", "done").out == "no plans\n"


def test_hostile_text_in_a_plan_is_made_visible(git_repo: Path, plan: str, run: Callable[..., Any]) -> None:
    raw = content(git_repo, plan)
    raw["summary"] = "red \x1b[31m"
    file_of(git_repo, plan).write_text(json.dumps(raw))
    assert "\x1b" not in run(CLI, "show", plan).out + run(CLI, "list").out


def test_eight_processes_edit_one_plan_and_every_edit_is_kept(git_repo: Path, plan: str) -> None:
    count = 5
    loop = (
        "import sys\nfrom tools.core.plans import edits, storage\nfrom tools.core.workspace import Workspace\n"
        f"for n in range({count}):\n"
        "    storage.change(Workspace(sys.argv[1], sys.argv[1]), sys.argv[2],\n"
        "        lambda raw: edits.add_step(raw, 'work', f'{sys.argv[3]}-{n}'))\n"
    )
    workers = [subprocess.Popen([sys.executable, "-c", loop, str(git_repo), plan, f"P{number}"]) for number in range(8)]
    space = Workspace(str(git_repo), str(git_repo))
    looks = 0
    while looks < 2000 and any(worker.poll() is None for worker in workers):
        (result,) = check.check_plans(context_of(space), [space.plan(plan)], strict=False)
        assert not result.findings
        looks += 1
    assert [worker.wait(timeout=60) for worker in workers] == [0] * 8
    ids = [step["id"] for step in content(git_repo, plan)["steps"]]
    assert sorted(ids) == sorted(["S1", "S2", "S3", *(f"P{n}-{m}" for n in range(8) for m in range(count))])
