"""What a refusal, an alert or a finding says can be typed next: every hint in the source, and real ones in a shell."""

from __future__ import annotations

import ast
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import pasting
from tests.command_lines import OWN_WORDS, hints_in, require_line
from tests.conftest import CHECKOUT, git
from tools.core import hint
from tools.core.text import shell

pytestmark = pytest.mark.slow

SAMPLES = {
    "--limit": "20",
    "--plan": "2026-01-31-slug",
    "--reply-to": "01KABCDEFGHJKMNPQRSTVWXYZ0",
    "--since": "24h",
    "--status": "released",
    "plan": "2026-01-31-slug",
}
"""A value for what a hint takes from where it is made: by the option before it, or by its position."""


class Calls(ast.NodeVisitor):
    """The calls that make hints in one module, each with the function around it."""

    def __init__(self) -> None:
        self.found: list[tuple[ast.Call, ast.AST]] = []
        self._around: list[ast.AST] = []

    def visit(self, node: ast.AST) -> None:
        is_scope = isinstance(node, ast.FunctionDef | ast.Module)
        self._around += [node] if is_scope else []
        makers = ("hint.tool", "hint.init", "hint.git")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in makers and not is_named_at_run_time(node):
            self.found.append((node, self._around[-1]))
        self.generic_visit(node)
        if is_scope:
            self._around.pop()


def is_named_at_run_time(call: ast.Call) -> bool:
    """Whether the command itself is a variable, as in a helper of a template."""
    return ast.unparse(call.func) == "hint.tool" and not isinstance(call.args[0], ast.Constant)


def made_in_source() -> Iterator[tuple[str, ast.Call, ast.AST]]:
    for path in sorted((CHECKOUT / "tools").rglob("*.py")):
        if path.name != "hint.py":
            calls = Calls()
            calls.visit(ast.parse(path.read_text()))
            for call, around in calls.found:
                yield f"{path.relative_to(CHECKOUT)}:{call.lineno}:{call.col_offset}", call, around


def values(node: ast.expr, before: str, around: ast.AST) -> list[list[str]]:
    """What an argument may become: each branch of a choice, a sample for what only a run knows."""
    if isinstance(node, ast.Starred):
        return values(node.value, before, around)
    if isinstance(node, ast.IfExp):
        return [value for choice in choices_of(node) for value in values(choice, before, around)]
    if isinstance(node, ast.Tuple):
        return spread(node.elts, around)
    if isinstance(node, ast.Constant):
        return [[str(node.value)]]
    if isinstance(node, ast.Name) and (assigned := assigned_in(node.id, around)) is not None:
        return values(assigned, before, around)
    if ast.unparse(node).endswith("WORDS"):
        return [[hint.WORDS]]
    return [[SAMPLES.get(before, SAMPLES["plan"] if "plan" in ast.unparse(node) else "codex-1")]]


def assigned_in(name: str, around: ast.AST) -> ast.expr | None:
    """The tuple, or the choice between two, that a local name stands for."""
    for node in ast.walk(around):
        is_own = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
        if is_own and (choices := choices_of(node.value)) and all(isinstance(part, ast.Tuple) for part in choices):
            return node.value
    return None


