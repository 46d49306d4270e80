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
from scripts.loopback_model import Model, Turn

HELD, MESSAGE, MCP_TASK = "src/parser.py", "the parser is mine today", "MCP-1"
LONGEST = 120


class Driver(NamedTuple):
    """How one program is started, and how it spells an edit, a shell command and a call of our server."""

    cli: str
    environment: Callable[[Model, Path], dict[str, str]]
    arguments: Callable[[Model], list[str]]
    edit: Callable[[Path], Turn]
    shell: Callable[[str], Turn]
    mcp: Callable[[str, dict[str, Any]], Turn]
    prepare: Callable[[Path, Path, Path, Model], None] = lambda home, main, tree, model: None
    lacks: tuple[str, ...] = ()  # checks that the program gives no means for


def _openai(model: Model, home: Path) -> dict[str, str]:
    return {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"{model.url}/v1", "OPENAI_MODEL": "mock"}


def _codex_home(home: Path, main: Path, tree: Path, model: Model) -> None:
    folder = home / ".codex"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(
        f'model = "gpt-6.2-sol"\nmodel_provider = "loop"\n\n[model_providers.loop]\nname = "loop"\nbase_url = "{model.url}/v1"\n'
        f'wire_api = "responses"\nrequires_openai_auth = false\n\n[projects."{main}"]\ntrust_level = "trusted"\n'
    )


def _patch(tree: Path) -> str:
    return f"*** Begin Patch\n*** Update File: {HELD}\n@@\n-def a():\n+def b():\n*** End Patch\n"


def _trusted(name: str) -> Callable[[Path, Path, Path, Model], None]:
    def prepare(home: Path, main: Path, tree: Path, model: Model) -> None:
        folder = home / name
        folder.mkdir(exist_ok=True)
        (folder / "trustedFolders.json").write_text(json.dumps({str(tree): "TRUST_FOLDER", str(main): "TRUST_FOLDER"}))

    return prepare


def _gemini_home(home: Path, main: Path, tree: Path, model: Model) -> None:
    _trusted(".gemini")(home, main, tree, model)
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"disableAutoUpdate": True}}
    (home / ".gemini" / "settings.json").write_text(json.dumps(settings))


def _copilot_home(home: Path, main: Path, tree: Path, model: Model) -> None:
    folder = home / ".copilot"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(
        json.dumps({"trusted_folders": [str(tree), str(main)], "trustedFolders": [str(tree), str(main)]})
    )


def _opencode_home(home: Path, main: Path, tree: Path, model: Model) -> None:
    folder = home / ".config" / "opencode"
    folder.mkdir(parents=True, exist_ok=True)
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "loop", "options": {"baseURL": f"{model.url}/v1", "apiKey": "none"},
                "models": {"mock": {"name": "mock", "tool_call": True}}}  # fmt: skip
    settings = {"model": "loop/mock", "provider": {"loop": provider}, "permission": {"*": "allow"}, "autoupdate": False}
    (folder / "opencode.json").write_text(json.dumps(settings))


