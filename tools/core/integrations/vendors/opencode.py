"""opencode: it has no hooks but plugins, so that a small one pipes its events to the hook program.

Second rank: the program takes `PWD`, not the folder it was started in, for its project, and installs packages
into `.opencode/`.
"""

from __future__ import annotations

from tools.core.integrations.vendors import vendor
from tools.core.integrations.vendors.vendor import Entry, FileWish, Hook, ManualStep, ProgramWish, Where

NAME, TITLE, PROGRAM, TESTED = "opencode", "opencode", "opencode", "1.18"
PROJECT = ""
HOOKS = (
    Hook("PreToolUse", vendor.BEFORE),
    Hook("PostToolUse", vendor.AFTER),
)
"""The events that the plugin sends, not the program's own; a plugin can neither speak at the start nor delay the end."""

EDITS = dict.fromkeys(("edit", "write", "multiedit"), vendor.PATH_KEYS)
PATCHES = {"patch": "patchText", "apply_patch": "patchText"}
SHELLS = {"bash": "command"}

deny, context, block = vendor.deny_tool, vendor.add_context, vendor.block

_PLUGIN = """\
// Pipes the events of opencode to the hook program, which guards files that others have claimed and tells mail.
import { spawn } from "node:child_process"

const LAUNCHER = %s

function ask(event, payload, folder) {
  return new Promise((resolve) => {
    const child = spawn("sh", [LAUNCHER, "opencode", event], { cwd: folder, stdio: ["pipe", "pipe", "ignore"] })
    const timer = setTimeout(() => child.kill(), 5000)
    let said = ""
    child.stdout.on("data", (part) => (said += part))
    child.on("error", () => resolve({}))
    child.stdin.on("error", () => {})
    child.on("close", () => {
      clearTimeout(timer)
      try {
        resolve(JSON.parse(said).hookSpecificOutput ?? {})
      } catch {
        resolve({})
      }
    })
    child.stdin.end(JSON.stringify({ hook_event_name: event, cwd: folder, ...payload }))
  })
}

export const Teof = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const call = { session_id: input.sessionID, tool_name: input.tool, tool_input: output.args }
    const answer = await ask("PreToolUse", call, directory)
    if (answer.permissionDecision === "deny") throw new Error(answer.permissionDecisionReason)
  },
  "tool.execute.after": async (input, output) => {
    const call = { session_id: input.sessionID, tool_name: input.tool, tool_input: input.args ?? {} }
    const answer = await ask("PostToolUse", call, directory)
    if (answer.additionalContext) output.output += "\\n" + answer.additionalContext
  },
})
"""


def files(where: Where) -> list[FileWish]:
    """The plugin and the MCP server, in each worktree or in the user's own folder."""
    from tools.core import plain_json

    plugin = _PLUGIN % plain_json.dumps(where.launcher)
    server = Entry(("mcp", "teof"), {"type": "local", "command": list(where.server), "enabled": True})
    wishes = []
    for folder in where.folders:
        top = f"{folder}/.config/opencode" if where.is_user_scope else f"{folder}/.opencode"
        wishes.append(FileWish(f"{top}/plugin/teof.js", "whole", text=plugin))
        if where.mcp:
            config = f"{top}/opencode.json" if where.is_user_scope else f"{folder}/opencode.json"
            wishes.append(FileWish(config, "json", (server,)))
    return wishes


def programs(where: Where) -> list[ProgramWish]:
    """Nothing is left to opencode itself."""
    return []


def manual(where: Where) -> list[ManualStep]:
    """opencode asks for no trust."""
    return []
