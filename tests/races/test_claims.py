"""Real processes in several worktrees ask for one task at once: one winner each round, the others are told who."""

import subprocess
import sys

import pytest

CLAIM = """
import sys
from tools.core.cli import app as cli
from tools.agent import bus_claim
print("ready", flush=True)
sys.stdin.readline()
sys.exit(cli.call(bus_claim.main, ["claim", "--task", sys.argv[1], "--agent", sys.argv[2], "--json"]))
"""
WORKTREES, PROCESSES = 3, 24


@pytest.fixture
def worktrees(git_repo, tmp_path):
    found = [git_repo]
    for number in range(1, WORKTREES):
        folder = tmp_path / f"tree-{number}"
        subprocess.run(["git", "worktree", "add", "-q", str(folder)], cwd=git_repo, check=True)
        found.append(folder)
    return found


def race(worktrees, task):
    """All processes are started and warm before the first is let go; returns (agent, exit code, out, err) of each."""
    started = []
    for number in range(PROCESSES):
        agent = f"codex-{number}"
        command = [sys.executable, "-c", CLAIM, task, agent]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        started.append((agent, subprocess.Popen(command, cwd=worktrees[number % len(worktrees)], text=True, **pipes)))
    assert all(process.stdout.readline() == "ready\n" for _, process in started)
    for _, process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [(agent, *_ended(process)) for agent, process in started]


def _ended(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def play(worktrees, run, rounds):
    for number in range(rounds):
        task = f"QUEUE-{number:03}"
        ended = race(worktrees, task)
        winners = [agent for agent, code, _, _ in ended if code == 0]
        assert len(winners) == 1, ended
        lost = [(code, err) for _, code, _, err in ended if code != 0]
        assert all(code == 4 and f"held by {winners[0]}" in err for code, err in lost), lost
        held = run("agent.bus_claim", "show", "--task", task, "--json").json
        assert held["claim"]["agent_id"] == winners[0] and held["claim"]["fence"] == 1
        assert [event["agent_id"] for event in held["history"]] == winners


@pytest.mark.promise(1)
def test_one_of_24_processes_in_3_worktrees_wins_each_round(worktrees, run):
    play(worktrees, run, 5)


@pytest.mark.soak
def test_one_of_24_processes_in_3_worktrees_wins_each_of_50_rounds(worktrees, run):
    play(worktrees, run, 50)
