"""The one record that a hook writes: a status event of a seat at work, which other clones see too."""

from __future__ import annotations

from tools.core.bus import posts
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.integrations.hooks.surroundings import Surroundings
from tools.core.seats.seat import Seat
from tools.core.store.files.store import FileStore


def log(here: Surroundings, task: str) -> None:
    """Logs that the seat is at work on a task, if the lock is free at once; a refusal is no matter of a hook."""
    context = here.server or Context(
        here.workspace, seat=Seat(here.seat, None), store=FileStore(here.workspace, patience=0)
    )
    summary = f"{here.seat}: at work"
    try:
        posts.post(context, posts.EventDraft("status", summary, task_id=task, meta={"source": "hook"}))
    except ToolkitError:
        return
