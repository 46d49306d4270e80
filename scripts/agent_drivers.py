"""How each agent's program is started against the model on the loopback, and how it spells what it is told to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from scripts.loopback_model import Model, Turn

HELD = "src/parser.py"
"""The file that another seat holds."""


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