def choices_of(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def spread(nodes: list[ast.expr], around: ast.AST) -> list[list[str]]:
    preceding = ["", *(node.value if isinstance(node, ast.Constant) else "" for node in nodes)]
    parts = [values(node, before, around) for node, before in zip(nodes, preceding, strict=False)]
    return [list(itertools.chain.from_iterable(choice)) for choice in itertools.product(*parts)]


MADE = {place: made for place, *made in made_in_source()}


@pytest.mark.parametrize("place", MADE)
def test_every_hint_in_the_source_is_a_line_that_its_command_takes(place):
    call, around = MADE[place]
    make = getattr(hint, call.func.attr)
    for arguments in spread(call.args, around):
        line = shell.line(make(*arguments), shell.as_module)
        assert line, f"{place}: {arguments} would be left out"
        require_line(line)


HOSTILE = "x;touch PWN;#"


def test_arguments_are_quoted_and_words_of_ones_own_are_left_to_the_user():
    made = hint.git("add", "--", "a b", "it's", HOSTILE, hint.WORDS)
    assert shell.line(made, shell.as_module) == f"git add -- 'a b' 'it'\"'\"'s' '{HOSTILE}' \"…\""
    assert shell.line(hint.program("export", f"TEOF_BUS={hint.WORDS}"), shell.as_module) == 'export "TEOF_BUS=…"'


@pytest.mark.parametrize("option", ["--task", "--agent", "--target", "--engineer", "--to", "--plan", "--reply-to"])
def test_a_hint_with_an_id_that_is_none_is_left_out(option):
    made = hint.tool("agent.bus_message", option, HOSTILE)
    assert shell.line(made, shell.as_module) == "" and shell.words(made, shell.as_module) == []


def test_a_hint_that_a_terminal_would_not_show_as_it_is_is_left_out():
    assert shell.line(hint.git("add", "a\x1b[31m"), shell.as_module) == ""


def test_several_commands_are_one_line_and_the_words_of_one_shell():
    made = hint.git("init").then(hint.init("--agent", "codex-1"))
    line = "git init && python -m tools init --agent codex-1"
    assert shell.line(made, shell.as_module) == line
    assert shell.words(made, shell.as_module) == ["sh", "-c", line]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (["x", "--task", "t-1", "y"], "x y --task T-1"),
        (["x", "--task=t-1", "--json"], "x --json --task T-1"),
        (["x", "--task"], "x --task T-1"),
        (["x", "--task", "--json"], "x --json --task T-1"),
        (["x", "--", "--task", "t-1"], "x --task T-1 -- --task t-1"),
        (["x", "--task-name", "t-1"], "x --task-name t-1 --task T-1"),
    ],
)
def test_the_same_command_again_has_the_new_value_in_place_of_the_typed_one(typed, shown):
    assert shell.line(hint.again("--task", "T-1"), lambda module: typed) == shown


def test_a_flag_that_was_typed_takes_no_word_away():
    assert shell.line(hint.again("--force"), lambda module: ["x", "--force", "y"]) == "x --force y --force"


def test_the_same_command_again_has_more_arguments_before_the_end_of_options():
    made = hint.again("--force")
    assert (
        shell.line(made, lambda _: ("teof", "receipt_run", "--", "make", "a b"))
        == "teof receipt_run --force -- make 'a b'"
    )


# -- in a shell ----------------------------------------------------------------------------------------


@pytest.fixture
def refused(git_repo: Path) -> Callable[..., str]:
    """Runs a command that refuses in a real process; returns its hint as a line that this Python runs."""

    def call(*words: str, cwd: Path = git_repo, code: int) -> str:
        done = started(words, cwd)
        assert done.returncode == code, done.stderr
        (line,) = hints_in(done.stderr)
        return line.replace("python -m", f"{sys.executable} -m").replace(OWN_WORDS, "'until noon'")

    return call


def started(words: tuple[str, ...], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"tools.{words[0]}", *words[1:]]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def pasted(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], cwd=cwd, capture_output=True, text=True)


