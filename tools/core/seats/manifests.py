"""Activating seats: variants of the manifest, and numbered backups.

An activation replaces a link instead of writing through it, so it never writes into another seat's
file. The manifest it replaces goes to a backup, or is kept aside, unless another file already has
the same bytes. Everything changes under the checkout's lock.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from tools.core import hint, ids
from tools.core.errors import ConflictError, DataError, GuardError, UsageError
from tools.core.fs import files, locks
from tools.core.models.lenient import manifest_from
from tools.core.models.manifest import Manifest
from tools.core.problem import Problem
from tools.core.receipts.write import create_document
from tools.core.seats.manifest_file import ManifestFile, agent_in, bytes_at, manifest_file, write
from tools.core.text import secrets
from tools.core.workspace import (
    MANIFEST,
    MANIFEST_BACKUPS,
    MANIFEST_SAMPLES,
    Place,
    Workspace,
)

_VARIANT = re.compile(r"AGENT_MANIFEST\.(.+)\.json")
_BACKUP = re.compile(r"(\d{4,})-(.+)\.(?:json|link)")


class Variant(NamedTuple):
    """A seat's manifest that can be activated, and its place."""

    agent_id: str
    place: Place
    data: bytes
    manifest: Manifest


class Activation(NamedTuple):
    """A manifest that was put in place; `kept` is the copy of the one before it, "" where none was needed."""

    agent_id: str
    source: str
    kept: str
    changed: bool


# -- variants ------------------------------------------------------------------------------------


def variant_name(agent: str) -> str:
    """The file name of a seat's own manifest."""
    return f"AGENT_MANIFEST.{agent}.json"


def agent_named(text: str) -> str:
    """The agent of an id or of a variant's file name; UsageError for anything else, paths included."""
    match = _VARIANT.fullmatch(text)
    return ids.require_agent(match[1] if match else text)


def variants(workspace: Workspace) -> tuple[list[Variant], list[Problem]]:
    """All seats' manifests, those of the checkout first, and what is wrong with each that cannot be read."""
    listed, problems = [], []
    for folder in _folders(workspace):
        for name in _names(folder):
            agent = _VARIANT.fullmatch(name)
            if agent is None or not ids.is_agent(agent[1]):
                continue
            place = folder.child(name) if folder.name else Place(folder.base, name)
            try:
                listed.append(_read_variant(place, agent[1]))
            except (DataError, GuardError) as error:
                problems.append(error.problem_in(place.name))
    return listed, problems


def _folders(workspace: Workspace) -> Iterator[Place]:
    for base in dict.fromkeys((workspace.root, workspace.bus_root)):
        yield Place(base, "")
    yield workspace.in_root(MANIFEST_SAMPLES)


def _names(folder: Place) -> list[str]:
    if folder.name:
        return files.names_in(folder, ".json")
    try:
        return sorted(os.listdir(folder.base))
    except FileNotFoundError:
        return []


def _read_variant(place: Place, agent: str) -> Variant:
    data = bytes_at(place.path)
    if data is None:
        raise DataError(Problem(place.name, 1, "a link to a file that is not there", "seat.manifest"))
    manifest = manifest_from(files.parse_object(data, place.name))
    if manifest.agent_id != agent:
        raise GuardError(
            f"{place.name} is the manifest of {manifest.agent_id or 'no agent'}, not of {agent}",
            code="seat.variant",
            hint=hint.tool("agent.manifest_helper", "new", agent),
            details={"manifest_agent": manifest.agent_id, "agent": agent},
        )
    return Variant(agent, place, data, manifest)


def find(workspace: Workspace, name: str) -> Variant | None:
    """A seat's manifest: from the checkout, the bus root or the samples; refuses one of another agent."""
    agent = agent_named(name)
    for folder in _folders(workspace):
        place = Place(folder.base, f"{folder.name}/{variant_name(agent)}".lstrip("/"))
        if os.path.lexists(place.path):
            return _read_variant(place, agent)
    return None


def minimal(agent: str, roles: tuple[str, ...] = ()) -> bytes:
    """A manifest with the required fields only."""
    content: dict[str, object] = {"agent_id": agent, "branch_prefix": f"agent/{agent}/"}
    if roles:
        content["desired_roles"] = list(dict.fromkeys(roles))
    return files.dump_json(content)


def create(workspace: Workspace, agent: str, roles: tuple[str, ...]) -> Place:
    """Writes a new seat's manifest; ConflictError when there is one."""
    place = workspace.in_root(variant_name(ids.require_agent(agent)))
    with locks.hold(workspace.report):
        if os.path.lexists(place.path):
            raise ConflictError(
                f"{place.name} exists already",
                code="seat.exists",
                hint=hint.tool("agent.manifest_helper", "activate", agent),
            )
        create_document(place, minimal(agent, roles))
    return place


# -- activating ----------------------------------------------------------------------------------


