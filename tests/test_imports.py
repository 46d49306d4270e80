"""The import budget: what a command must not have loaded, by name, in a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent.parent / "tools"
COMMANDS = sorted(
    f"tools.{path.parent.name}.{path.stem}"
    for path in TOOLS.glob("*/*.py")
    if path.parent.name != "core" and path.stem != "__init__"
)
HEAVY = {
    "pydantic",
    "pydantic_core",
    "jsonschema",
    "referencing",
    "rich",
    "filelock",
    "jinja2",
    "markupsafe",
    "starlette",
    "uvicorn",
    "textual",
    "asyncio",
    "multiprocessing",
    "http",
    "html",
    "urllib.request",
    "http.client",
    "tomlkit",
    "mcp",
    "mcp_types",
    "anyio",
    "psycopg2",
}
IN_PASSING = HEAVY | {
    "sqlite3",
    "subprocess",
    "tempfile",
    "unittest",
    "importlib.metadata",
    "email",
    "csv",
    "concurrent.futures",
}
"""What the commands that run hundreds of times a day do without, where they can."""

LOADED = """
import os, sys
sys.argv = ["x", *sys.argv[2:]]
from tools.core.cli import app as cli
out = sys.stdout
sys.stdout = open(os.devnull, "w")
__import__(MODULE)
code = cli.call(sys.modules[MODULE].main, sys.argv[1:])
print(code, *sys.modules, file=out)
"""


def loaded(module, *arguments, cwd):
    """The exit code and the modules of a command that ran in an interpreter of its own."""
    script = LOADED.replace("MODULE", repr(module))
    done = subprocess.run(
        [sys.executable, "-c", script, "x", *arguments], cwd=cwd, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    code, *modules = done.stdout.split()
    return int(code), set(modules)


CHECKERS = ("tools.agent.preflight", "tools.maintenance.bus_check", "tools.maintenance.generate_docs")
"""Commands whose whole work is strict validation."""


@pytest.mark.parametrize("module", COMMANDS)
def test_help_of_no_command_loads_a_heavy_package_or_sqlite(module, tmp_path):
    code, modules = loaded(module, "--help", cwd=tmp_path)
    assert code == 0 and not modules & HEAVY
    assert "tools.core.models.validate" not in modules or module in CHECKERS
    assert not [
        name
        for name in modules
        if name.startswith("tools.") and name.split(".")[1] != "core" and name != module and name.count(".") == 2
    ]


SLOW = {
    "typing",
    "contextlib",
    "functools",
    "dataclasses",
    "inspect",
    "re",
    "json",
    "datetime",
    "enum",
    "uuid",
    "threading",
    "gettext",
    "platform",
    "collections",
    "signal",
    "click",
    "ast",
    "shlex",
}
"""Modules written in Python that cost a tenth of starting Python each, or more: what runs all day does without them."""

INDEX = {"_sqlite3"}
"""What a command loads that asks the index."""

HOT = [
    (
        "tools.agent.bus_event",
        ["log", "--event", "status", "--task", "T", "--summary", "s", "--agent", "codex-1"],
        set(),
    ),
    ("tools.agent.bus_message", ["--task", "T", "--type", "status", "--summary", "s", "--agent", "codex-1"], set()),
    ("tools.agent.bus_ping", ["--task", "T", "--message-task", "T", "--agent", "codex-1"], set()),
    ("tools.agent.bus_claim", ["claim", "--task", "U", "--agent", "codex-1"], set()),
    ("tools.agent.bus_watch", ["--limit", "20"], set()),
    ("tools.agent.bus_watch", ["--task", "T", "--limit", "20"], INDEX),
    ("tools.agent.bus_status", [], INDEX),
    ("tools.agent.bus_inbox", ["--agent", "codex-1"], INDEX),
]


@pytest.mark.parametrize(
    ("module", "arguments", "needs"),
    HOT,
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value)[:40],
)
def test_a_command_that_runs_all_day_loads_only_what_it_needs(git_repo, run, module, arguments, needs):
    run("agent.bus_claim", "claim", "--task", "T", "--agent", "codex-1")
    code, modules = loaded(module, *arguments, cwd=git_repo)
    assert (code, sorted(modules & (IN_PASSING | SLOW | INDEX) - needs)) == (0, [])


def test_taking_the_best_task_of_a_backlog_with_plans_loads_only_what_it_needs(git_repo, run, seat):
    seat("codex-1")
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-task.md").write_text("# Task: Do it\nStatus: open\n")
    run("planner.cli", "new", "do-it", "--summary", "Do it")
    code, modules = loaded("tools.agent.idle_pickup", "next", cwd=git_repo)
    assert (code, sorted(modules & (IN_PASSING | SLOW | INDEX))) == (0, [])


def test_a_claim_beside_a_backlog_compares_no_words_that_are_unlike(git_repo):
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-task.md").write_text("# Task: Do it\nStatus: open\n")
    code, modules = loaded("tools.agent.bus_claim", "claim", "--task", "U", "--agent", "codex-1", cwd=git_repo)
    assert (code, sorted(modules & (IN_PASSING | SLOW | INDEX | {"difflib"}))) == (0, [])


@pytest.mark.parametrize("event", ["PreToolUse", "PostToolBatch"])
def test_a_hook_that_tells_mail_loads_only_what_it_needs(git_repo, run, seat, event):
    seat("a-2")
    run("agent.bus_message", "--task", "T", "--type", "request", "--target", "codex-1", "--summary", "s")
    seat("codex-1")
    call = {"hook_event_name": event, "tool_name": "Edit", "tool_input": {"file_path": str(git_repo / "a.py")}}
    hook = [sys.executable, "-I", "-S", "-X", "importtime", str(TOOLS / "agent/hook.py"), "claude", event]
    done = subprocess.run(
        hook, cwd=git_repo, input=json.dumps({**call, "cwd": str(git_repo)}), capture_output=True, text=True
    )
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert ("a-2" in done.stdout) == (event == "PostToolBatch") and "tools.core.integrations.hooks.mail" in modules
    assert sorted(modules & (IN_PASSING | SLOW | INDEX)) == []


PAGES = {"jinja2", "markupsafe", "starlette", "uvicorn", "textual", "asyncio", "http", "html"}
"""What only a page, a server or a full screen needs."""


COMPLAINING = {"tools.agent.doctor": {0, 1}, "tools.agent.session_brief": {0, 1}}
"""Commands that have something to say against an empty repository."""


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("tools.agent.coord_dashboard", ["report", "--output", "-"]),
        ("tools.agent.coord_dashboard", ["report", "--output", "-", "--format", "json"]),
        ("tools.agent.coord_dashboard", ["report", "--output", "-", "--format", "github"]),
        ("tools.agent.coord_dashboard", ["report", "--output", "-", "--compact"]),
        ("tools.agent.digest", []),
        ("tools.agent.manager_report", ["--agent", "codex-1"]),
        ("tools.agent.session_boot", ["--agent", "codex-1", "--no-sync"]),
        ("tools.agent.session_brief", ["--task", "T"]),
        ("tools.agent.bus_heartbeat", ["--dry-run", "--agent", "codex-1"]),
        ("tools.agent.bus_search", ["word"]),
        ("tools.agent.bus_status", ["--preset", "manager"]),
        ("tools.agent.idle_pickup", ["list"]),
        ("tools.agent.receipts_index", []),
        ("tools.agent.receipts_metrics", []),
        ("tools.agent.task_export", ["csv"]),
        ("tools.agent.doctor", []),
        ("tools.consensus.dashboard", []),
        ("tools.consensus.ledger", []),
        ("tools.planner.cli", ["list"]),
        ("tools.planner.validate", []),
        ("tools.maintenance.bus_check", []),
        ("tools.maintenance.bus_repair", []),
        ("tools.maintenance.plan_hygiene", ["--check"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_what_shows_no_page_loads_nothing_of_one(git_repo, module, arguments):
    code, modules = loaded(module, *arguments, cwd=git_repo)
    assert code in COMPLAINING.get(module, {0}) and not modules & PAGES


def test_the_page_is_what_loads_the_templates(git_repo):
    code, modules = loaded("tools.agent.coord_dashboard", "report", "--format", "html", "--output", "-", cwd=git_repo)
    assert code == 0 and "jinja2" in modules and not modules & {"starlette", "uvicorn", "textual", "asyncio"}


def test_the_index_of_commands_imports_none_of_them(tmp_path):
    script = "import atexit, sys; sys.argv = ['tools']; from tools.__main__ import main\n"
    script += "atexit.register(lambda: print(*sys.modules))\nmain()"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert (
        "bus_claim" in done.stdout and "tools.__main__" in done.stdout and not set(COMMANDS) & set(done.stdout.split())
    ), done.stderr


def test_a_claim_of_a_free_task_loads_neither_a_log_to_show_nor_an_index(git_repo):
    code, modules = loaded("tools.agent.bus_claim", "claim", "--task", "U", "--agent", "codex-1", cwd=git_repo)
    shown = {
        f"tools.core.{name}"
        for name in ("bus.feed", "bus.presence", "store.files.history", "store.files.index.database")
    }
    assert code == 0 and not modules & shown
