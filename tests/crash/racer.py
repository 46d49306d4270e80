"""A process that logs and claims as fast as it can and says each fact once it was acknowledged."""

from __future__ import annotations

import sys
from datetime import datetime

from tests.acting import context_of
from tools.core import clock, ids
from tools.core.bus import claims
from tools.core.bus.rules import claim_rules
from tools.core.errors import ToolkitError
from tools.core.models.bus import CLAIMS, EVENTS, MESSAGES, Event, Message, stream_of
from tools.core.models.record import to_mapping
from tools.core.receipts.write import write_stamped
from tools.core.seats.seat import Seat
from tools.core.store.api import Append
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace


def main(top: str, agent: str) -> None:
    """Writes until the disk refuses, then exits 7."""
    workspace = Workspace(top, top)
    files = FileStore(workspace)
    try:
        for count in range(1_000_000):
            print(write(workspace, files, agent, count), flush=True)
    except (ToolkitError, OSError):
        sys.exit(7)


def write(workspace: Workspace, files: FileStore, agent: str, count: int) -> str:
    """One write of one of four kinds; the fact that must survive."""
    now = clock.now()
    if count % 4 == 0:
        return event(workspace, files, agent, now)
    if count % 4 == 1:
        return message(workspace, files, agent, now)
    if count % 4 == 2:
        return claim(workspace, files, agent, now)
    return evidence(workspace, agent, now)


def event(workspace: Workspace, files: FileStore, agent: str, now: datetime) -> str:
    """One record in one log."""
    record = Event(id=ids.new_record_id(), ts=clock.to_text(now), agent_id=agent, event="note", summary="a note")
    files.commit([Append(EVENTS, to_mapping(record))])
    return record.id


def message(workspace: Workspace, files: FileStore, agent: str, now: datetime) -> str:
    """One record in two logs, as with `--target`."""
    record = Message(
        id=ids.new_record_id(), ts=clock.to_text(now), sender=agent, type="note", task_id="T", summary="a word"
    )
    streams = [stream_of(name) for name in ("T", ids.inbox_of(agent))]
    files.commit([Append(stream, to_mapping(record)) for stream in streams])
    return record.id


def claim(workspace: Workspace, files: FileStore, agent: str, now: datetime) -> str:
    """A claim of a task of its own, and its event."""
    task = f"{agent}-{ids.new_record_id()}"
    claims.take(
        context_of(workspace=workspace, store=files, seat=Seat(agent, None), now=now),
        claim_rules.Request(task, agent),
    )
    return f"claim:{task}"


def evidence(workspace: Workspace, agent: str, now: datetime) -> str:
    """A receipt of its own."""
    place = write_stamped(workspace.agent_report(agent), "proof", ".txt", agent.encode(), now)
    return f"file:{place.name}"


def facts(top: str) -> set[str]:
    """Everything of the above that is there now."""
    workspace = Workspace(top, top)
    files = FileStore(workspace)
    files.recover()
    found = {f"claim:{name}" for name in files.names(CLAIMS)}
    streams = [EVENTS, *(stream_of(name) for name in files.names(MESSAGES))]
    for stream in streams:
        found |= {str(stored.record["id"]) for stored in files.read(stream).records}
    for folder in workspace_reports(workspace):
        found.add(folder)
    return found


def workspace_reports(workspace: Workspace) -> set[str]:
    """The evidence that is there whole."""
    from pathlib import Path

    top = Path(workspace.root)
    proofs = (top / "_report").glob("agent/*/proof-*")
    return {f"file:{path.relative_to(top)}" for path in proofs if path.read_text() == path.parent.name}