DRIVERS = {
    driver.cli: driver
    for driver in (
        Driver(
            "codex",
            lambda model, home: {},
            lambda model: ["exec", "--dangerously-bypass-hook-trust", "--sandbox", "read-only", "do it"],
            lambda tree: Turn("exec", f"text(await tools.apply_patch({json.dumps(_patch(tree))}))"),
            lambda line: Turn("exec", f"text(await tools.exec_command({json.dumps({'cmd': line})}))"),
            lambda tool, given: Turn("exec", f"text(await tools.mcp__teof__{tool}({json.dumps(given)}))"),
            _codex_home,
        ),
        Driver(
            "claude",
            lambda model, home: {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "none", "DISABLE_TELEMETRY": "1",
                                 "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"},
            lambda model: ["-p", "do it", "--permission-mode", "acceptEdits", "--allowedTools", "Bash", "Edit"],
            lambda tree: Turn("Edit", {"file_path": str(tree / HELD), "old_string": "def a():", "new_string": "def b():"}),
            lambda line: Turn("Bash", {"command": line, "description": "x"}),
            lambda tool, given: Turn(f"mcp__teof__{tool}", given),
        ),
        Driver(
            "gemini",
            lambda model, home: {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": model.url, "GEMINI_TELEMETRY_ENABLED": "false"},
            lambda model: ["-p", "do it", "--yolo", "-m", "gemini-2.5-flash"],
            lambda tree: Turn("replace", {"file_path": str(tree / HELD), "instruction": "x", "old_string": "def a():", "new_string": "def b():"}),
            lambda line: Turn("run_shell_command", {"command": line, "description": "x"}),
            lambda tool, given: Turn(f"mcp_teof_{tool}", given),
            _gemini_home,
        ),
        Driver(
            "qwen",
            _openai,
            lambda model: ["-p", "do it", "--yolo", "--auth-type", "openai"],
            lambda tree: Turn("edit", {"file_path": str(tree / HELD), "old_string": "def a():", "new_string": "def b():"}),
            lambda line: Turn("run_shell_command", {"command": line, "description": "x", "is_background": False}),
            lambda tool, given: Turn(f"mcp__teof__{tool}", given),
            _trusted(".qwen"),
        ),
        Driver(
            "copilot",
            lambda model, home: {"COPILOT_PROVIDER_BASE_URL": f"{model.url}/v1", "COPILOT_PROVIDER_TYPE": "openai",
                                 "COPILOT_PROVIDER_API_KEY": "none", "COPILOT_MODEL": "mock", "COPILOT_OFFLINE": "true"},
            lambda model: ["-p", "do it", "--allow-all-tools", "--allow-all-paths", "--no-color"],
            lambda tree: Turn("edit", {"path": str(tree / HELD), "old_str": "def a():", "new_str": "def b():"}),
            lambda line: Turn("bash", {"command": line, "description": "x", "mode": "sync"}),
            lambda tool, given: Turn(f"teof-{tool}", given),
            _copilot_home,
        ),
        Driver(
            "opencode",
            lambda model, home: {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"},
            lambda model: ["run", "-m", "loop/mock", "do it"],
            lambda tree: Turn("edit", {"filePath": str(tree / HELD), "oldString": "def a():", "newString": "def b():"}),
            lambda line: Turn("bash", {"command": line, "description": "x"}),
            lambda tool, given: Turn(f"teof_{tool}", given),
            _opencode_home,
            ("started with its seat", "reminded once"),
        ),
    )
}  # fmt: skip


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


def _play(driver: Driver, program: str, teof: str, top: Path) -> Played:
    home, main = top / "home", top / "repo"
    home.mkdir()
    environment = {
        "HOME": str(home), "PATH": os.pathsep.join([os.path.dirname(program), os.path.dirname(teof), os.environ["PATH"]]),
        "TERM": "dumb", "LANG": "C.UTF-8", "NO_COLOR": "1", "GIT_CONFIG_NOSYSTEM": "1", "CI": "",
    }  # fmt: skip
    run = _runner(environment)
    _repository(run, main)
    run([teof, "init", "--agent", "manager-1", "--role", "manager"], main)
    run(["git", "add", "-A"], main)
    run(["git", "commit", "-qm", "ready"], main)
    run([teof, "bus_claim", "claim", "--task", "HELD-1", "--paths", HELD], main)
    seat = f"{driver.cli}-1"
    tree = top / f"repo-{seat}"
    run([teof, "setup", driver.cli], main)
    run([teof, "worktree", "add", seat], main)
    run([teof, "bus_claim", "claim", "--task", "OWN-1", "--paths", "src/own.py"], tree)

    def send() -> None:
        run(
            [teof, "bus_message", "--task", "HELD-1", "--type", "request", "--target", seat, "--summary", MESSAGE], main
        )

    turns = [
        driver.edit(tree),
        driver.shell("true")._replace(before=send),
        driver.mcp("claim_task", {"task": MCP_TASK, "paths": ["docs/**"]}),
        Turn(text="finished"),
    ]
    model = Model(turns)
    driver.prepare(home, main, tree, model)
    version = run([program, "--version"], tree, check=False).stdout.strip().splitlines()
    settings = {**environment, **driver.environment(model, home), "PWD": str(tree)}
    command = [program, *driver.arguments(model)]
    try:
        done = subprocess.run(
            command, cwd=tree, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST
        )
        output = done.stdout + done.stderr
    except subprocess.TimeoutExpired as problem:
        output = f"timed out: {problem.stdout!r} {problem.stderr!r}"
    finally:
        model.close()
    (top / "requests.json").write_text(json.dumps(model.requests, indent=1, ensure_ascii=False))
    (top / "other.json").write_text(json.dumps(model.other, indent=1, ensure_ascii=False))
    (top / "paths.txt").write_text("\n".join(model.paths))
    (top / "output.txt").write_text(output)
    claims = run([teof, "bus_claim", "list", "--json"], main).stdout
    checks = {
        "started with its seat": model.seen(f"You are {seat}"),
        "refused": (tree / HELD).read_text() == "def a():\n" and model.seen("is claimed by manager-1 with HELD-1"),
        "names the command": model.seen("bus_message --task HELD-1 --type request --target manager-1"),
        "mail arrives": model.seen("1 new message"),
        "claims through MCP": f'"task_id": "{MCP_TASK}"' in claims,
        "reminded once": model.seen(MARK, len(turns)) and len(model.requests) == len(turns) + 1,
    }
    notes = [f"{len(model.requests)} requests", *_tools(model)]
    return Played(driver.cli, version[0] if version else "?", checks, output, notes)


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
