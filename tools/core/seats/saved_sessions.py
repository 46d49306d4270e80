"""Saved sessions: a manifest with the branch and commit it worked on, under a label.

They restore exactly. Nothing but a session's own two files is ever removed.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import NamedTuple

from tools.core import clock, hint, ids
from tools.core.errors import ConflictError, DataError, GuardError, UsageError
from tools.core.fs import files, locks
from tools.core.git import changes, checkout, refs
from tools.core.git.branches import current_branch
from tools.core.models.lenient import text_of
from tools.core.problem import Problem
from tools.core.receipts.write import replace_document
from tools.core.seats import manifests
from tools.core.seats.manifest_file import ManifestFile, agent_in, bytes_at
from tools.core.text import secrets
from tools.core.workspace import BUS, MANIFEST_SESSIONS, REPORT, Place, Workspace

_OWN = (BUS, REPORT, "AGENT_MANIFEST*.json")


class Session(NamedTuple):
    """A saved session: who worked where."""

    label: str
    agent_id: str
    branch: str
    commit: str
    saved_at: str


class Position(NamedTuple):
    """The branch and commit that a session works on; "" for a detached HEAD or an empty repository."""

    branch: str
    commit: str


def _session_place(workspace: Workspace, label: str, name: str) -> Place:
    return workspace.in_root(f"{MANIFEST_SESSIONS}/{ids.require_task(label, 'label')}/{name}")


def save(workspace: Workspace, label: str, path: str, position: Position, now: datetime, *, force: bool) -> Session:
    """Saves the manifest at a path with branch and commit; ConflictError when the label is in use.

    A manifest without its session.json is an interrupted save: it is not a session and is kept aside.
    """
    place = _session_place(workspace, label, "manifest.json")
    data = secrets.redact_bytes(bytes_at(path) or b"")
    link = os.readlink(path) if os.path.islink(path) else None
    saved = Session(label, agent_in(data), *position, clock.to_text(now))
    with locks.hold(workspace.report):
        before = files.read_bytes(place)
        in_use = before is not None and files.exists(_session_place(workspace, label, "session.json"))
        if in_use and not force and not _is_same(workspace, label, before, saved, data):
            raise ConflictError(
                f"the label {label} is in use",
                code="session.exists",
                hint=hint.again("--force"),
            )
        if before not in (None, data):
            manifests.keep(workspace, ManifestFile(before, None))
        files.replace(place, data)
        content = {**saved._asdict(), **({"link": link} if link is not None else {})}
        replace_document(_session_place(workspace, label, "session.json"), content)
    return saved


def _is_same(workspace: Workspace, label: str, before: bytes | None, saved: Session, data: bytes) -> bool:
    last = named(workspace, label)
    return before == data and (last.branch, last.commit) == (saved.branch, saved.commit)


def named(workspace: Workspace, label: str) -> Session:
    """A saved session; UsageError when there is none of that label."""
    content = files.read_json(_session_place(workspace, label, "session.json"))
    if content is None:
        raise UsageError(
            f"there is no saved session {label!r}",
            code="session.unknown",
            hint=hint.tool("agent.manifest_helper", "session-list"),
        )
    texts = {name: text_of(content.get(name)) for name in Session._fields}
    return Session(**{**texts, "label": label})


def all_sessions(workspace: Workspace) -> tuple[list[Session], list[Problem]]:
    """All saved sessions, oldest first, and what is wrong with each that cannot be read."""
    sessions, problems = [], []
    for label in files.names_in(workspace.in_root(MANIFEST_SESSIONS)):
        try:
            sessions.append(named(workspace, label))
        except (DataError, UsageError) as error:
            problems.append(error.problem_in(f"{MANIFEST_SESSIONS}/{label}"))
    return sorted(sessions, key=lambda saved: (saved.saved_at, saved.label)), problems


def restore(workspace: Workspace, label: str) -> manifests.Activation:
    """Puts a saved session's manifest in place, with a backup of the one before."""
    saved = named(workspace, label)
    place = _session_place(workspace, label, "manifest.json")
    data = files.read_bytes(place)
    if data is None:
        raise DataError(Problem(place.name, 1, "missing", "session.damaged"))
    content = files.read_json(_session_place(workspace, label, "session.json")) or {}
    link = content.get("link")
    manifest = ManifestFile(data, link if isinstance(link, str) else None)
    return manifests.put(workspace, saved.agent_id, manifest, source=place.name)


def delete(workspace: Workspace, label: str) -> bool:
    """Removes a saved session's own two files; whether its folder went too."""
    named(workspace, label)
    with locks.hold(workspace.report):
        for name in ("session.json", "manifest.json"):
            files.remove(_session_place(workspace, label, name))
        folder = _session_place(workspace, label, "x")
        with files.folder_of(Place(folder.base, os.path.dirname(folder.name))) as sessions_folder:
            try:
                os.rmdir(label, dir_fd=sessions_folder)
            except OSError:  # it has other files
                return False
    return True


def switch_to(workspace: Workspace, saved: Session) -> None:
    """Checks out a saved session's branch (its commit where it had none); git refuses to lose changes.

    Work in progress is not carried to another branch: GuardError.
    """
    if not saved.commit and not saved.branch:
        return
    if saved.branch == (current_branch(workspace.root) or "") and (
        saved.branch or saved.commit == refs.commit_of(workspace.root, "HEAD")
    ):
        return
    changed = changes.since(workspace.root, "HEAD", changes.outside(_OWN))
    if changed:
        raise GuardError(
            f"work in progress would be carried to {saved.branch or saved.commit[:10]}: {changed[0]}",
            code="session.dirty",
            hint=hint.again("--manifest-only"),
        )
    checkout.switch(workspace.root, branch=saved.branch, commit=saved.commit)
