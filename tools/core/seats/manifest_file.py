"""The file that says whose seat a checkout is: its bytes, behind a link or not."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from tools.core import ids
from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.models.lenient import text_of
from tools.core.problem import Problem
from tools.core.seats.seat import MAX_MANIFEST
from tools.core.workspace import MANIFEST, Place, Workspace


class ManifestFile(NamedTuple):
    """The content of a manifest's path: its bytes, and a link's target; both None when nothing is there."""

    data: bytes | None
    link: str | None

    @property
    def is_there(self) -> bool:
        """Whether there is anything, even a dangling link."""
        return self.data is not None or self.link is not None


def manifest_file(workspace: Workspace) -> ManifestFile:
    """What the checkout's manifest holds."""
    path = workspace.in_root(MANIFEST).path
    return ManifestFile(bytes_at(path), os.readlink(path) if os.path.islink(path) else None)


def bytes_at(path: str) -> bytes | None:
    """A manifest's bytes, links followed; None where there are none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise files.not_a_file(Place(*os.path.split(path)), problem) from problem
    try:
        data = os.read(descriptor, MAX_MANIFEST + 1)
    except OSError as problem:  # a folder opens, and cannot be read
        raise files.not_a_file(Place(*os.path.split(path)), problem) from problem
    finally:
        os.close(descriptor)
    if len(data) > MAX_MANIFEST:
        reason = f"more than {MAX_MANIFEST} bytes"
        raise DataError(Problem(os.path.basename(path), 1, reason, "file.size"))
    return data


def write(workspace: Workspace, new: ManifestFile) -> None:
    """Writes the link again where its target still has the same bytes, else a regular file."""
    place = workspace.in_root(MANIFEST)
    if new.link is None or bytes_at(os.path.join(workspace.root, new.link)) != new.data:
        files.replace(place, new.data or b"")
        return
    aside = f"{place.path}.tmp"
    with suppress(FileNotFoundError):
        os.unlink(aside)
    with files.writable(place):
        os.symlink(new.link, aside)
        os.rename(aside, place.path)


def agent_in(data: bytes | None) -> str:
    """The agent that a manifest names; `unknown` where it names none."""
    try:
        agent = text_of(files.parse_object(data or b"", MANIFEST).get("agent_id"))
    except DataError:
        agent = ""
    return agent if ids.is_agent(agent) else "unknown"
