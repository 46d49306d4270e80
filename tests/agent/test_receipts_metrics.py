"""Latencies come from git's first commits, so that every clone tells the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tests.core.plans.test_rules import good
from tools.core import clock
from tools.core.reports import latency as latencies

METRICS = "agent.receipts_metrics"
BEGIN = 1_767_225_600


def at(minutes: int) -> str:
    """The stamp so many minutes after the beginning."""
    return clock.to_text(datetime.fromtimestamp(BEGIN + 60 * minutes, UTC))


class History:
    """Commits files at chosen moments."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo

    def commit(self, minutes: int, *paths: str) -> None:
        """Commits the paths so many minutes after the beginning."""
        stamp = f"{BEGIN + 60 * minutes} +0000"
        for path in paths:
            (self.repo / path).parent.mkdir(parents=True, exist_ok=True)
            if not (self.repo / path).exists():
                (self.repo / path).write_text(path)
        git(self.repo, "add", "--", *paths)
        environment = {**os.environ, "GIT_COMMITTER_DATE": stamp, "GIT_AUTHOR_DATE": "1000000000 +0000"}
        subprocess.run(["git", "commit", "-qm", "x"], cwd=self.repo, env=environment, check=True)

    def plan(self, minutes: int, name: str, *receipts: str, actor: str = "a") -> None:
        """Commits a plan that cites receipts."""
        path = self.repo / "_plans" / f"{name}.plan.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            json.dumps(
                {
                    **good(),
                    "plan_id": name,
                    "actor": actor,
                    "steps": [],
                    "receipts": list(receipts),
                    "created": at(minutes),
                }
            )
        )
        self.commit(minutes, f"_plans/{name}.plan.json")

    def note(self, minutes: int, plan: str, **more: str) -> None:
        """Logs a manager's message that names a plan, after a handshake that says who manages."""
        log = self.repo / "_bus/events/events.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        hello = {
            "ts": at(0),
            "agent_id": "boss",
            "event": "handshake",
            "summary": "hello",
            "meta": {"roles": "manager"},
        }
        said = {"ts": at(minutes), "agent_id": "boss", "event": "note", "summary": f"begin {plan}, please", **more}
        with log.open("a") as stream:
            stream.write(json.dumps(hello) + "\n" + json.dumps(said) + "\n")


@pytest.fixture
def past(git_repo: Path) -> History:
    """A plan with a note, a reflection and two receipts, an hour apart."""
    made = History(git_repo)
    made.note(0, "2026-01-02-one")
    made.commit(30, "_report/agent/a/reflections/2026-01-01.md")
    made.plan(60, "2026-01-02-one", "first é.txt", "last.txt")
    made.commit(180, "first é.txt")
    made.commit(240, "last.txt")
    return made


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_latency_is_the_second_moment_minus_the_first(past: History, run: Callable[..., Any]) -> None:
    summary, row = rows(run(METRICS).out)
    assert row["plan_to_first_receipt"] == 7200 and row["plan_to_last_receipt"] == 10800
    assert row["note_to_plan"] == 3600 and row["note_to_first_receipt"] == 10800
    assert row["reflection_to_first_receipt"] == 9000
    assert summary["reflections"] == 1 and summary["latencies"]["plan_to_first_receipt"]["median"] == 7200


def test_a_later_change_or_a_rename_elsewhere_does_not_move_a_moment(past: History, run: Callable[..., Any]) -> None:
    before = run(METRICS).out
    (past.repo / "last.txt").write_text("changed")
    past.commit(900, "last.txt")
    assert run(METRICS).out == before


def test_a_fresh_clone_tells_the_same(past: History, tmp_path: Path, run: Callable[..., Any]) -> None:
    past.commit(300, "side.txt")
    git(past.repo, "checkout", "-q", "-b", "side", "HEAD~1")
    past.plan(400, "2026-01-03-two", "merged.txt")
    past.commit(460, "merged.txt")
    git(past.repo, "checkout", "-q", "main")
    git(past.repo, "merge", "-q", "--no-ff", "-m", "merge", "side")
    git(tmp_path, "clone", "-q", "--no-local", str(past.repo), "clone")
    shutil.copytree(past.repo / "_bus", tmp_path / "clone/_bus", dirs_exist_ok=True)
    here = run(METRICS).out
    assert run(METRICS, "--root", str(tmp_path / "clone")).out == here
    assert rows(here)[2]["plan_to_first_receipt"] == 3600


