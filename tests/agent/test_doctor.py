"""doctor: every probe in one run, each with the command that mends it; nothing is changed."""

import json
import os
import sys

import pytest

from tests.conftest import git


@pytest.fixture
def doctor(run):
    """The probes by name and program."""

    def call(*arguments, code=None):
        document = run("agent.doctor", "--offline", "--json", *arguments, code=code).json
        return {(probe["name"], probe.get("cli", "")): probe for probe in document["probes"]}

    return call


def test_a_clone_that_is_not_set_up_passes_with_skips(fleet, doctor):
    probes = doctor(code=0)
    assert probes["seat", ""]["detail"] == "codex-1" and probes["setup", "codex"]["status"] == "skip"


@pytest.mark.parametrize("cli", ["codex", "claude", "gemini", "copilot", "qwen", "opencode"])
def test_the_command_line_in_the_config_refuses_and_passes(fleet, run, doctor, cli):
    run("agent.setup", cli, "--no-mcp")
    probes = doctor("--cli", cli)
    assert probes["hook", cli]["status"] in ("pass", "warn") and "fail" not in probes["hook", cli]["detail"]
    assert probes["setup", cli]["status"] == "pass"


def test_a_changed_timeout_is_drift_and_the_hook_works_all_the_same(fleet, run, doctor):
    run("agent.setup", "codex", "--no-mcp")
    config = fleet.main / ".codex/hooks.json"
    config.write_text(config.read_text().replace('"timeout": 5', '"timeout": 7'))
    probes = doctor(code=1)
    assert probes["setup", "codex"]["status"] == "fail" and "hooks.json" in probes["setup", "codex"]["detail"]
    assert probes["hook", "codex"]["status"] in ("pass", "warn")


@pytest.mark.parametrize("text", ["{}", "{broken", ""])
def test_a_config_without_the_hook_is_a_failure(fleet, run, doctor, text):
    run("agent.setup", "codex", "--no-mcp")
    (fleet.main / ".codex/hooks.json").write_text(text)
    assert doctor(code=1)["hook", "codex"]["detail"] == "no config names the hook"


def test_no_probe_changes_anything(fleet, run, doctor):
    run("agent.setup", "claude", "--no-mcp")
    run("agent.prime")
    doctor()
    before = {path: path.stat().st_mtime_ns for path in fleet.tree.rglob("*") if ".git" not in path.parts}
    doctor()
    assert {path: path.stat().st_mtime_ns for path in fleet.tree.rglob("*") if ".git" not in path.parts} == before


def test_a_launcher_that_is_gone_is_a_failure_that_fix_mends(fleet, run, doctor):
    run("agent.setup", "codex", "--no-mcp")
    (fleet.main / ".git/teof/hook").unlink()
    probes = doctor(code=1)
    assert probes["setup", "codex"]["status"] == "fail" and probes["hook", "codex"]["status"] == "fail"
    assert doctor("--fix")["setup", "codex"]["status"] == "pass"


def test_a_seats_worktree_without_the_folder_of_codex_is_a_failure(fleet, run, doctor):
    run("agent.setup", "codex", "--no-mcp")
    (fleet.tree / ".codex/config.toml").unlink()
    (fleet.tree / ".codex").rmdir()
    assert doctor(code=1)["layer", "codex"]["status"] == "fail"


def test_a_folder_that_a_sandbox_is_given_must_exist(fleet, run, doctor):
    run("agent.setup", "claude", "--no-mcp")
    (fleet.main / "_report/session").rmdir()
    probes = doctor(code=1)
    assert probes["roots", "claude"]["status"] == "fail" and probes["session.writable", ""]["status"] == "fail"


def test_two_worktrees_with_one_seat_are_a_failure(fleet, doctor):
    place = fleet.main / "AGENT_MANIFEST.json"
    place.write_text((fleet.tree / "AGENT_MANIFEST.json").read_text())
    assert "sits in" in doctor(code=1)["seat", ""]["detail"]


def test_a_detached_head_and_another_seats_branch_are_warnings(fleet, doctor):
    git(fleet.tree, "switch", "-q", "-c", "elsewhere")
    assert doctor(code=0)["worktree", ""]["status"] == "warn"
    git(fleet.tree, "switch", "-q", "--detach")
    assert "detached" in doctor(code=0)["worktree", ""]["detail"]


