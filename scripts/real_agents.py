#!/usr/bin/env python3
"""Drives the real programs of agents against a model on the loopback, and says what holds in each of them.

Not in CI: it needs the programs, from npm or on the path (`--bin` adds folders). Each gets a home, a repository
and a worktree of its own; nothing leaves this machine. What is checked: an edit of a path that another seat holds
is refused with holder and command; a message arrives after the next tool call; a claim through MCP works; the
reminder at the end comes once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.agent_drivers import DRIVERS, HELD, Driver
from scripts.loopback_model import Model, Turn

MESSAGE, MCP_TASK = "the parser is mine today", "MCP-1"
LONGEST = 120


class Played(NamedTuple):
    """What one program did: its version, what held, and what it said."""

    cli: str
    version: str
    checks: dict[str, bool]
    output: str
    notes: list[str]


def play(driver: Driver, program: str, teof: str, keep: bool) -> Played:
    """Plays the scenario with one program in a scratch repository."""
    top = Path(tempfile.mkdtemp(prefix=f"real-{driver.cli}-")).resolve()
    try:
        return _play(driver, program, teof, top)
    finally:
        if not keep:
            shutil.rmtree(top, ignore_errors=True)
        else:
            print(f"{driver.cli}: kept {top}", file=sys.stderr)


class Scene(NamedTuple):
    """A scratch clone in which another seat holds a file, and the worktree of the program's seat."""

    top: Path
    tree: Path
    seat: str
    environment: dict[str, str]
    teof: Callable[..., subprocess.CompletedProcess[str]]  # runs the toolkit: words, then the folder

    @property
    def home(self) -> Path:
        """The program's own home."""
        return self.top / "home"

    @property
    def main(self) -> Path:
        """The manager's checkout."""
        return self.top / "repo"


def _play(driver: Driver, program: str, teof: str, top: Path) -> Played:
    scene = _scene(driver, program, teof, top)
    turns = _turns(driver, scene)
    model = Model(turns)
    driver.prepare(scene.home, scene.main, scene.tree, model)
    run = _runner(scene.environment)
    version = run([program, "--version"], scene.tree, check=False).stdout.strip().splitlines()
    settings = {**scene.environment, **driver.environment(model, scene.home), "PWD": str(scene.tree)}
    output = _output([program, *driver.arguments(model)], scene.tree, settings)
    model.close()
    _keep(top, model, output)
    notes = [f"{len(model.requests)} requests", *_tools(model)]
    return Played(driver.cli, version[0] if version else "?", _checks(scene, model, len(turns)), output, notes)


def _scene(driver: Driver, program: str, teof: str, top: Path) -> Scene:
    (top / "home").mkdir()
    path = os.pathsep.join([os.path.dirname(program), os.path.dirname(teof), os.environ["PATH"]])
    environment = {"HOME": str(top / "home"), "PATH": path, "TERM": "dumb", "LANG": "C.UTF-8", "NO_COLOR": "1",
                   "GIT_CONFIG_NOSYSTEM": "1", "CI": ""}  # fmt: skip
    run = _runner(environment)
    seat = f"{driver.cli}-1"
    scene = Scene(top, top / f"repo-{seat}", seat, environment, lambda words, folder: run([teof, *words], folder))
    main = scene.main
    _repository(run, main)
    scene.teof(["init", "--agent", "manager-1", "--role", "manager"], main)
    run(["git", "add", "-A"], main)
    run(["git", "commit", "-qm", "ready"], main)
    scene.teof(["bus_claim", "claim", "--task", "HELD-1", "--paths", HELD], main)
    scene.teof(["setup", driver.cli], main)
    scene.teof(["worktree", "add", seat], main)
    scene.teof(["bus_claim", "claim", "--task", "OWN-1", "--paths", "src/own.py"], scene.tree)
    return scene


