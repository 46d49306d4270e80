"""What a move would do, and who may: a manager's seat, or any where no manager is known."""

from __future__ import annotations

from tools.core import hint, ids
from tools.core.bus import posts, presence
from tools.core.context import Context
from tools.core.errors import ConflictError, GuardError
from tools.core.plain import NamedTuple
from tools.core.relocation import folder


class Survey(NamedTuple):
    """How much a move takes along."""

    streams: int
    lines: int
    bytes: int
    documents: int


def of_files(context: Context) -> Survey:
    """How much the files of a bus hold."""
    streams = folder.streams(context.workspace)
    lines = size = 0
    for stream in streams:
        for block in folder.blocks(context.workspace, stream):
            lines += block.count(b"\n")
            size += len(block)
    return Survey(len(streams), lines, size, len(folder.documents(context.workspace)))


def require_manager(context: Context) -> None:
    """GuardError while the bus has a manager and the seat is none."""
    if context.seat.is_manager:
        return
    if managers := presence.managers_now(context):
        raise GuardError(
            f"{context.seat.agent_id} is no manager seat, so it cannot move the bus; {managers[0]} can",
            code="move.manager",
            hint=hint.tool("agent.bus_message", "--task", ids.HUB, "--type", "request", "--summary", hint.WORDS),
        )


def same_place(where: str) -> ConflictError:
    """What is said to a move that leads to where the bus is."""
    return ConflictError(f"the bus is {where} already", code="move.same")


def announce(context: Context, text: str) -> None:
    """Tells everybody of a move that is done, in the place where the bus is now."""
    meta = {"agent": context.seat.agent_id}
    posts.post(context, posts.EventDraft("moved", text, meta=meta), [posts.MessageDraft(ids.HUB, "status", text)])
