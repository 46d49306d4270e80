"""Claude Code: local settings of the main checkout hold for all worktrees; MCP servers go through its own command."""

from __future__ import annotations

from tools.core.integrations.vendors import vendor
from tools.core.integrations.vendors.vendor import Entry, FileWish, Hook, ManualStep, ProgramWish, Where
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME, TITLE, PROGRAM, TESTED = "claude", "Claude Code", "claude", "2.1"
PROJECT = "CLAUDE_PROJECT_DIR"
HOOKS = (
    Hook("SessionStart", vendor.START),
    Hook("UserPromptSubmit", vendor.PROMPT),
    Hook("PreToolUse", vendor.BEFORE, f"Edit|MultiEdit|Write|NotebookEdit|Bash|{vendor.MCP_EDITS}"),
    Hook("PostToolBatch", vendor.AFTER),
    Hook("SubagentStart", vendor.SUBAGENT),
    Hook("Stop", vendor.STOP),
    Hook("SessionEnd", vendor.END, timeout=3),
)
EDITS = dict.fromkeys(("Edit", "MultiEdit", "Write", "NotebookEdit"), vendor.PATH_KEYS)
PATCHES: Mapping[str, str] = {}
SHELLS = {"Bash": "command"}

deny, context, block = vendor.deny_tool, vendor.add_context, vendor.block

SPEAKING = (
    "bus_claim",
    "bus_event",
    "bus_inbox",
    "bus_message",
    "bus_ping",
    "bus_search",
    "bus_status",
    "bus_watch",
    "idle_pickup",
    "next",
    "prime",
    "wait",
)
"""Commands that only speak to the bus; those that run commands of others are never allowed beforehand."""


def files(where: Where) -> list[FileWish]:
    """One file: hooks, what may be called without asking, and what its sandbox may write."""
    name = "settings.json" if where.is_user_scope else "settings.local.json"
    top = where.home if where.is_user_scope else where.main
    allowed = (*(("mcp__teof",) if where.mcp else ()), *(f"Bash(teof {verb}:*)" for verb in SPEAKING))
    entries = (
        *vendor.hook_groups(NAME, HOOKS, where),
        Entry(("permissions", "allow"), items=allowed),
        Entry(("sandbox", "filesystem", "allowWrite"), items=where.bus_folders),
    )
    return [FileWish(f"{top}/.claude/{name}", "json", entries)]


def programs(where: Where) -> list[ProgramWish]:
    """The MCP server, put in place by the program: seen from every worktree, and no approval is asked for."""
    if not where.mcp:
        return []
    from tools.core import plain_json

    scope = "user" if where.is_user_scope else "local"
    server = plain_json.dumps({"type": "stdio", **vendor.server_of(where), "alwaysLoad": True})
    add = (PROGRAM, "mcp", "add-json", "--scope", scope, "teof", server)
    return [ProgramWish(add, (PROGRAM, "mcp", "remove", "--scope", scope, "teof"))]


def manual(where: Where) -> list[ManualStep]:
    """The workspace's dialog, which is asked once in a terminal."""
    step = f"open claude once in {where.main} and accept the dialog"
    return [ManualStep(NAME, step, "a folder that is not trusted runs no hooks in a terminal")]
