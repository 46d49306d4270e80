"""Evidence under `_report/` and documents of the checkout: without secrets, and synced before they are cited.

What is written here is redacted here and nowhere before: a document value by value, because a secret
that ends a text must not take the text's quotes with it.
"""

from __future__ import annotations

import os

from tools.core import clock
from tools.core.clock import datetime
from tools.core.errors import DataError
from tools.core.fs import files, jsonl, locks
from tools.core.models.record import to_mapping
from tools.core.plain import TYPE_CHECKING, Iterator, Mapping
from tools.core.text import secrets
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:  # who records one has made it
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from tools.core.models.evidence import Refusal, Warning

Content: TypeAlias = "bytes | Mapping[str, object] | Sequence[Mapping[str, object]]"
"""The content of a file: bytes, a JSON document, or the records of JSON Lines."""


def replace_document(place: Place, content: Content | Iterator[bytes]) -> None:
    """Puts a file in place whole, under a lock; large content comes in parts that no secret spans."""
    files.replace(place, map(secrets.redact_bytes, content) if isinstance(content, Iterator) else _clean(content))


def create_document(place: Place, content: Content) -> None:
    """Puts a new file in place whole; FileExistsError when the name is taken."""
    files.create(place, _clean(content))


def _clean(content: Content) -> bytes:
    if isinstance(content, bytes):
        return secrets.redact_bytes(content)
    if isinstance(content, Mapping):
        return files.dump_json(secrets.redact_value(content))
    return b"".join(jsonl.encode(secrets.redact_value(record)) + b"\n" for record in content)


def write_new(folder: Place, stem: str, suffix: str, content: Content) -> Place:
    """Writes evidence under a new name: `<stem><suffix>`, else with `-2`, `-3` …"""
    data = _clean(content)
    for number in range(1, 100_000):
        place = folder.child(f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        try:
            files.create(place, data)
        except FileExistsError:
            continue
        return place
    raise DataError(f"{folder.name} has too many files named {stem}", code="receipt.names")


def write_stamped(folder: Place, prefix: str, suffix: str, content: Content, now: datetime) -> Place:
    """Writes evidence named by its moment: `<prefix>-<stamp><suffix>`."""
    return write_new(folder, f"{prefix}-{clock.file_stamp(now)}", suffix, content)


def append_entry(workspace: Workspace, place: Place, entry: Any) -> None:
    """Appends one line to a log of the checkout, under its lock; durable on return."""
    with locks.hold(workspace.report):
        append_entry_locked(place, entry if isinstance(entry, dict) else to_mapping(entry))


def append_entry_locked(
    place: Place,
    entry: Mapping[str, object],
    seal: Callable[[dict[str, object]], dict[str, object]] = dict,
) -> dict[str, object]:
    """Appends one line to a log whose lock the caller holds; durable on return; returns what was written.

    `seal` adds what depends on the redacted entry, such as a hash.
    """
    written = seal(secrets.redact_value(entry))
    raw = jsonl.encode(written) + b"\n"
    with files.folder_of(place, create=True) as folder, files.writable(place):
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        descriptor = files.open_in(folder, place, flags)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                raw = b"\n" + raw  # keeps an unfinished line of another writer apart
            files.write_whole(descriptor, raw)
            os.fsync(descriptor)
            if not size:
                os.fsync(folder)
        finally:
            os.close(descriptor)
    return written


def record_warning(workspace: Workspace, warning: Warning, *, has_lock: bool = False) -> Place:
    """Records an override that was used (design §2, promise 6); `has_lock` where the caller holds the checkout's."""
    place = workspace.agent_report(warning.agent_id).child("session_guard/warnings.jsonl")
    if has_lock:
        append_entry_locked(place, to_mapping(warning))
    else:
        append_entry(workspace, place, warning)
    return place


def record_refusal(workspace: Workspace, refusal: Refusal) -> Place:
    """Records what the claim guard refused."""
    place = workspace.agent_report(refusal.agent_id).child("errors.jsonl")
    append_entry(workspace, place, refusal)
    return place


def citation_of(workspace: Workspace, path: str) -> tuple[str, bool]:
    """A receipt as records cite it, and whether it is there; UsageError outside the repository."""
    plain, _, fragment = path.partition("#")
    name = workspace.relative(plain)
    bases = (workspace.root, workspace.bus_root)
    is_there = any(os.path.lexists(os.path.join(base, name)) for base in bases)
    return (f"{name}#{fragment}" if fragment else name), is_there


def citations_of(workspace: Workspace, paths: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Receipts as records cite them, each once, and those that are not there."""
    names: dict[str, bool] = {}
    for path in paths:
        name, is_there = citation_of(workspace, path)
        names[name] = is_there
    return tuple(names), [name for name, is_there in names.items() if not is_there]
