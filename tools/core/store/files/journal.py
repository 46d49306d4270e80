"""The redo journal as bytes: the intent of a transaction, with its version and a checksum over all of it.

A journal that a newer toolkit wrote may hold changes this one does not know. Half of it done and the rest
thrown away would be worse than any wait, so it is left where it is and named. One that is damaged was
put in place whole and has changed since: nothing of it is done, and `bus_repair` sets it aside.
"""

from __future__ import annotations

from tools.core import hint, versions
from tools.core.errors import DataError, UsageError
from tools.core.fs import files, jsonl
from tools.core.hashing import sha256_hex
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.store.files.transaction import Transaction
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_CHANGES = frozenset({"appends", "documents"})
_KEYS = (frozenset({"name", "mark", "records"}), frozenset({"name", "expected", "content"}))


class UnknownJournalError(DataError):
    """The journal is of a toolkit that is not this one."""


def dump(plan: Transaction) -> bytes:
    """A transaction as the journal that redoes it."""
    intent = plan.as_journal()
    return files.dump_json({"version": versions.JOURNAL, "sha256": _checksum(intent), **intent})


def load(workspace: Workspace, data: bytes) -> Transaction:
    """The transaction of a journal; UnknownJournalError for one to be left alone, DataError for a damaged one."""
    name = workspace.journal.name
    try:
        intent = files.parse_object(data, name)
    except DataError as error:
        raise _damaged(name, str(error)) from error
    _refuse_unknown(name, intent)
    changes = {key: intent[key] for key in _CHANGES if key in intent}
    if "version" in intent and intent.get("sha256") != _checksum(changes):
        raise _damaged(name, "its checksum is of other changes")
    try:
        plan = Transaction.from_journal(workspace, changes)
        for _, records in plan.streams:
            for record in records:
                jsonl.encode({**record, "prev": "0" * 16})
    except (UsageError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(name, str(error)) from error
    return plan


def _refuse_unknown(name: str, intent: Mapping[str, Any]) -> None:
    """The first toolkits wrote no version; what they wrote is known all the same."""
    version = intent.get("version", versions.JOURNAL)
    strange = {*intent} - _CHANGES - {"version", "sha256"}
    for key, keys in zip(sorted(_CHANGES), _KEYS, strict=True):
        parts = intent.get(key)
        for part in parts if isinstance(parts, list) else ():
            strange |= {*part} - keys if isinstance(part, dict) else set()
    if version == versions.JOURNAL and not strange:
        return
    kind = (
        f"version {version!r}" if version != versions.JOURNAL else f"changes that are unknown here: {sorted(strange)}"
    )
    raise UnknownJournalError(
        Problem(
            name,
            1,
            f"a journal of another toolkit ({kind[:80]}); the toolkit that wrote it must finish it",
            "bus.journal",
        ),
        hint=hint.program("cat", "--", name),
    )


def _damaged(name: str, reason: str) -> DataError:
    problem = Problem(name, 1, f"not a journal of this toolkit ({reason})", "bus.journal")
    return DataError(problem, hint=hint.tool("maintenance.bus_repair"))


def _checksum(changes: Mapping[str, Any]) -> str:
    return sha256_hex(jsonl.spelled(changes))
