"""Codex: project hooks are read from the main checkout, and only where the worktree has a `.codex/` of its own.

Its edits come as one patch. It approves each hook by the hash of its command line and its place among the others,
so that the line never changes and groups are only ever appended. A sandbox takes a writable root only when the
folder exists as the session starts.
"""

from __future__ import annotations

from tools.core.integrations.vendors import vendor
from tools.core.integrations.vendors.vendor import Entry, FileWish, Hook, ManualStep, ProgramWish, Where
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME, TITLE, PROGRAM, TESTED = "codex", "Codex", "codex", "0.171"
PROJECT = ""
HOOKS = (
    Hook("SessionStart", vendor.START),
    Hook("UserPromptSubmit", vendor.PROMPT),
    Hook("PreToolUse", vendor.BEFORE, f"apply_patch|Bash|{vendor.MCP_EDITS}"),
    Hook("PostToolUse", vendor.AFTER),
    Hook("SubagentStart", vendor.SUBAGENT),
    Hook("Stop", vendor.STOP),
    Hook("SessionEnd", vendor.END, timeout=3),
)
EDITS: Mapping[str, tuple[str, ...]] = {}
PATCHES = {"apply_patch": "command"}
SHELLS = {"Bash": "command"}

deny, context, block = vendor.deny_tool, vendor.add_context, vendor.block


def files(where: Where) -> list[FileWish]:
    """The hooks of the main checkout, and in each worktree what its sandbox may write and the MCP server."""
    top = where.home if where.is_user_scope else where.main
    hooks = FileWish(f"{top}/.codex/hooks.json", "json", vendor.hook_groups(NAME, HOOKS, where))
    return [
        hooks,
        *(FileWish(f"{folder}/.codex/config.toml", "toml", _settings(where, folder)) for folder in where.folders),
    ]


def _settings(where: Where, folder: str) -> tuple[Entry, ...]:
    roots = Entry(
        ("sandbox_workspace_write", "writable_roots"), items=(*where.bus_folders, *_commit_roots(where, folder))
    )
    if not where.mcp:
        return (roots,)
    server = {**vendor.server_of(where), "required": True, "startup_timeout_sec": 20, "tool_timeout_sec": 120}
    return Entry(("mcp_servers", "teof"), server), roots


def _commit_roots(where: Where, folder: str) -> tuple[str, ...]:
    """The four folders that let a worktree commit while git's settings and hooks stay read-only."""
    if not where.allow_commits:
        return ()
    shared = tuple(f"{where.common}/{name}" for name in ("objects", "refs", "logs"))
    own = worktree_folders(where, folder)
    return (*shared, *own)


def worktree_folders(where: Where, folder: str) -> tuple[str, ...]:
    """Git's own folders of the worktrees concerned: that of one, or of all for the user's settings."""
    from tools.core.gitdir import git_folder

    roots = where.worktrees if where.is_user_scope else (folder,)
    gits = (git_folder(root) for root in roots)
    return tuple(git for git in gits if git is not None and git != where.common)


def programs(where: Where) -> list[ProgramWish]:
    """Nothing is left to Codex itself."""
    return []


def manual(where: Where) -> list[ManualStep]:
    """Trust: of the folder, and of each hook."""
    folder = "any folder" if where.is_user_scope else where.main
    return [
        ManualStep(
            NAME,
            f"open codex in {folder}, trust the folder, then /hooks and approve the teof ones",
            "Codex skips a hook that nobody approved without saying so",
        )
    ]
