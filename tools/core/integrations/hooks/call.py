"""An event as a program sent it, in words of our own: the moment, the session, the files a tool changes."""

from __future__ import annotations

from tools.core.integrations.hooks import patch, shell_words
from tools.core.integrations.vendors import vendor
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.core.integrations.vendors.vendor import Vendor

MAX_PATHS = 200
"""Files of one call that are looked at; a larger change is guarded again where it is committed."""


class Call(NamedTuple):
    """One event; `folder` is "" where the program did not say, `paths` are as the tool was given them."""

    event: str
    moment: str
    session: str
    folder: str
    source: str = ""
    is_subagent: bool = False
    stops_again: bool = False
    is_waiting: bool = False  # it has tasks in the background, which will wake it
    paths: tuple[str, ...] = ()


def call_of(program: Vendor, event: str, payload: Mapping[str, object]) -> Call | None:
    """The call that a payload describes; None for an event that is not ours."""
    event = event or _text(payload, "hook_event_name")
    moment = vendor.moment_of(program, event)
    if not moment:
        return None
    return Call(
        event,
        moment,
        _text(payload, "session_id"),
        _text(payload, "cwd"),
        _text(payload, "source"),
        bool(payload.get("agent_id")),
        payload.get("stop_hook_active") is True,
        bool(payload.get("background_tasks")),
        _paths(program, payload) if moment in (vendor.BEFORE, vendor.AFTER) else (),
    )


def _paths(program: Vendor, payload: Mapping[str, object]) -> tuple[str, ...]:
    batch = payload.get("tool_calls")
    calls = batch if isinstance(batch, list) else [payload]
    paths: list[str] = []
    for call in calls:
        if isinstance(call, dict):
            paths += _paths_of_tool(program, _text(call, "tool_name"), call.get("tool_input"))
    return tuple(dict.fromkeys(paths))[:MAX_PATHS]


def _paths_of_tool(program: Vendor, tool: str, given: object) -> list[str]:
    if not isinstance(given, dict):
        return []
    if tool in program.PATCHES:
        return patch.paths_of(_text(given, program.PATCHES[tool]))
    if tool in program.SHELLS:
        return shell_words.targets_of(_text(given, program.SHELLS[tool]))
    keys = program.EDITS.get(tool) or (vendor.PATH_KEYS if _may_edit(tool) else ())
    return [path for key in keys if (path := _text(given, key))]


def _may_edit(tool: str) -> bool:
    """Whether a tool of some MCP server has a name that speaks of editing."""
    name = tool.lower()
    return name.startswith("mcp") and any(word in name for word in vendor.EDIT_LIKE)


def _text(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) and "\0" not in value else ""
