"""Payloads as the programs send them, made up: an edit of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.core.integrations.vendors import vendor

if TYPE_CHECKING:
    from tools.core.integrations.vendors.vendor import Vendor

_SESSION = "d0c70000-0000-4000-8000-000000000000"


def edit(program: Vendor, folder: str, path: str) -> tuple[str, dict[str, Any]]:
    """The event before an edit, and its payload."""
    event = next(hook.event for hook in program.HOOKS if hook.moment == vendor.BEFORE)
    payload: dict[str, Any] = {"hook_event_name": event, "session_id": _SESSION, "cwd": folder}
    if program.EDITS:
        tool = next(iter(program.EDITS))
        key = {"copilot": "path", "opencode": "filePath"}.get(program.NAME, "file_path")
        return event, {**payload, "tool_name": tool, "tool_input": {key: f"{folder}/{path}"}}
    tool, key = next(iter(program.PATCHES.items()))
    patch = f"*** Begin Patch\n*** Update File: {path}\n@@\n-a\n+b\n*** End Patch\n"
    return event, {**payload, "tool_name": tool, "tool_input": {key: patch}}
