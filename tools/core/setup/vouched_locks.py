"""Locks of a file system that is trusted on somebody's word: kept for that kind of file system, and recorded."""

from __future__ import annotations

import os
from datetime import datetime

from tools.core import clock, hint
from tools.core.errors import UsageError
from tools.core.fs import files, local_locks
from tools.core.models.evidence import Warning
from tools.core.receipts.write import record_warning
from tools.core.workspace import Workspace

ALLOWED = "file_system_allowed"
"""The code of the warning that locks are trusted on somebody's word."""


def vouch(workspace: Workspace, agent: str, reason: str, now: datetime) -> str:
    """Trusts the locks of the file system that the bus is on; the sentence that says so, "" where nothing needs it.

    Takes no lock before, as there is none to be trusted yet.
    """
    if not reason:
        raise UsageError(
            "--allow-file-system needs --reason", code="init.reason", hint=hint.again("--reason", hint.WORDS)
        )
    if not agent:
        raise UsageError("somebody has to vouch for it", code="init.agent", hint=hint.again("--agent", hint.WORDS))
    descriptor = os.open(workspace.bus_root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        kind = local_locks.kind_of(descriptor)
    finally:
        os.close(descriptor)
    if not local_locks.is_shared(kind) or local_locks.allowed(workspace.bus) == kind:
        return ""
    stamp = clock.to_text(now)
    content = {"file_system": kind, "agent_id": agent, "reason": reason, "ts": stamp}
    files.replace(local_locks.kept_place(workspace.bus), files.dump_json(content))
    message = f"trusts the locks of {kind}, where {workspace.bus.path} is"
    record_warning(workspace, Warning(ts=stamp, agent_id=agent, code=ALLOWED, message=message, reason=reason))
    return message