def test_what_is_not_committed_is_dated_by_its_file(past: History, run: Callable[..., Any]) -> None:
    past.plan(500, "2026-01-03-two", "uncommitted.txt")
    path = past.repo / "uncommitted.txt"
    path.write_text("x")
    os.utime(path, (BEGIN + 60 * 510, BEGIN + 60 * 510))
    assert rows(run(METRICS).out)[2]["plan_to_first_receipt"] == 600


def test_the_newest_reflection_before_the_plan_counts(past: History, run: Callable[..., Any]) -> None:
    past.commit(50, "_report/agent/a/reflections/2026-01-02.md")
    past.commit(999, "_report/agent/a/reflections/2026-01-03.md")
    past.commit(50, "_report/agent/b/reflections/2026-01-03.md")
    summary, row = rows(run(METRICS).out)
    assert row["reflection_to_first_receipt"] == 7800 and summary["reflections"] == 4


def test_a_plan_and_its_receipt_in_one_commit_are_as_far_apart_as_they_say(
    past: History, run: Callable[..., Any], seat: Callable[..., Path]
) -> None:
    folder = past.repo / "_report/runner/a"
    folder.mkdir(parents=True)
    receipt = {
        "command": ["true"],
        "exit_status": 0,
        "output_sha256": "0" * 64,
        "output_bytes": 0,
        "duration_seconds": 1,
    }
    (folder / "x.json").write_text(json.dumps({**receipt, "started_at": at(190)}))
    past.plan(100, "2026-01-03-two", "_report/runner/a/x.json")
    past.commit(700, "_report/runner/a/x.json")
    assert rows(run(METRICS).out)[2]["plan_to_first_receipt"] == 90 * 60


def test_the_first_word_of_a_manager_on_a_plan_is_its_note(past: History, run: Callable[..., Any]) -> None:
    past.plan(200, "2026-01-03-two", "first é.txt")
    past.note(190, "another-plan", agent_id="a", plan_id="2026-01-03-two")
    past.note(195, "this", plan_id="2026-01-03-two")
    past.note(180, "it", meta={"plan_id": "2026-01-03-two"})  # type: ignore[arg-type]
    assert rows(run(METRICS).out)[2]["note_to_plan"] == 20 * 60


def test_outliers_are_named_and_fail_only_when_asked(past: History, run: Callable[..., Any]) -> None:
    for number in range(6):
        past.plan(1000 + number, f"2026-02-0{number + 1}-p", f"r{number}.txt")
        past.commit(1010 + number + (100_000 if number == 5 else 0), f"r{number}.txt")
    outliers = rows(run(METRICS).out)[0]["outliers"]
    assert {outlier["plan_id"] for outlier in outliers} >= {"2026-02-06-p"}
    run(METRICS, "--fail-on-outlier", code=1)
    assert rows(run(METRICS, "--max-latency", "5000d", "--fail-on-outlier").out)[0]["outliers"] == []
    asked = rows(run(METRICS, "--max-latency", "2h").out)[0]["outliers"]
    assert ("2026-01-02-one", "plan_to_last_receipt") in [(row["plan_id"], row["latency"]) for row in asked]


def test_a_table_for_people_comes_with_the_file(past: History, run: Callable[..., Any]) -> None:
    shown = run(METRICS, "--output", "receipts-latency.jsonl", "--max-latency", "1h").out
    assert "plan to first receipt" in shown and "outlier: 2026-01-02-one" in shown and "1 reflection\n" in shown
    written = (past.repo / "_report/usage/receipts-latency.jsonl").read_text()
    assert [row["kind"] for row in rows(written)] == ["summary", "plan_latency"]
    assert written.startswith('{"kind":"summary","latencies":{')  # compact, as every line that is written


def test_a_shallow_clone_is_warned_of(past: History, tmp_path: Path, run: Callable[..., Any]) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{past.repo}", "clone")
    assert "git fetch --unshallow" in run(METRICS, "--root", str(tmp_path / "clone")).err


def test_a_repository_without_commits_or_plans_is_no_crash(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q")
    assert rows(run(METRICS, "--root", str(tmp_path / "new")).out)[0]["plans"] == 0


def test_ninety_percent_is_the_nearest_rank() -> None:
    assert latencies._statistics(list(range(1, 11)))["p90"] == 9
    assert latencies._statistics([5]) == {"count": 1, "min": 5, "median": 5, "p90": 5, "max": 5}