def claimed(cwd: Path, task: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((cwd / "_bus" / "claims" / f"{task}.json").read_text())
    return found


CLAIM = ("agent.bus_claim", "claim", "--task", "T", "--agent")


def test_a_held_tasks_hint_asks_its_holder(git_repo, refused):
    started((*CLAIM, "a"), git_repo)
    line = refused(*CLAIM, "b", code=4)
    assert pasted(f"{line} --agent b", git_repo).returncode == 0
    assert claimed(git_repo, "T")["agent_id"] == "a"


def test_the_hint_for_a_busy_seat_completes_nothing(git_repo, refused, seat):
    seat("a")
    (git_repo / "queue").mkdir()
    (git_repo / "queue" / "001-x.md").write_text("# Task: X\n")
    started(CLAIM[:-1], git_repo)
    line = refused("agent.idle_pickup", "next", code=3)
    assert pasted(line, git_repo).returncode == 0
    assert claimed(git_repo, "T")["status"] == "paused"
    assert started(("agent.idle_pickup", "next"), git_repo).returncode == 0


def test_the_wrong_seats_hint_acts_in_ones_own_worktree_and_takes_nobodys_seat(git_repo, refused, seat):
    seat("a")
    line = refused(*CLAIM, "b", code=3)
    made = pasted(line, git_repo)
    assert made.returncode == 0, made.stderr
    again = refused(*CLAIM, "b", code=3)
    assert pasted(again, git_repo).returncode == 0
    assert json.loads((git_repo / "AGENT_MANIFEST.json").read_text())["agent_id"] == "a"
    assert claimed(git_repo, "T")["agent_id"] == "b"


def test_a_branch_that_is_there_is_switched_to_and_one_that_is_not_is_made(git_repo, refused, seat):
    seat("a")
    git(git_repo, "switch", "-qc", "agent/b/work")
    boot = ("agent.session_boot", "--no-sync")
    assert pasted(refused(*boot, code=3), git_repo).returncode == 0
    git(git_repo, "switch", "-q", "agent/b/work")
    assert pasted(refused(*boot, code=3), git_repo).returncode == 0
    assert git(git_repo, "branch", "--show-current") == "agent/a/work"


def test_a_claim_that_came_with_a_hostile_holder_is_refused_without_a_hint(git_repo):
    started((*CLAIM, "a"), git_repo)
    path = git_repo / "_bus" / "claims" / "T.json"
    path.write_text(json.dumps({**claimed(git_repo, "T"), "agent_id": HOSTILE}))
    done = started((*CLAIM, "b"), git_repo)
    assert done.returncode == 4 and hints_in(done.stderr) == []
    for format_ in ("markdown", "json"):
        board = started(("agent.coord_dashboard", "report", "--format", format_, "--output", "-"), git_repo)
        for line in hints_in(board.stdout):
            pasted(line, git_repo)
    assert not (git_repo / "PWN").exists()


def test_a_kind_of_hint_is_its_command_without_values():
    one = pasting.kind_of(
        "python -m tools.agent.bus_claim release --task T-1 --status released && git -C /x push origin a"
    )
    assert one == "teof bus_claim release --status --task && git push origin"
    assert pasting.kind_of("teof bus_claim release --status paused --task T-2 && git push origin b") == one


@pytest.mark.parametrize(
    "line", ["git rev-prase HEAD", "python -m tools.agent.bus_clam list", "git log <base>", "teof bus_claim list --al"]
)
def test_a_hint_that_does_not_run_fails_the_test_that_met_it(git_repo, tmp_path, line):
    with pytest.raises(AssertionError, match=line):
        pasting.paste([pasting.Shown(line, git_repo)], tmp_path / "marks")
    pasting.paste([pasting.Shown(line, git_repo)], tmp_path / "marks")  # each kind once


def test_a_hint_that_completes_a_task_fails_the_test_that_met_it(git_repo, tmp_path, seat):
    seat("a")
    started(CLAIM[:-1], git_repo)
    line = "python -m tools.agent.bus_claim release --task T"
    with pytest.raises(AssertionError, match="completes a task"):
        pasting.paste([pasting.Shown(line, git_repo)], tmp_path / "marks")


REFUSALS = [
    (("agent.bus_event", "log", "--event", "note", "--summary", "s"), 7),
    (("agent.bus_claim", "release", "--task", "T", "--agent", "a"), 3),
    (("agent.bus_claim", "show", "--task", "T"), 2),
    (("agent.bus_claim", "claim", "--task", "BUS-COORD-1", "--agent", "a"), 4),
    (("agent.bus_claim", "claim", "--task", "../x", "--agent", "a"), 2),
    (("agent.bus_ping", "--skip-event", "--agent", "a"), 2),
    (("agent.bus_sync", "--push", "--agent", "a"), 7),
    (("agent.manifest_helper", "activate", "b"), 2),
    (("agent.manifest_helper", "restore"), 2),
    (("agent.manifest_helper", "session-restore", "s"), 2),
    (("agent.idle_pickup", "claim", "--task", "T", "--agent", "a"), 2),
    (("agent.doc_links", "check"), 7),
    (("agent.preflight", "--base", "nowhere"), 0),
    (("planner.cli", "show", "2026-01-31-x"), 2),
    (("planner.cli", "new", "Not A Slug", "--summary", "s", "--agent", "a"), 2),
    (("planner.cli", "new", "s", "--summary", "s", "--link", "queue:T", "--agent", "a"), 2),
    (("maintenance.plan_hygiene",), 2),
    (("agent.directive_pointer", "--task", "manager-report", "--summary", "s", "--agent", "a"), 2),
    (("agent.task_assign", "--task", "T", "--engineer", "b", "--manager", "c", "--agent", "a"), 3),
]
"""Commands that a new repository refuses."""


@pytest.mark.parametrize(
    ("words", "code"), REFUSALS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_the_hint_of_a_refusal_runs_in_a_shell(git_repo, words, code):
    done = started(words, git_repo)
    lines = hints_in(done.stderr)
    assert not code or (done.returncode == code and lines), done.stderr
    for line in lines:
        require_line(line)
        ran = pasted(line.replace("python -m", f"{sys.executable} -m"), git_repo)
        assert "command not found" not in ran.stderr and "syntax" not in ran.stderr, f"{line}: {ran.stderr}"
        assert ran.returncode not in (126, 127) and "Traceback" not in ran.stderr, f"{line}: {ran.stderr}"
