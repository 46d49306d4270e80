#!/usr/bin/env python3
"""What a message and a claim cost beside other tools for agents on one machine, each as its own command.

    python benchmarks/peers.py [--repeat 25]

Each tool is installed from PyPI into an environment in `build/`, this one from a wheel; what does not install is left
out with its reason. Each command and a bare `python -c pass` of the same environment take turns, in a repository of the
tool's own; minima of the CPU time of these two are compared. Tools promise different things: the last column says what a record of
theirs survives, as their code has it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

import hot

WHO = {f"GIT_{who}_{what}": "bench@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
BUILD = hot.CHECKOUT / "build" / "peers"


class Peer(NamedTuple):
    """A tool by its package; `N` in a command is a number that no call before had."""

    package: str
    prepare: Sequence[Sequence[str]]
    commands: Sequence[Sequence[str]]
    keeps: str


OURS = Peer(
    "teof",
    [],
    [
        ["teof", *hot.EVENT],
        ["teof", *hot.MESSAGE],
        ["teof", "bus_claim", "claim", "--task", "T-N"],
    ],
    "a log in the repository, flushed before the answer",
)
PEERS = [
    Peer(
        "agent-collab-kit",
        [["agent-collab", "--db", "c.db", "init"]],
        [
            ["agent-collab", "--db", "c.db", "send", "--sender", "a", "--recipient", "b", "--body", "x", "--key", "N"],
            ["agent-collab", "--db", "c.db", "claim", "--resource", "T-N", "--owner", "a", "--ttl", "600"],
        ],
        "SQLite",
    ),
    Peer(
        "agent-lease-mcp",
        [],
        [["agent-lease", "say", "x"], ["agent-lease", "claim", "lib/N.py"]],
        "SQLite in the home folder",
    ),
    Peer("microbeads", [["mb", "init"]], [["mb", "create", "task N"]], "JSON files on a branch, without a flush"),
]


def environment(package: str) -> Path:
    """The folder of programs of an environment with a package; RuntimeError where it cannot be installed."""
    folder = BUILD / package
    if not (folder / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    done = subprocess.run(
        [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "-q", "install", package],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise RuntimeError(lines[-1] if lines else f"exit {done.returncode}")
    return folder / "bin"


def cpu_of(line: Sequence[str], root: Path) -> float:
    """CPU seconds of one child process, which works in the repository as its home; RuntimeError when it fails."""
    return hot.cpu_of(root, line, **WHO, HOME=str(root))


def measure(peer: Peer, programs: Path, root: Path, repeat: int) -> list[float]:
    """What each command of a tool costs, as a multiple of a bare start of its Python."""
    hot.make_repository(root)
    cpu_of(["git", "commit", "-q", "--allow-empty", "-m", "begin"], root)
    for words in peer.prepare:
        cpu_of([str(programs / words[0]), *words[1:]], root)
    bare: list[list[float]] = [[] for _ in peer.commands]
    costs: list[list[float]] = [[] for _ in peer.commands]
    for turn in range(repeat + 1):  # the first turn writes byte code and is not counted
        for at, words in enumerate(peer.commands):
            start = cpu_of([str(programs / "python"), "-c", "pass"], root)
            numbered = [word.replace("N", str(turn)) for word in words[1:]]
            cost = cpu_of([str(programs / words[0]), *numbered], root)
            if turn:
                bare[at].append(start)
                costs[at].append(cost)
    return [min(values) / min(starts) for values, starts in zip(costs, bare, strict=True)]


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=25)
    options = parser.parse_args()
    print(f"{'command':84} {'CPU':>6}   (times python -c pass)")
    for peer in [OURS, *PEERS]:
        with tempfile.TemporaryDirectory(prefix="peers-") as folder:
            try:
                programs = hot.environment(sys.executable) if peer is OURS else environment(peer.package)
                costs = measure(peer, programs, Path(folder) / "repository", options.repeat)
            except RuntimeError as problem:
                print(f"{peer.package}: left out: {problem}")
                continue
        for words, cost in zip(peer.commands, costs, strict=True):
            print(f"{' '.join(words):84} {cost:6.2f}   {peer.keeps}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