def activate(workspace: Workspace, name: str, *, backup: bool = True) -> Activation:
    """Makes a seat the checkout's own, with a numbered backup of the one before."""
    variant = find(workspace, name)
    if variant is None:
        agent = agent_named(name)
        if agent_in(manifest_file(workspace).data) == agent:
            return Activation(agent, MANIFEST, "", changed=False)
        raise UsageError(
            f"there is no manifest of {agent}",
            code="seat.unknown",
            hint=hint.tool("agent.manifest_helper", "new", agent),
        )
    return put(workspace, variant.agent_id, ManifestFile(variant.data, None), source=variant.place.name, backup=backup)


def put(workspace: Workspace, agent: str, new: ManifestFile, *, source: str, backup: bool = True) -> Activation:
    """Puts a manifest in place; what was there is backed up, or kept where it is nowhere else."""
    new = new._replace(data=secrets.redact_bytes(new.data or b""))
    with locks.hold(workspace.report):
        current = manifest_file(workspace)
        if current.data == new.data and (new.link is None or new.link == current.link):
            return Activation(agent, source, "", changed=False)
        kept = _back_up(workspace, current) if backup else keep(workspace, current)
        _leave_variant(workspace, current, agent)
        write(workspace, new)
    return Activation(agent, source, kept, changed=True)


def _leave_variant(workspace: Workspace, current: ManifestFile, agent: str) -> None:
    """Leaves the seat that is replaced where it can be activated again, unless it has a file of its own."""
    replaced = agent_in(current.data)
    if current.data is None or current.link is not None or replaced in (agent, "unknown", ids.TEMPLATE_AGENT):
        return
    place = workspace.in_root(variant_name(replaced))
    if not os.path.lexists(place.path):
        files.create(place, current.data)


# -- backups -------------------------------------------------------------------------------------


def _backups(workspace: Workspace) -> list[tuple[int, str]]:
    """The numbers and stems of all backups, newest first."""
    names = [_BACKUP.fullmatch(name) for name in files.names_in(workspace.in_root(MANIFEST_BACKUPS))]
    return sorted({(int(name[1]), f"{name[1]}-{name[2]}") for name in names if name}, reverse=True)


def _back_up(workspace: Workspace, current: ManifestFile) -> str:
    if not current.is_there:
        return ""
    number = next((number for number, _ in _backups(workspace)), 0) + 1
    return _store(workspace.in_root(f"{MANIFEST_BACKUPS}/{number:04}-{agent_in(current.data)}"), current)


def _store(stem: Place, current: ManifestFile) -> str:
    if current.link is not None:
        files.replace(Place(stem.base, f"{stem.name}.link"), os.fsencode(current.link))
    if current.data is not None:
        files.replace(Place(stem.base, f"{stem.name}.json"), current.data)
    return stem.name + (".json" if current.data is not None else ".link")


def keep(workspace: Workspace, current: ManifestFile) -> str:
    """Sets a manifest aside, out of the order of backups, unless its bytes are in another file already."""
    if current.data is None or current.link is not None or current.data in _elsewhere(workspace):
        return ""
    for number in range(1, 100_000):
        place = workspace.in_root(f"{MANIFEST_BACKUPS}/kept-{agent_in(current.data)}-{number}.json")
        with suppress(FileExistsError):
            files.create(place, current.data)
            return place.name
    raise DataError(f"{MANIFEST_BACKUPS} is full of kept manifests", code="seat.backups")


def _elsewhere(workspace: Workspace) -> Iterator[bytes | None]:
    """The bytes of every other manifest of the checkout that no swap removes."""
    for name in _names(Place(workspace.root, "")):
        if _VARIANT.fullmatch(name):
            yield bytes_at(os.path.join(workspace.root, name))
    for name in files.names_in(workspace.in_root(MANIFEST_BACKUPS), ".json"):
        if name.startswith("kept-"):
            yield files.read_bytes(workspace.in_root(f"{MANIFEST_BACKUPS}/{name}"))


def restore(workspace: Workspace) -> Activation:
    """Takes back the newest backup and consumes it; UsageError when there is none."""
    with locks.hold(workspace.report):
        backups = _backups(workspace)
        if not backups:
            raise UsageError(
                "there is no backup to restore", code="seat.backup", hint=hint.tool("agent.manifest_helper", "list")
            )
        stem = workspace.in_root(f"{MANIFEST_BACKUPS}/{backups[0][1]}")
        parts = [Place(stem.base, f"{stem.name}.{kind}") for kind in ("json", "link")]
        data, link = (files.read_bytes(part) for part in parts)
        backup = ManifestFile(data, os.fsdecode(link) if link is not None else None)
        current = manifest_file(workspace)
        kept = keep(workspace, current) if current != backup else ""
        write(workspace, backup)
        for part in parts:
            files.remove(part)
    return Activation(agent_in(data), stem.name, kept, current != backup)