def _turns(driver: Driver, scene: Scene) -> list[Turn]:
    """An edit of the held file, a shell command before which mail comes, a claim through MCP, the end."""
    letter = ["--task", "HELD-1", "--type", "request", "--target", scene.seat, "--summary", MESSAGE]

    def send() -> None:
        scene.teof(["bus_message", *letter], scene.main)

    return [
        driver.edit(scene.tree),
        driver.shell("true")._replace(before=send),
        driver.mcp("claim_task", {"task": MCP_TASK, "paths": ["docs/**"]}),
        Turn(text="finished"),
    ]


def _output(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            list(command), cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired as problem:
        return f"timed out: {problem.stdout!r} {problem.stderr!r}"
    return done.stdout + done.stderr


def _keep(top: Path, model: Model, output: str) -> None:
    (top / "requests.json").write_text(json.dumps(model.requests, indent=1, ensure_ascii=False))
    (top / "other.json").write_text(json.dumps(model.other, indent=1, ensure_ascii=False))
    (top / "paths.txt").write_text("\n".join(model.paths))
    (top / "output.txt").write_text(output)


def _checks(scene: Scene, model: Model, turns: int) -> dict[str, bool]:
    claims = scene.teof(["bus_claim", "list", "--json"], scene.main).stdout
    untouched = (scene.tree / HELD).read_text() == "def a():\n"
    return {
        "started with its seat": model.seen(f"You are {scene.seat}"),
        "refused": untouched and model.seen("is claimed by manager-1 with HELD-1"),
        "names the command": model.seen("bus_message --task HELD-1 --type request --target manager-1"),
        "mail arrives": model.seen("1 new message"),
        "claims through MCP": f'"task_id": "{MCP_TASK}"' in claims,
        "reminded once": model.seen(MARK, turns) and len(model.requests) == turns + 1,
    }


MARK = "this reminder comes once"


def _tools(model: Model) -> list[str]:
    names = []
    for tool in (model.requests[0].get("tools") or []) if model.requests else []:
        rows = tool.get("functionDeclarations") or tool.get("function_declarations") or [tool.get("function", tool)]
        names += [str(row.get("name", row.get("type"))) for row in rows if isinstance(row, Mapping)]
    return [f"tools: {' '.join(names)}"]


def _repository(run: Callable[..., Any], main: Path) -> None:
    (main / "src").mkdir(parents=True)
    (main / HELD).write_text("def a():\n")
    run(["git", "init", "-q", "-b", "main"], main)
    run(["git", "config", "user.name", "Tester"], main)
    run(["git", "config", "user.email", "tester@example.org"], main)
    run(["git", "add", "-A"], main)
    run(["git", "commit", "-qm", "begin"], main)


def _runner(environment: Mapping[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(command: Sequence[str], folder: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            list(command), cwd=folder, env=dict(environment), capture_output=True, text=True, timeout=120
        )
        if check and done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done

    return run


def main() -> None:
    """Plays the scenario with each program that is there; exit 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cli", nargs="*", choices=[*DRIVERS, []], help="which programs (default: all that are there)")
    parser.add_argument("--bin", action="append", default=[], help="a folder with programs, before the path")
    parser.add_argument("--teof", default=shutil.which("teof") or str(Path(sys.executable).with_name("teof")))
    parser.add_argument("--keep", action="store_true", help="keep the scratch folders")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    path = os.pathsep.join([*given.bin, os.environ["PATH"]])
    failed = False
    for name in given.cli or DRIVERS:
        program = shutil.which(DRIVERS[name].cli, path=path)
        if program is None:
            print(f"{name}: not installed")
            continue
        played = play(DRIVERS[name], os.path.abspath(program), os.path.abspath(given.teof), given.keep)
        print(f"{name} ({played.version}): {'; '.join(played.notes[:1])}")
        for check, held in played.checks.items():
            is_lacking = check in DRIVERS[name].lacks
            print(f"  {'ok  ' if held else 'none' if is_lacking else 'FAIL'} {check}")
            failed = failed or not (held or is_lacking)
        if given.verbose:
            print(*played.notes, played.output[-3000:], sep="\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
