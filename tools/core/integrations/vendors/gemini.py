"""Gemini CLI: events with names of its own, timeouts in milliseconds, trust for each folder by itself."""

from __future__ import annotations

from tools.core.integrations.vendors import vendor
from tools.core.integrations.vendors.vendor import Entry, FileWish, Hook, ManualStep, ProgramWish, Where
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME, TITLE, PROGRAM, TESTED = "gemini", "Gemini CLI", "gemini", "0.61"
PROJECT = "GEMINI_PROJECT_DIR"
HOOKS = (
    Hook("SessionStart", vendor.START, timeout=5000),
    Hook("BeforeAgent", vendor.PROMPT, timeout=5000),
    Hook("BeforeTool", vendor.BEFORE, "replace|write_file|run_shell_command|mcp_.*", timeout=5000),
    Hook("AfterTool", vendor.AFTER, timeout=5000),
    Hook("AfterAgent", vendor.STOP, timeout=5000),
    Hook("SessionEnd", vendor.END, timeout=3000),
)
EDITS = dict.fromkeys(("replace", "write_file"), vendor.PATH_KEYS)
PATCHES: Mapping[str, str] = {}
SHELLS = {"run_shell_command": "command"}

context, block = vendor.add_context, vendor.block


def deny(event: str, reason: str) -> dict[str, object]:
    """The refusal of a tool call."""
    return {"decision": "deny", "reason": reason}


def files(where: Where) -> list[FileWish]:
    """One file in each worktree: hooks, the MCP server, and that AGENTS.md is read."""
    entries = [
        *vendor.hook_groups(NAME, HOOKS, where),
        Entry(("context", "fileName"), items=("AGENTS.md",), initial=("GEMINI.md",)),
    ]
    if where.mcp:
        entries.append(Entry(("mcpServers", "teof"), {**vendor.server_of(where), "trust": True}))
    return [FileWish(f"{folder}/.gemini/settings.json", "json", tuple(entries)) for folder in where.folders]


def programs(where: Where) -> list[ProgramWish]:
    """Nothing is left to Gemini itself."""
    return []


def manual(where: Where) -> list[ManualStep]:
    """Trust of each worktree's folder; the user's own settings need none."""
    if where.is_user_scope:
        return []
    why = "Gemini CLI runs no hook of a folder that is not trusted"
    return [ManualStep(NAME, f"trust the folder {folder}", why) for folder in where.worktrees]
