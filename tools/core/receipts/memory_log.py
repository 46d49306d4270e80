"""The memory log, `memory/log.jsonl`: connects automation with approval; each entry's hash covers the last.

`hash_self` is the SHA-256 of the entry without it, as compact ASCII JSON with sorted keys; `hash_prev`
is the `hash_self` of the line before at the moment of writing, null where that line has none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from tools.core import clock, hashing, ids
from tools.core.fs import files, jsonl, locks
from tools.core.models.evidence import MemoryEntry
from tools.core.models.record import to_mapping
from tools.core.receipts.write import append_entry_locked
from tools.core.workspace import MEMORY_LOG, Place, Workspace


class Draft(NamedTuple):
    """An entry before its hashes; `ref` names what it is about, `cited` are receipts."""

    summary: str
    actor: str
    ref: str = ""
    task: str = ""
    cited: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()


def place(workspace: Workspace) -> Place:
    """Where the log is."""
    return workspace.in_root(MEMORY_LOG)


def hash_of(entry: Mapping[str, object]) -> str:
    """What an entry's `hash_self` must be."""
    hashed = {key: value for key, value in entry.items() if key != "hash_self"}
    return hashing.sha256_hex(json.dumps(hashed, sort_keys=True, separators=(",", ":")).encode())


def add(workspace: Workspace, draft: Draft, now: datetime) -> dict[str, object]:
    """Appends an entry that is chained to the last one, under the checkout's lock; returns it."""
    entry = MemoryEntry(
        ts=clock.to_text(now),
        run_id=f"{clock.file_stamp(now)}-{ids.new_record_id()[-8:].lower()}",
        summary=draft.summary,
        hash_prev=None,
        hash_self="",
        actor=draft.actor,
        ref=draft.ref,
        task=draft.task,
        artifacts=draft.artifacts,
        receipts=draft.cited,
    )
    with locks.hold(workspace.report):
        raw = {**to_mapping(entry), "hash_prev": last_hash(place(workspace))}
        return append_entry_locked(place(workspace), raw, lambda written: {**written, "hash_self": hash_of(written)})


def last_hash(log: Place) -> str | None:
    """The hash of the log's last entry; None when there is none, or when it has none."""
    with suppress(FileNotFoundError), files.opened(log, os.O_RDONLY) as descriptor:
        last = jsonl.last_line(descriptor)
        if last is not None:
            with suppress(ValueError):
                digest = jsonl.parse(last.raw).get("hash_self")
                return digest if isinstance(digest, str) else None
    return None
