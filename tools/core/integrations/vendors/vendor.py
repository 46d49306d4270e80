"""What is asked of each agent's program, and the answers that several of them take.

A vendor is a module. It is loaded at every step of an agent, so that nothing here or there may import what costs
a start. Facts about the programs were seen with the versions that each module names.
"""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.workspace import BUS, REPORT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

START, PROMPT, BEFORE, AFTER, SUBAGENT, STOP, END = (
    "start",
    "prompt",
    "before",
    "after",
    "subagent",
    "stop",
    "end",
)
"""The moments at which a program calls, whatever it names them."""

EDIT_LIKE = ("edit", "write", "create", "delete", "remove", "move", "rename", "replace", "patch", "insert", "append")
"""Words in the name of an MCP tool that may change a file."""

PATH_KEYS = ("file_path", "path", "filePath", "notebook_path")
"""Arguments of tools that name the file they change."""

MCP_EDITS = f"mcp__.*({'|'.join(EDIT_LIKE)}).*"


class Hook(NamedTuple):
    """One registration: the event in the program's spelling, what it is, which tools, and how long it may take.

    `timeout` is in the program's unit.
    """

    event: str
    moment: str
    matcher: str = ""
    timeout: int = 5


class Where(NamedTuple):
    """Where things are when a clone is set up; all paths are absolute."""

    main: str  # the checkout that holds the bus
    worktrees: tuple[str, ...]  # every worktree with a seat, `main` among them
    common: str  # git's common folder
    home: str
    server: tuple[str, ...]  # the command that starts the MCP server
    is_user_scope: bool = False
    allow_commits: bool = False
    mcp: bool = True

    @property
    def launcher(self) -> str:
        """The script every hook's command line starts."""
        return f"{self.common}/teof/hook"

    def command(self, cli: str, event: str) -> str:
        """A hook's command line, which ends with 0 whatever becomes of the script."""
        return f"sh {quoted(self.launcher)} {cli} {event} || exit 0"

    @property
    def bus_folders(self) -> tuple[str, str]:
        """What a sandbox must let an agent write so that it can take part."""
        return f"{self.main}/{BUS}", f"{self.main}/{REPORT}/session"

    @property
    def folders(self) -> tuple[str, ...]:
        """Where the files that programs read in each worktree lie; the home folder for the user's own."""
        return (self.home,) if self.is_user_scope else self.worktrees


class Entry(NamedTuple):
    """What should stand in a config file: a value at a path of keys, or items in the list there.

    `initial` are the items a list begins with when setup makes it.
    """

    path: tuple[str, ...]
    value: object = None
    items: tuple[object, ...] = ()
    initial: tuple[object, ...] = ()


class FileWish(NamedTuple):
    """A file and what should stand in it; `form` is json, toml, html or hash (a block between markers), shell or whole."""

    path: str
    form: str
    entries: tuple[Entry, ...] = ()
    text: str = ""
    is_private: bool = True  # it names places of this machine, so that git must not track it


class ProgramWish(NamedTuple):
    """What only the program itself can put into its settings; run in the main checkout."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


class ManualStep(NamedTuple):
    """What a person has to do, because no program may do it for them."""

    cli: str
    step: str
    why: str


if TYPE_CHECKING:

    class Vendor(Protocol):
        """What the module of a program offers."""

        @property
        def NAME(self) -> str: ...
        @property
        def TITLE(self) -> str: ...
        @property
        def PROGRAM(self) -> str: ...
        @property
        def TESTED(self) -> str: ...
        @property
        def HOOKS(self) -> Sequence[Hook]: ...
        @property
        def EDITS(self) -> Mapping[str, Sequence[str]]: ...
        @property
        def PATCHES(self) -> Mapping[str, str]: ...
        @property
        def SHELLS(self) -> Mapping[str, str]: ...
        @property
        def PROJECT(self) -> str: ...
        def deny(self, event: str, reason: str) -> dict[str, object]: ...
        def context(self, event: str, text: str) -> dict[str, object]: ...
        def block(self, event: str, reason: str) -> dict[str, object]: ...
        def files(self, where: Where) -> list[FileWish]: ...
        def programs(self, where: Where) -> list[ProgramWish]: ...
        def manual(self, where: Where) -> list[ManualStep]: ...


def quoted(text: str) -> str:
    """A word as sh reads it, whatever is in it."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def moment_of(vendor: Vendor, event: str) -> str:
    """What an event of a program is; "" for one that is not ours."""
    for hook in vendor.HOOKS:
        if hook.event == event:
            return hook.moment
    return AFTER if event == "PostToolUse" else ""


def deny_tool(event: str, reason: str) -> dict[str, object]:
    """The refusal of a tool call as most programs take it."""
    return {
        "hookSpecificOutput": {
            "hookEventName": event,
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        }
    }


def add_context(event: str, text: str) -> dict[str, object]:
    """Text for the agent as all programs take it."""
    return {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}


def block(event: str, reason: str) -> dict[str, object]:
    """The reason why an agent should not stop yet."""
    return {"decision": "block", "reason": reason}


def hook_groups(cli: str, hooks: Sequence[Hook], where: Where) -> tuple[Entry, ...]:
    """The registrations in the form that Claude Code began and most others took over."""
    entries = []
    for hook in hooks:
        call: dict[str, object] = {
            "type": "command",
            "command": where.command(cli, hook.event),
            "timeout": hook.timeout,
        }
        group: dict[str, object] = {"matcher": hook.matcher, "hooks": [call]} if hook.matcher else {"hooks": [call]}
        entries.append(Entry(("hooks", hook.event), items=(group,)))
    return tuple(entries)


def server_of(where: Where) -> dict[str, object]:
    """The MCP server as most programs describe one."""
    return {"command": where.server[0], "args": list(where.server[1:])}
