"""Copilot CLI: a hook that fails refuses every edit, so that its command line must never fail.

Its hooks file is read from the repository and may be committed: it names no place of this machine. Events in
Pascal form give the payloads that other programs give.
"""

from __future__ import annotations

from tools.core.integrations.vendors import vendor
from tools.core.integrations.vendors.vendor import Entry, FileWish, Hook, ManualStep, ProgramWish, Where
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME, TITLE, PROGRAM, TESTED = "copilot", "Copilot CLI", "copilot", "1.0"
PROJECT = "COPILOT_PROJECT_DIR"
HOOKS = (
    Hook("SessionStart", vendor.START),
    Hook("UserPromptSubmit", vendor.PROMPT),
    Hook("PreToolUse", vendor.BEFORE),
    Hook("PostToolUse", vendor.AFTER),
    Hook("Stop", vendor.STOP),
    Hook("SessionEnd", vendor.END, timeout=3),
)
EDITS = dict.fromkeys(("Edit", "Write", "MultiEdit"), vendor.PATH_KEYS)
PATCHES: Mapping[str, str] = {}
SHELLS = {"Bash": "command"}

deny, block = vendor.deny_tool, vendor.block


def context(event: str, text: str) -> dict[str, object]:
    """Text for the agent, which this program takes at the top alone."""
    return {"additionalContext": text}


_FIND = '"$(git rev-parse --path-format=absolute --git-common-dir 2>/dev/null)"/teof/hook'


def files(where: Where) -> list[FileWish]:
    """A hooks file and an MCP file in each worktree, or both in the user's own folder."""
    if where.is_user_scope:
        wishes = [FileWish(f"{where.home}/.copilot/hooks/teof.json", "json", _hooks(where))]
        return [
            *wishes,
            *([FileWish(f"{where.home}/.copilot/mcp-config.json", "json", _server(where))] if where.mcp else []),
        ]
    wishes = []
    for folder in where.worktrees:
        wishes.append(FileWish(f"{folder}/.github/hooks/teof.json", "json", _hooks(where), is_private=False))
        if where.mcp:
            wishes.append(FileWish(f"{folder}/.github/mcp.json", "json", _server(where)))
    return wishes


def _hooks(where: Where) -> tuple[Entry, ...]:
    entries = [Entry(("version",), 1)]
    for hook in HOOKS:
        line = where.command(NAME, hook.event) if where.is_user_scope else f"sh {_FIND} {NAME} {hook.event} || exit 0"
        call = {"type": "command", "bash": line, "timeoutSec": hook.timeout}
        entries.append(Entry(("hooks", hook.event), items=(call,)))
    return tuple(entries)


def _server(where: Where) -> tuple[Entry, ...]:
    return (Entry(("mcpServers", "teof"), {"type": "local", **vendor.server_of(where), "tools": ["*"]}),)


def programs(where: Where) -> list[ProgramWish]:
    """Nothing is left to Copilot itself."""
    return []


def manual(where: Where) -> list[ManualStep]:
    """Trust of each worktree's folder; the user's own hooks need none."""
    if where.is_user_scope:
        return []
    why = "Copilot CLI runs no hook of a folder that is not trusted"
    return [ManualStep(NAME, f"trust the folder {folder}", why) for folder in where.worktrees]
