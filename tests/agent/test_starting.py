"""Every command starts in each of its forms, from anywhere, and beside a `tools/` folder of the repository's own."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent.parent.parent / "tools"
COMMANDS = sorted(path for path in TOOLS.glob("*/*.py") if path.parent.name != "core" and path.stem != "__init__")


def sentence_of(path):
    return path.read_text().split('"""')[1].split(".")[0].split(":")[0].split()[:3]


FOR_PROGRAMS = {"hook"}
"""What only agents' programs start: it has no help, because anything it prints is taken for an answer."""


@pytest.mark.parametrize(
    "path", [path for path in COMMANDS if path.stem not in FOR_PROGRAMS], ids=lambda path: path.stem
)
def test_a_command_runs_as_a_module_and_by_its_path(path, git_repo, spawn):
    module = ".".join(path.relative_to(TOOLS.parent).with_suffix("").parts)
    as_module = spawn("-m", module, "--help", cwd=git_repo)
    by_path = subprocess.run(
        [sys.executable, str(path), "--help"], cwd=git_repo, capture_output=True, text=True, env=without_path()
    )
    assert as_module.returncode == by_path.returncode == 0, as_module.stderr + by_path.stderr
    assert as_module.stdout.startswith(f"Usage: python -m {module}") and by_path.stdout.startswith(f"Usage: {path}")
    assert all(word in as_module.stdout for word in sentence_of(path))


OPTIMISED = [
    ["tools.agent.bus_ping"],
    ["tools.agent.bus_claim"],
    ["tools.agent.bus_claim", "claim"],
    ["tools.planner.cli", "step", "set"],
    ["tools", "init"],
]


@pytest.mark.parametrize("words", OPTIMISED, ids=" ".join)
def test_help_is_the_same_in_a_python_that_drops_docstrings(words, spawn, tmp_path):
    plain, optimised = (spawn(*options, "-m", *words, "--help", cwd=tmp_path) for options in ([], ["-OO"]))
    assert optimised.stdout == plain.stdout and plain.stdout.startswith(f"Usage: python -m {words[0]}")


def without_path():
    """The environment of somebody who never set PYTHONPATH."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def test_one_day_of_commands_started_by_path_from_a_folder_below(git_repo, checkout):
    (git_repo / "deep").mkdir()

    def start(name, *arguments):
        command = [sys.executable, str(checkout / "tools" / "agent" / f"{name}.py"), *arguments]
        done = subprocess.run(command, cwd=git_repo / "deep", capture_output=True, text=True, env=without_path())
        assert done.returncode == 0, done.stderr
        return done.stdout

    start("bus_claim", "claim", "--task", "QUEUE-1", "--agent", "codex-1")
    start("bus_event", "log", "--event", "status", "--task", "QUEUE-1", "--agent", "codex-1")
    assert "QUEUE-1" in start("bus_status") and "status" in start("bus_watch")
    assert (git_repo / "_bus" / "claims" / "QUEUE-1.json").exists() and not (git_repo / "deep" / "_bus").exists()


@pytest.fixture
def teof(tmp_path, checkout):
    """A console script as an installer writes it, in a folder of its own."""
    script = tmp_path / "bin" / "teof"
    script.parent.mkdir()
    site = f"import sys; sys.path.append({str(checkout)!r})"
    script.write_text(
        f"#!{sys.executable}\n{site}\nfrom teof import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)

    def start(*arguments, cwd):
        return subprocess.run([str(script), *arguments], cwd=cwd, capture_output=True, text=True, env=without_path())

    return start


@pytest.fixture
def crowded(git_repo):
    """A repository that has packages of its own under the names of ours."""
    for name in ("tools", "tools/agent", "tools/core"):
        (git_repo / name).mkdir()
        (git_repo / name / "__init__.py").write_text("raise RuntimeError('the wrong tools')\n")
    return git_repo


def test_a_repository_with_a_tools_folder_of_its_own_uses_teof(crowded, teof):
    for arguments in (["bus_event", "log", "--event", "note", "--agent", "codex-1"], ["bus_watch"], ["bus_status"], []):
        done = teof(*arguments, cwd=crowded)
        assert done.returncode == 0 and done.stdout, done.stderr


def test_python_with_a_safe_path_uses_the_installed_tools_there_too(crowded, checkout, spawn):
    done = spawn("-P", "-m", "tools.agent.bus_status", cwd=crowded)
    assert done.returncode == 0 and "claims:" in done.stdout, done.stderr


def test_a_command_by_path_finds_its_own_tools_there_too(crowded, checkout):
    done = subprocess.run(
        [sys.executable, str(checkout / "tools/agent/bus_status.py")],
        cwd=crowded,
        capture_output=True,
        text=True,
        env=without_path(),
    )
    assert done.returncode == 0, done.stderr


def test_teof_says_what_it_does_not_know_and_hints_in_its_own_form(git_repo, teof):
    done = teof("nothing", cwd=git_repo)
    assert done.returncode == 2 and done.stderr.endswith("hint: teof\n")
    done = teof("bus_event", "log", "--event", "note", cwd=git_repo)
    assert done.returncode == 7 and "hint: teof session_boot" in done.stderr
    assert teof("bus_watch", "--help", cwd=git_repo).stdout.startswith("Usage: teof bus_watch")


def test_git_variables_of_a_hook_do_not_lead_elsewhere(git_repo, tmp_path, spawn):
    elsewhere = {
        **os.environ,
        "GIT_DIR": str(tmp_path / "other.git"),
        "GIT_WORK_TREE": str(tmp_path),
        "GIT_INDEX_FILE": "x",
    }
    done = spawn("-m", "tools.agent.bus_event", "log", "--event", "note", "--agent", "a", cwd=git_repo, env=elsewhere)
    assert done.returncode == 0 and (git_repo / "_bus" / "events" / "events.jsonl").exists()


PLAYBOOK = [
    [
        "bus_message",
        "--task",
        "manager-report",
        "--type",
        "status",
        "--summary",
        "codex-1 online; focus=engineer",
        "--meta",
        "agent=codex-1",
    ],
    ["bus_watch", "--task", "manager-report", "--follow", "--limit", "20", "--timeout", "1s"],
    ["bus_claim", "claim", "--task", "QUEUE-001", "--plan", "2026-01-31-x"],
    [
        "bus_event",
        "log",
        "--event",
        "status",
        "--task",
        "QUEUE-001",
        "--summary",
        "codex-1 working",
        "--plan",
        "2026-01-31-x",
    ],
    ["bus_ping", "--task", "QUEUE-001", "--message-task", "QUEUE-001", "--summary", "working"],
    ["bus_message", "--task", "QUEUE-001", "--type", "status", "--summary", "update", "--receipt", "_report/x.json"],
]


def test_every_line_of_the_hubs_quick_commands_works_as_written_in_a_fresh_repository(git_repo, seat, spawn):
    seat("codex-1")
    for name, *arguments in PLAYBOOK:
        done = spawn("-m", f"tools.agent.{name}", *arguments, cwd=git_repo)
        assert done.returncode == 0, done.stderr
