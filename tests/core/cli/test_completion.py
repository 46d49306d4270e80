"""What a shell offers behind an unfinished line, asked of real shells where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tools.core.cli import completion

IDS = {"TASK": ["QUEUE-001", "QUEUE-002"], "AGENT": ["codex-1"], "PLAN": []}


def offered(*words: str) -> list[str]:
    return completion.candidates(words, lambda kind: IDS.get(kind, []))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["bus_cl"], ["bus_claim"]),
        (["bus_ch"], ["bus_check"]),
        (["bus_claim", "re"], ["release"]),
        (["bus_claim", "claim", "--st"], ["--stale-after", "--status"]),
        (["bus_claim", "release", "--status", ""], ["done", "released"]),
        (["bus_claim", "claim", "--task", "QUEUE-002", "--tas"], []),
        (["bus_claim", "claim", "--task", ""], ["QUEUE-001", "QUEUE-002"]),
        (["bus_message", "--task", "T", "--target", "c"], ["codex-1"]),
        (["bus_watch", "--task", "QUEUE-001", "--ta"], ["--task"]),
        (["init", "--ro"], ["--role", "--root"]),
        (["no_such_command", ""], []),
    ],
)
def test_what_may_stand_next_is_offered(words, names):
    assert set(names) <= set(offered(*words)) and (names or not offered(*words))


def test_nothing_typed_offers_every_command():
    assert {"init", "bus_claim", "maintenance.bus_check"} <= set(offered())


def test_live_tasks_and_agents_are_offered(run, git_repo, seat):
    seat("codex-1")
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-parser.md").write_text("# Task: Parse the header\nStatus: open\n")
    run("agent.bus_claim", "claim", "--task", "OTHER-7")
    (git_repo / "AGENT_MANIFEST.codex-9.json").write_text('{"agent_id": "codex-9"}')
    cases = [("bus_claim claim --task", "QUEUE-001"), ("bus_claim show --task", "OTHER-7")]
    for words, name in (*cases, ("bus_watch --agent", "codex-1"), ("bus_watch --agent", "codex-9")):
        assert name in run("maintenance.completion", "bash", "--words", "--", *words.split(), "").out.splitlines()


def test_without_a_repository_no_id_is_offered_and_nothing_is_said(spawn, tmp_path):
    words = ("bash", "--words", "--", "bus_claim", "claim", "--task", "")
    done = spawn("-m", "tools.maintenance.completion", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


ASK = {
    "bash": 'eval "$(teof maintenance.completion bash)"; COMP_WORDS=(teof bus_claim rel); COMP_CWORD=2; _teof; echo "${COMPREPLY[*]}"',
    "zsh": 'compdef() {{ :; }}; compadd() {{ shift; echo "$*"; }}; eval "$(teof maintenance.completion zsh)";'
    " words=(teof bus_claim rel); CURRENT=3; _teof".replace("{{", "{").replace("}}", "}"),
    "fish": 'teof maintenance.completion fish | source; complete -C "teof bus_claim rel"',
}


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_a_real_shell_offers_what_is_asked_for(shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(tmp_path)}
    done = subprocess.run([shell, "-c", ASK[shell]], capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout.split() == ["release"], done.stderr
