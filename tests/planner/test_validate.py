"""Strict means strict: what a plan cites is there, tracked, parses, and its links hold."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tests.core.plans.test_rules import DEFECTS, NAME, good

VALIDATE = "planner.validate"


@pytest.fixture
def repo(git_repo: Path) -> Path:
    """A repository with one plan that is strictly valid, and what it cites."""
    for folder in ("_plans", "queue", "_bus/claims", "_report/agent/a"):
        (git_repo / folder).mkdir(parents=True)
    (git_repo / "_report/agent/a/proof.json").write_text("{}\n")
    (git_repo / "queue/001-x.md").write_text("# Task: x\n")
    claim = {"agent_id": "b", "status": "active", "plan_id": NAME}
    (git_repo / "_bus/claims/T-2.json").write_text(json.dumps(claim))
    write(git_repo, good())
    git(git_repo, "add", "-A")
    git(git_repo, "commit", "-qm", "a plan")
    return git_repo


def write(repo: Path, plan: dict[str, Any], name: str = NAME) -> None:
    text = json.dumps(plan, indent=2, ensure_ascii=False)
    (repo / "_plans" / f"{name}.plan.json").write_text(text + "\n")


def cite(repo: Path, *paths: str) -> None:
    write(repo, {**good(), "receipts": list(paths)})


def pointers(answer: Any) -> list[str]:
    return [finding["pointer"] for row in answer.json["plans"] for finding in row["findings"]]


def test_a_good_plan_passes_and_the_summary_is_written(repo: Path, run: Callable[..., Any]) -> None:
    assert f"OK _plans/{NAME}.plan.json" in run(VALIDATE, "--strict").out
    latest = json.loads((repo / "_report/planner/validate/summary-latest.json").read_text())
    assert latest["exit_code"] == 0 and latest["strict"] is True
    assert latest["plans"][0]["ok"] is True and latest["plans"][0]["errors"] == []


def test_no_plans_at_all_are_fine(git_repo: Path, run: Callable[..., Any]) -> None:
    run(VALIDATE, "--strict")


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda repo: None, "does not exist"),
        (lambda repo: (repo / "sp ace é.txt").write_text("x"), "is not tracked"),
        (
            lambda repo: ((repo / "sp ace é.txt").write_text("x"), (repo / ".gitignore").write_text("sp*\n")),
            "is ignored",
        ),
        (lambda repo: (repo / "sp ace é.txt").mkdir(), "does not exist"),
        (lambda repo: (repo / "sp ace é.txt").symlink_to("README.md"), "does not exist"),
    ],
)
def test_a_receipt_must_be_a_tracked_file(
    repo: Path, run: Callable[..., Any], prepare: Callable[[Path], Any], reason: str
) -> None:
    prepare(repo)
    cite(repo, "README.md", "sp ace é.txt")
    answer = run(VALIDATE, "--strict", "--json", code=1)
    assert pointers(answer) == ["/receipts/1"]
    assert reason in answer.json["plans"][0]["errors"][0]


def test_staged_names_of_any_letters_are_tracked(repo: Path, run: Callable[..., Any]) -> None:
    names = ["sp ace é.txt", 'quo"te.txt', "*.md", "日本.log"]
    for name in names:
        (repo / name).write_text("x")
    git(repo, "add", "-A")
    cite(repo, *names)
    run(VALIDATE, "--strict")


@pytest.mark.parametrize(
    ("name", "data"),
    [("x.json", "{"), ("x.json", '{"a": NaN}'), ("x.jsonl", '{"a":1}\nnonsense\n'), ("x.json", "[" * 100_000)],
)
def test_evidence_that_says_it_is_json_must_parse(repo: Path, run: Callable[..., Any], name: str, data: str) -> None:
    (repo / name).write_text(data)
    git(repo, "add", name)
    cite(repo, name)
    assert "does not parse" in run(VALIDATE, "--strict", code=1).out


def test_a_run_whose_output_was_changed_is_broken(
    repo: Path, seat: Callable[..., Path], run: Callable[..., Any]
) -> None:
    seat("a")
    path = run("agent.receipt_run", "--json", "--", "echo", "hello").json["path"]
    git(repo, "add", "_report")
    cite(repo, path)
    assert run(VALIDATE, "--strict", "--json").json["plans"][0]["evidence"] == {"verified": 1, "unverified": 1}
    Path(repo / path).with_suffix(".log").write_text("hallo\n")
    assert "is broken" in run(VALIDATE, "--strict", code=1).out


def test_without_git_a_strict_check_fails_and_says_why(repo: Path, run: Callable[..., Any]) -> None:
    shutil.rmtree(repo / ".git")
    assert "not a git repository" in run(VALIDATE, "--strict", code=1).out
    run(VALIDATE)


def test_a_line_is_named_with_every_finding(repo: Path, run: Callable[..., Any]) -> None:
    cite(repo, "README.md", "README.md", "gone.txt")
    (row,) = run(VALIDATE, "--strict", "--json", code=1).json["plans"]
    lines = (repo / row["path"]).read_text().split("\n")
    for finding, path in zip(row["findings"], ("README.md", "gone.txt"), strict=True):
        assert path in lines[finding["line"] - 1]
    assert row["errors"][1] == f"{row['path']}:/receipts/2: gone.txt does not exist (line {row['findings'][1]['line']})"


def test_files_that_are_no_json_are_findings_and_no_crash(repo: Path, run: Callable[..., Any]) -> None:
    for number, data in enumerate([b"", b"[]", b"\xff\xfe", b'{"a":1,"a":2}', b'{"version": 1e999}', b"{" * 5000]):
        (repo / "_plans" / f"2026-01-0{number + 1}-bad.plan.json").write_bytes(data)
    (repo / "_plans" / "2026-01-08-link.plan.json").symlink_to("/etc/passwd")
    (repo / "_plans" / "2026-01-09-folder.plan.json").mkdir()
    answer = run(VALIDATE, "--json", code=1)
    assert [row["ok"] for row in answer.json["plans"]].count(False) == 8


@pytest.mark.parametrize(
    ("data", "where", "line"),
    [
        (b'{\n"version": 0,\n"version": 1}\n', "/version", 3),
        (b'{\n"version":\n1e999}\n', "/version", 3),
        (b'{\n"version": 0,\n"steps": [,]}\n', "", 3),
        (b'{\n"x": "\xff"}\n', "", 2),
        (b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}\n", "", 1),
        (b'{"x": ' + b"[" * 400 + b"]" * 400 + b"}\n", "", 1),
    ],
)
def test_what_makes_a_file_unreadable_is_located(
    repo: Path, run: Callable[..., Any], data: bytes, where: str, line: int
) -> None:
    (repo / "_plans" / f"{NAME}.plan.json").write_bytes(data)
    (finding,) = run(VALIDATE, "--json", code=1).json["plans"][0]["findings"]
    assert (finding["pointer"], finding["line"]) == (where, line)


def test_crlf_and_a_missing_line_end_are_found_when_strict(repo: Path, run: Callable[..., Any]) -> None:
    path = repo / "_plans" / f"{NAME}.plan.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")[:-2])
    run(VALIDATE)
    errors = "\n".join(run(VALIDATE, "--strict", "--json", code=1).json["plans"][0]["errors"])
    assert "CRLF" in errors and "no line end" in errors


def test_a_live_claim_must_name_the_plan(repo: Path, run: Callable[..., Any], raw_bus: Any) -> None:
    raw_bus["claims/T-2"] = raw_bus["claims/T-2"].replace(NAME.encode(), b"2026-01-02-other")
    assert pointers(run(VALIDATE, "--strict", "--json", code=1)) == ["/links/1/ref"]
    raw_bus["claims/T-2"] = raw_bus["claims/T-2"].replace(b"active", b"done")
    run(VALIDATE, "--strict")


def test_a_bus_link_is_looked_for_on_the_branch_and_else_only_warned_of(repo: Path, run: Callable[..., Any]) -> None:
    git(repo, "branch", "code")
    git(repo, "checkout", "-q", "--orphan", "bus")
    git(repo, "mv", "_bus/claims", "claims")
    git(repo, "commit", "-qm", "the bus")
    git(repo, "checkout", "-q", "-f", "code")
    shutil.rmtree(repo / "_bus")
    assert "no bus in sight" not in run(VALIDATE, "--strict").err
    git(repo, "branch", "-qD", "bus")
    assert "_bus/claims/T-2.json is on no bus in sight" in run(VALIDATE, "--strict").err


def test_plans_are_given_by_id_by_path_or_not_at_all(repo: Path, run: Callable[..., Any]) -> None:
    write(repo, {**good(), "plan_id": "2026-01-03-bad"}, "2026-01-03-worse")
    run(VALIDATE, code=1)
    run(VALIDATE, NAME)
    run(VALIDATE, f"_plans/{NAME}.plan.json", "--output", "mine.json")
    assert (repo / "_report/planner/mine.json").is_file()
    run(VALIDATE, "README.md", code=2)
    run(VALIDATE, "../x.plan.json", code=2)
    run(VALIDATE, "2026-05-05-none", code=1)


def test_every_planted_defect_is_found_by_the_command_in_one_run(repo: Path, run: Callable[..., Any]) -> None:
    planted = {}
    for number, (pointer, plant) in enumerate(DEFECTS):
        name = f"2026-01-02-d{number:02}"
        plan = {**good(), "plan_id": name, "links": [{"type": "queue", "ref": "queue/001-x.md"}] * 2}
        plant(plan)
        write(repo, plan, name)
        planted[name] = pointer
    answer = run(VALIDATE, "--strict", "--json", code=1)
    found = {row["plan_id"]: [finding["pointer"] for finding in row["findings"]] for row in answer.json["plans"]}
    assert all(pointer in found[name] for name, pointer in planted.items() if pointer != "/links/1/ref")
    assert found[NAME] == []


def test_the_real_history_passes_and_strictly_shows_what_is_wrong(history: Path, run: Callable[..., Any]) -> None:
    git(history, "init", "-q")
    git(history, "add", "-A")
    assert run(VALIDATE, "--root", str(history), "--json").json["exit_code"] == 0
    answer = run(VALIDATE, "--root", str(history), "--strict", "--json", code=1)
    found = {(finding["rule"], finding["pointer"]) for row in answer.json["plans"] for finding in row["findings"]}
    assert ("plan.receipt.missing", "/receipts/0") in found
    assert ("plan.shape", "/impact_ref") in found
    assert ("plan.shape", "/steps/2/status") in found
    assert ("plan.link.missing", "/links/0/ref") in found
    assert ("plan.no_receipt", "/steps/0/receipts") in found
    for row in answer.json["plans"]:
        lines = (history / row["path"]).read_text().count("\n")
        assert all(1 <= finding["line"] <= lines for finding in row["findings"])


def test_nothing_is_invented_about_the_real_history(history: Path, run: Callable[..., Any]) -> None:
    git(history, "init", "-q")
    git(history, "add", "-A")
    answer = run(VALIDATE, "--root", str(history), "--strict", "--json", code=1)
    for row in answer.json["plans"]:
        raw = json.loads((history / row["path"]).read_text())
        for finding in row["findings"]:
            if finding["rule"] == "plan.receipt.missing":
                part: Any = raw
                for key in finding["pointer"].split("/")[1:]:
                    part = part[int(key) if isinstance(part, list) else key]
                assert not (history / part).exists()
    assert [row["plan_id"] for row in answer.json["plans"] if row["ok"]] == ["1970-01-01-agent-template"]