def test_a_block_that_is_gone_is_told(fleet, run):
    run("agent.setup", "claude", "--no-mcp")
    (fleet.tree / "AGENTS.md").write_text("# Other\n")
    probes = run("agent.doctor", "--offline", "--json", code=1).json["probes"]
    assert "fail" in [probe["status"] for probe in probes if probe["name"] == "instructions"]


def test_a_lock_that_is_held_names_its_holder(fleet, run, doctor):
    import fcntl

    folder = os.open(fleet.main / "_bus", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        assert doctor(code=1)["lock", ""]["status"] == "fail"
    finally:
        os.close(folder)


def test_failures_of_the_hook_since_yesterday_are_counted(fleet, doctor):
    import time

    cache = fleet.main / "_bus/.cache"
    cache.mkdir(exist_ok=True)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    (cache / "hook.log").write_text(f"2020-01-01T00:00:00Z claude Stop OSError\n{stamp} claude Stop KeyError\n")
    assert "1 failure in a day" in doctor()["hook.log", ""]["detail"]


def test_outside_git_and_without_a_bus_it_fails_and_says_how_to_begin(run, tmp_path, git_repo):
    probes = run("agent.doctor", "--json", code=1).json["probes"]
    assert [probe["fix"] for probe in probes if probe["status"] == "fail"] == ['python -m tools init --agent "…"']


def test_the_mcp_server_is_started_as_programs_start_it(fleet, run, doctor):
    pytest.importorskip("mcp")
    run("agent.setup", "gemini")
    probe = doctor("--cli", "gemini")["mcp", "gemini"]
    assert probe["status"] in ("pass", "warn") and ("8 tools" in probe["detail"] or "takes" in probe["detail"])


CODEX = """#!{python}
import json, sys
hooks = json.load(open({hooks!r}))
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    print(json.dumps({{"method": "remoteControl/status/changed", "params": {{}}}}), flush=True)
    client = asked["params"].get("clientInfo", {{}})
    if not all(isinstance(word, str) for word in client.values()):
        print(json.dumps({{"id": asked["id"], "error": {{"code": -32600, "message": "invalid type"}}}}), flush=True)
        continue
    data = [{{"cwd": cwd, "hooks": hooks, "warnings": [], "errors": []}} for cwd in asked["params"].get("cwds", [])]
    print(json.dumps({{"id": asked["id"], "result": {{"data": data}}}}), flush=True)
"""
"""What Codex 0.171 answers, with notifications in between as it sends them."""


@pytest.fixture
def codex(fleet, run, tmp_path, monkeypatch):
    """A program that lists the hooks of setup with some states of trust, as Codex does."""
    run("agent.setup", "codex", "--no-mcp")
    groups = json.loads((fleet.main / ".codex/hooks.json").read_text())["hooks"]
    commands = [hook["command"] for rows in groups.values() for row in rows for hook in row["hooks"]]
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)

    def lists(*states):
        listed = [{"command": line, "enabled": True, "trustStatus": state} for line, state in zip(commands, states)]  # noqa: B905
        (tmp_path / "hooks.json").write_text(json.dumps(listed))
        program = programs / "codex"
        program.write_text(CODEX.format(python=sys.executable, hooks=str(tmp_path / "hooks.json")))
        program.chmod(0o755)

    return lists


@pytest.mark.parametrize(
    ("states", "status", "words"),
    [
        (["trusted", "trusted"], "pass", "2 hooks are approved"),
        (["trusted", "untrusted"], "fail", "1 of 2 hooks are not approved: untrusted"),
        (["modified", "untrusted"], "fail", "2 of 2 hooks are not approved: modified, untrusted"),
        ([], "warn", "the folder is not trusted"),
    ],
)
def test_codex_itself_says_which_hooks_it_trusts(fleet, doctor, codex, states, status, words):
    codex(*states)
    probe = doctor("--cli", "codex")["trust", "codex"]
    assert (probe["status"], probe["detail"]) == (status, words)
