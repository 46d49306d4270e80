"""The hook program as its launcher starts it: never in the way by accident."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import fleet as fleets
from tests.conftest import CHECKOUT
from tools.core.integrations.vendors import registry

PROGRAM = str(CHECKOUT / "tools" / "agent" / "hook.py")
FORBIDDEN = (
    "click",
    "pydantic",
    "rich",
    "sqlite3",
    "subprocess",
    "tomlkit",
    "mcp",
    "json",
    "re",
    "typing",
    "dataclasses",
)


def started(*arguments, data=b"", folder="/", **environment):
    command = [sys.executable, "-I", "-S", PROGRAM, *arguments]
    return subprocess.run(command, input=data, cwd=folder, env=environment, capture_output=True, timeout=30)


@pytest.fixture
def fleet(git_repo):
    made = fleets.make(git_repo)
    made.claim("T-1", "manager-1", fleets.HELD)
    return made


def fields(value):
    """The names of an answer's fields, inner ones too."""
    return set(value) | {name for part in value.values() if isinstance(part, dict) for name in fields(part)}


PUBLISHED = {"hookSpecificOutput", "hookEventName", "permissionDecision", "permissionDecisionReason", "additionalContext",
             "decision", "reason"}  # fmt: skip


def test_every_recorded_payload_ends_with_0_in_silence_or_one_object(fleet):
    answers = []
    for cli, event, payload in fleets.payloads(fleet.tree):
        done = started(cli, event, data=json.dumps(payload).encode())
        assert (done.returncode, done.stderr) == (0, b""), (cli, event)
        answer = json.loads(done.stdout) if done.stdout else {}
        assert fields(answer) <= PUBLISHED and done.stdout.count(b"\n") <= 1
        answers.append((cli, answer.get("hookSpecificOutput", answer)))
    for cli in ("codex", "claude", "gemini", "copilot", "qwen"):
        own = [answer for name, answer in answers if name == cli]
        assert any("T-1" in json.dumps(answer) and "deny" in answer.values() for answer in own), cli


def test_by_its_name_as_a_command_it_answers_as_the_launcher_does(fleet, spawn):
    answers = []
    for cli, event, payload in fleets.payloads(fleet.tree):
        if event == "PreToolUse":
            data = json.dumps(payload)
            done = spawn("-m", "tools", "hook", cli, event, cwd=fleet.tree, input=data)
            assert done.stdout == started(cli, event, data=data.encode()).stdout.decode() and done.returncode == 0
            answers.append(done.stdout)
    assert any("deny" in answer for answer in answers)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"cwd": 7}', b'{"cwd": "\\u0000"}']
)
def test_what_is_no_payload_is_silence(fleet, data):
    done = started("claude", "PreToolUse", data=data, folder=fleet.tree)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    "arguments", [(), ("nobody",), ("claude",), ("claude", "NoSuchEvent"), ("codex", "PreToolUse", "--guard")]
)
def test_unknown_programs_and_events_are_silence(fleet, arguments):
    done = started(*arguments, data=json.dumps({"cwd": str(fleet.tree)}).encode())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_more_than_four_mebibytes_are_silence(fleet):
    payload = {
        "cwd": str(fleet.tree),
        "tool_name": "Edit",
        "tool_input": {"file_path": fleets.HELD},
        "x": "y" * (5 << 20),
    }
    assert started("claude", "PreToolUse", data=json.dumps(payload).encode()).stdout == b""


def test_without_a_bus_nothing_is_read_written_or_said(tmp_path):
    payload = {"cwd": str(tmp_path), "source": "startup"}
    before = sorted(tmp_path.rglob("*"))
    assert started("claude", "SessionStart", data=json.dumps(payload).encode()).stdout == b""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("cli", registry.NAMES)
def test_an_event_loads_nothing_that_costs_a_start(fleet, cli):
    event, payload = next((event, payload) for name, event, payload in fleets.payloads(fleet.tree) if name == cli) if (
        cli != "opencode") else ("PostToolUse", {"cwd": str(fleet.tree)})  # fmt: skip
    (fleet.tree / "queue" / "001-a.md").write_text("# Task: A\nDepends: T-1\n")
    script = (
        "import sys, os; sys.path.append(sys.argv[1]); sys.argv = sys.argv[1:]\n"
        "from tools.core.cli import hook_program\n"
        "hook_program.run(sys.argv[1:], {}, '/')\n"
        "os.write(2, ' '.join(sys.modules).encode())"
    )
    command = [sys.executable, "-I", "-S", "-c", script, str(CHECKOUT), cli, event]
    done = subprocess.run(command, input=json.dumps(payload).encode(), capture_output=True, timeout=30)
    loaded = set(done.stderr.decode().split())
    assert "tools.core.integrations.hooks.answer" in loaded and not loaded & set(FORBIDDEN)


def test_a_failure_is_one_line_in_the_log_and_never_an_exit(fleet, ordinary_user):
    (fleet.main / "_bus/.cache").mkdir(exist_ok=True)
    payload = {"cwd": str(fleet.tree), "source": "startup", "secret": "s3cret"}
    done = started("claude", "SessionStart", data=json.dumps(payload).encode(), CLAUDE_ENV_FILE=str(fleet.tree))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    line = (fleet.main / "_bus/.cache/hook.log").read_text()
    assert line.endswith("claude SessionStart IsADirectoryError\n") and "s3cret" not in line


def test_a_payload_that_never_ends_is_given_up_after_a_second(fleet):
    reading, writing = os.pipe()
    process = subprocess.Popen([sys.executable, "-I", "-S", PROGRAM, "claude", "Stop"], stdin=reading)
    try:
        assert process.wait(timeout=30) == 0
    finally:
        os.close(writing)
        os.close(reading)


def test_a_full_or_closed_stdout_is_no_failure(fleet):
    payload = json.dumps(
        {"cwd": str(fleet.tree), "tool_name": "Edit", "tool_input": {"file_path": fleets.HELD}}
    ).encode()
    for target in ("> /dev/full", ">&-"):
        line = f"'{sys.executable}' -I -S '{PROGRAM}' claude PreToolUse {target}"
        done = fleets.sh(line, fleet.tree, payload)
        assert (done.returncode, done.stderr) == (0, b"")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)
names = st.sampled_from(
    ["cwd", "tool_name", "tool_input", "tool_calls", "session_id", "source", "stop_hook_active", "agent_id"]
)
events = st.sampled_from(
    ["SessionStart", "PreToolUse", "PostToolUse", "PostToolBatch", "Stop", "BeforeTool", "AfterAgent"]
)


@settings(max_examples=25)
@given(st.sampled_from(registry.NAMES), events, st.dictionaries(names, values))
def test_any_payload_of_any_depth_is_answered_in_process(fleet, cli, event, payload):
    from tools.core.integrations.hooks.answer import Process, answer

    payload.setdefault("cwd", str(fleet.tree))
    said = answer(registry.vendor_of(cli), event, payload, Process(str(fleet.tree), {}, 10**18)).said
    assert said is None or fields(said) <= PUBLISHED
