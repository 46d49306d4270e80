"""Qwen Code: the tools of Gemini CLI with the events of Claude Code."""

from __future__ import annotations

from tools.core.integrations.vendors import vendor
from tools.core.integrations.vendors.vendor import Entry, FileWish, Hook, ManualStep, ProgramWish, Where
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME, TITLE, PROGRAM, TESTED = "qwen", "Qwen Code", "qwen", "0.24"
PROJECT = "QWEN_PROJECT_DIR"
HOOKS = (
    Hook("SessionStart", vendor.START),
    Hook("PreToolUse", vendor.BEFORE, f"edit|write_file|notebook_edit|run_shell_command|{vendor.MCP_EDITS}"),
    Hook("PostToolBatch", vendor.AFTER),
    Hook("Stop", vendor.STOP),
    Hook("SessionEnd", vendor.END, timeout=3),
)
"""UserPromptSubmit is left out: this program fires it at every call of the model."""

EDITS = dict.fromkeys(("edit", "write_file", "notebook_edit", "replace"), vendor.PATH_KEYS)
PATCHES: Mapping[str, str] = {}
SHELLS = {"run_shell_command": "command"}

deny, context, block = vendor.deny_tool, vendor.add_context, vendor.block


def files(where: Where) -> list[FileWish]:
    """One file in each worktree: hooks and the MCP server."""
    entries = list(vendor.hook_groups(NAME, HOOKS, where))
    if where.mcp:
        entries.append(Entry(("mcpServers", "teof"), {**vendor.server_of(where), "trust": True}))
    return [FileWish(f"{folder}/.qwen/settings.json", "json", tuple(entries)) for folder in where.folders]


def programs(where: Where) -> list[ProgramWish]:
    """Nothing is left to Qwen itself."""
    return []


def manual(where: Where) -> list[ManualStep]:
    """Trust of each worktree's folder; the user's own settings need none."""
    if where.is_user_scope:
        return []
    why = "Qwen Code runs no hook of a folder that is not trusted"
    return [ManualStep(NAME, f"trust the folder {folder}", why) for folder in where.worktrees]
