"""What setup has put where, in `<git's common folder>/teof/setup.json`, with a copy of each file as it was before.

The ledger is written before the files it speaks of, so that a run that dies is finished by the next one. It says
of a file that was not touched since how its bytes were before, and of any other what in it is ours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tools.core import hint
from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.hashing import sha256_hex
from tools.core.integrations.vendors.vendor import Entry, FileWish
from tools.core.workspace import Place

FOLDER = "teof"
CHANGED = "changed"
"""In place of the hash before: others have changed the file since, so that there is no such state any more."""

_VERSION = 1


@dataclass
class FileState:
    """One file: its owners' wishes, its hash before and after, and what there was before us."""

    wishes: dict[str, FileWish]
    before: str | None = None
    after: str | None = None
    backup: str = ""
    had: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


@dataclass
class Ledger:
    """All that setup did in one clone."""

    options: dict[str, Any] = field(default_factory=dict)
    clis: list[str] = field(default_factory=list)
    files: dict[str, FileState] = field(default_factory=dict)
    programs: dict[str, list[list[list[str]]]] = field(default_factory=dict)
    version: int = _VERSION


def place(common: str) -> Place:
    """Where the ledger is."""
    return Place(common, f"{FOLDER}/setup.json")


def read(common: str) -> Ledger:
    """The ledger; an empty one where nothing was set up, DataError for damage or one of a newer toolkit."""
    raw = files.read_json(place(common))
    if raw is None:
        return Ledger()
    path = place(common).path
    if raw.get("version") != _VERSION:
        raise DataError(
            f"{path}:1: a ledger of another version of this toolkit",
            code="setup.ledger",
            hint=hint.program("ls", "-l", path),
        )
    try:
        return _from(raw)
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise DataError(
            f"{path}:1: not a ledger of setup: {problem!r}", code="setup.ledger", hint=hint.program("ls", "-l", path)
        ) from problem


def write(common: str, ledger: Ledger) -> None:
    """Replaces the ledger; durable on return."""
    document = {
        "version": ledger.version,
        "options": ledger.options,
        "clis": ledger.clis,
        "programs": ledger.programs,
        "files": {path: _state_document(state) for path, state in sorted(ledger.files.items())},
    }
    data = files.dump_json(document)
    if files.read_bytes(place(common)) != data:
        files.replace(place(common), data)


def close(common: str, ledger: Ledger) -> None:
    """Writes what the ledger says in the end; takes it away once nothing is set up any more."""
    if ledger.clis or ledger.files or ledger.programs:
        write(common, ledger)
    else:
        remove(common)


def remove(common: str) -> None:
    """Takes the ledger and the copies away, once nothing is set up any more.

    The ledger goes first: one that names a copy which is gone could not bring a file back.
    """
    files.remove(place(common))
    for copy in files.names_in(Place(common, f"{FOLDER}/backup")):
        files.remove(Place(common, f"{FOLDER}/backup/{copy}"))
    sweep(common)
    for folder in _folders(common):
        with suppress(OSError):
            os.rmdir(folder)


def sweep(common: str) -> None:
    """Removes what runs that died were building here; under the clone's lock nobody else builds anything."""
    for folder in _folders(common):
        with suppress(OSError):
            for name in os.listdir(folder):
                if name.startswith(".") and name.endswith(".tmp"):
                    os.unlink(f"{folder}/{name}")


def _folders(common: str) -> tuple[str, str]:
    return f"{common}/{FOLDER}/backup", f"{common}/{FOLDER}"


def keep(common: str, path: str, data: bytes) -> str:
    """Keeps a copy of a file as it was; returns the copy's name."""
    name = f"{os.path.basename(path).lstrip('.')}-{sha256_hex(path.encode())[:12]}"
    files.replace(Place(common, f"{FOLDER}/backup/{name}"), data)
    return name


def kept(common: str, state: FileState) -> bytes | None:
    """The copy of a file as it was; None where there was none, or where the copy is not the one that was made."""
    data = files.read_bytes(Place(common, f"{FOLDER}/backup/{state.backup}")) if state.backup else None
    return data if data is not None and sha256_hex(data) == state.before else None


def _state_document(state: FileState) -> dict[str, Any]:
    return {
        "wishes": {owner: wish_document(wish) for owner, wish in state.wishes.items()},
        "before": state.before,
        "after": state.after,
        "backup": state.backup,
        "had": state.had,
        "folders": state.folders,
    }


def wish_document(wish: FileWish) -> dict[str, Any]:
    """A wish as JSON has it."""
    entries = [
        {"path": list(part.path), "value": part.value, "items": list(part.items), "initial": list(part.initial)}
        for part in wish.entries
    ]
    return {"path": wish.path, "form": wish.form, "entries": entries, "text": wish.text, "is_private": wish.is_private}


def _from(raw: Mapping[str, Any]) -> Ledger:
    states = {path: _state_from(state) for path, state in raw["files"].items()}
    return Ledger(dict(raw["options"]), list(raw["clis"]), states, dict(raw["programs"]))


def _state_from(raw: Mapping[str, Any]) -> FileState:
    wishes = {owner: _wish_from(wish) for owner, wish in raw["wishes"].items()}
    return FileState(wishes, raw["before"], raw["after"], raw["backup"], list(raw["had"]), list(raw["folders"]))


def _wish_from(raw: Mapping[str, Any]) -> FileWish:
    return FileWish(raw["path"], raw["form"], tuple(map(_entry_from, raw["entries"])), raw["text"], raw["is_private"])


def _entry_from(raw: Mapping[str, Any]) -> Entry:
    return Entry(tuple(raw["path"]), raw["value"], _items(raw["items"]), _items(raw["initial"]))


def _items(values: Sequence[object]) -> tuple[object, ...]:
    return tuple(values)
