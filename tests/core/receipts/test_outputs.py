"""`--output` makes new files and replaces those of its own command; what else is there stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.core.errors import UsageError
from tools.core.receipts.outputs import kind_of, output_place, replace_output
from tools.core.workspace import Place, Workspace

Run = Callable[..., Any]

WRITERS = {
    "board": ("agent.coord_dashboard", "report"),
    "board as JSON": ("agent.coord_dashboard", "report", "--format", "json"),
    "board as a page": ("agent.coord_dashboard", "report", "--format", "html"),
    "board for GitHub": ("agent.coord_dashboard", "report", "--format", "github"),
    "brief": ("agent.session_brief", "--task", "T-1"),
    "ledger": ("consensus.ledger",),
    "ledger as lines": ("consensus.ledger", "--format", "jsonl"),
    "index": ("agent.receipts_index",),
    "latencies": ("agent.receipts_metrics",),
    "plans": ("planner.validate",),
    "decision": ("consensus.receipts", "--decision", "D-1"),
}
OTHERS = {
    "README.md": "# Harbour\n",
    "docs/data.json": '{"a": 1}\n',
    "docs/page.html": "<!DOCTYPE html>\n<html></html>\n",
    "docs/lines.jsonl": '{"ts":"2026-01-01T00:00:00Z","note":"x"}\n',
    "docs/binary": "\x00\x01\n",
    ".github/workflows/ci.yml": "on: push\n",
    "_report/ledger.csv": "decision_id,agent\nD-1,a\n",
    "_report/agent/codex-2/notes.md": "# Notes\n",
    "_report/agent/codex-2/session_guard/warnings.jsonl": '{"code":"x"}\n',
    "_report/agent/codex-2/errors.jsonl": '{"code":"x"}\n',
    "_report/runner/codex-2/run.json": '{"command":["true"]}\n',
    "memory/log.jsonl": '{"hash":"x"}\n',
    "_plans/2026-01-01-x.plan.json": "{}\n",
    "queue/001-x.md": "# Task: x\n",
    "AGENT_MANIFEST.codex-2.json": "{}\n",
}


@pytest.fixture
def repo(git_repo: Path, seat: Callable[..., Path]) -> Path:
    """A repository with a seat and files that people and other commands made."""
    seat("codex-1")
    for name, text in OTHERS.items():
        (git_repo / name).parent.mkdir(parents=True, exist_ok=True)
        (git_repo / name).write_text(text)
    return git_repo


@pytest.mark.parametrize("writer", WRITERS)
def test_a_command_leaves_what_it_did_not_make(repo: Path, run: Run, writer: str) -> None:
    for name, text in OTHERS.items():
        refusal = run(*WRITERS[writer], "--output", f"./{name}", code=2)
        assert (repo / name).read_text() == text and name in refusal.err


@pytest.mark.parametrize("writer", WRITERS)
def test_a_command_writes_a_new_file_and_then_again(repo: Path, run: Run, writer: str) -> None:
    for _ in range(2):
        run(*WRITERS[writer], "--output", "_report/manager/mine.out", code=None)
    assert (repo / "_report/manager/mine.out").read_text()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_command_does_not_replace_what_another_made(repo: Path, run: Run, writer: str) -> None:
    run(*WRITERS[writer], "--output", "_report/manager/mine.out", code=None)
    kept = (repo / "_report/manager/mine.out").read_bytes()
    for other in {*WRITERS} - {writer, *(name for name in WRITERS if WRITERS[name][0] == WRITERS[writer][0])}:
        run(*WRITERS[other], "--output", "_report/manager/mine.out", code=2)
        assert (repo / "_report/manager/mine.out").read_bytes() == kept


@pytest.mark.parametrize(
    "output",
    ["", "x/", "a\0b", "../x", "/etc/x", "_bus/x", ".git/hooks/x", "_report/../../x", "_plans/new.json", "queue/9-x.md",
     "memory/new.jsonl", "./AGENT_MANIFEST.x.json", "_report/session/x/tail.txt", "_report/runner/a/x.json"],
)  # fmt: skip
def test_an_output_stays_in_the_repository_and_out_of_what_is_kept(workspace: Workspace, output: str) -> None:
    with pytest.raises(UsageError):
        output_place(workspace, output, workspace.in_root("_report/x"))


def test_a_bare_output_goes_to_the_commands_folder_and_a_path_is_from_the_root(workspace: Workspace) -> None:
    folder = workspace.in_root("_report/x")
    assert output_place(workspace, "a.json", folder).name == "_report/x/a.json"
    assert output_place(workspace, "docs/a.json", folder).name == "docs/a.json"


def test_a_worktrees_output_does_not_land_in_the_main_checkout(tmp_path: Path) -> None:
    (tmp_path / "bus").mkdir()
    here = Workspace(str(tmp_path / "root"), str(tmp_path / "bus"))
    with pytest.raises(UsageError):
        output_place(here, str(tmp_path / "bus" / "x" / "y"), here.report)


def test_a_folder_a_pipe_and_a_link_are_no_file_to_replace(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    for name in ("folder", "link"):
        with pytest.raises(UsageError):
            replace_output(Place(str(tmp_path), name), {"a": 1})
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_of_blanks_holds_nothing_that_could_be_lost(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("\n \n")
    replace_output(Place(str(tmp_path), "x"), iter([b'{"a":1}\n', b'{"b":2}\n']))
    assert [json.loads(line) for line in (tmp_path / "x").read_text().splitlines()] == [{"a": 1}, {"b": 2}]


def test_the_kind_shows_in_the_beginning() -> None:
    assert kind_of(b'{"a":1,"b":2}\nrest') == ("lines", {"a", "b"}) == kind_of(b'{"b":0,"a":3}\n')
    assert kind_of(b'{\n "a": 1\n}\n') == ("document", {"a"})
    assert kind_of(b'[{"a": 1}]') == ("list", {"a"}) and kind_of(b"[]") is kind_of(b"{broken") is kind_of(b"x") is None
