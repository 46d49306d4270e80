"""Swapping seats: variants, numbered backups and saved sessions of the manifest.

What is put in place replaces a link instead of being written through it, so that one seat's swap
never writes into another seat's file; and what is replaced is in a backup, or is kept, unless the
same bytes are in another file already. Everything changes under the checkout's lock.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from tools.core import clock, files, git, ids, locks, seats
from tools.core.errors import ConflictError, DataError, GuardError, UsageError
from tools.core.records import Manifest, manifest_from, text_of
from tools.core.workspace import (
    BUS,
    MANIFEST,
    MANIFEST_BACKUPS,
    MANIFEST_SAMPLES,
    MANIFEST_SESSIONS,
    REPORT,
    Place,
    Workspace,
    current_branch,
)

_VARIANT = re.compile(r"AGENT_MANIFEST\.(.+)\.json")
_OWN = tuple(f":(exclude){name}" for name in (BUS, REPORT, "AGENT_MANIFEST*.json"))
_BACKUP = re.compile(r"(\d{4,})-(.+)\.(?:json|link)")


class Variant(NamedTuple):
    """A seat's manifest that can be activated, and where it lies."""

    agent_id: str
    place: Place
    data: bytes
    manifest: Manifest


class Held(NamedTuple):
    """What a manifest's path holds: bytes, and the link's text where it is one; both None for nothing."""

    data: bytes | None
    link: str | None

    @property
    def is_there(self) -> bool:
        """Whether there is anything, be it a link that leads nowhere."""
        return self.data is not None or self.link is not None


class Swap(NamedTuple):
    """A manifest that was put in place; `kept` is where the one before it went, "" where that was not needed."""

    agent_id: str
    source: str
    kept: str
    changed: bool


class Session(NamedTuple):
    """A saved session: who worked where."""

    label: str
    agent_id: str
    branch: str
    commit: str
    saved_at: str


# -- variants ------------------------------------------------------------------------------------


def variant_name(agent: str) -> str:
    """The file name of a seat's own manifest."""
    return f"AGENT_MANIFEST.{agent}.json"


def agent_named(text: str) -> str:
    """The agent that an id or a variant's name stands for; UsageError for anything else, paths included."""
    found = _VARIANT.fullmatch(text)
    return ids.require_agent(found[1] if found else text)


def variants(workspace: Workspace) -> tuple[list[Variant], list[str]]:
    """All seats' manifests, those of the checkout first, and one line for each that cannot be read."""
    found, problems = [], []
    for folder in _folders(workspace):
        for name in _names(folder):
            agent = _VARIANT.fullmatch(name)
            if agent is None or not ids.is_agent(agent[1]):
                continue
            try:
                found.append(_read_variant(folder.child(name) if folder.name else Place(folder.base, name), agent[1]))
            except (DataError, GuardError) as problem:
                problems.append(problem.message)
    return found, problems


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
    data = _bytes_at(place.path)
    if data is None:
        raise DataError(f"{place.name}:1: a link to a file that is not there", code="seat.manifest")
    manifest = manifest_from(files.parse_object(data, place.name))
    if manifest.agent_id != agent:
        raise GuardError(
            f"{place.name} is the manifest of {manifest.agent_id or 'nobody'}, not of {agent}",
            code="seat.variant",
            hint=f"python -m tools.agent.manifest_helper new {agent}",
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
    """A manifest that says no more than it must."""
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
                hint=f"python -m tools.agent.manifest_helper activate {agent}",
            )
        files.create(place, minimal(agent, roles))
    return place


# -- swapping ------------------------------------------------------------------------------------


def activate(workspace: Workspace, name: str, *, backup: bool = True) -> Swap:
    """Makes a seat the checkout's own, with a numbered backup of the one before."""
    found = find(workspace, name)
    if found is None:
        agent = agent_named(name)
        raise UsageError(
            f"there is no manifest of {agent}",
            code="seat.unknown",
            hint=f"python -m tools.agent.manifest_helper new {agent}",
        )
    return put(workspace, found.agent_id, Held(found.data, None), source=found.place.name, backup=backup)


def put(workspace: Workspace, agent: str, wanted: Held, *, source: str, backup: bool = True) -> Swap:
    """Puts a manifest in place; what was there is backed up, or kept where it is nowhere else."""
    with locks.hold(workspace.report):
        current = held(workspace)
        if current.data == wanted.data and (wanted.link is None or wanted.link == current.link):
            return Swap(agent, source, "", False)
        kept = _back_up(workspace, current) if backup else _keep(workspace, current)
        _write(workspace, wanted)
    return Swap(agent, source, kept, True)


def held(workspace: Workspace) -> Held:
    """What the checkout's manifest holds."""
    path = workspace.in_root(MANIFEST).path
    return Held(_bytes_at(path), os.readlink(path) if os.path.islink(path) else None)


def _bytes_at(path: str) -> bytes | None:
    """A manifest's bytes, links followed; None where there are none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise files.not_a_file(Place(*os.path.split(path)), problem) from problem
    try:
        data = os.read(descriptor, seats.MAX_MANIFEST + 1)
    except OSError as problem:  # a folder opens, and cannot be read
        raise files.not_a_file(Place(*os.path.split(path)), problem) from problem
    finally:
        os.close(descriptor)
    if len(data) > seats.MAX_MANIFEST:
        raise DataError(f"{os.path.basename(path)}: more than {seats.MAX_MANIFEST} bytes", code="file.size")
    return data


def _write(workspace: Workspace, wanted: Held) -> None:
    """As the link it was, where that leads to the same bytes still; else as a file of its own."""
    place = workspace.in_root(MANIFEST)
    if wanted.link is None or _bytes_at(os.path.join(workspace.root, wanted.link)) != wanted.data:
        files.replace(place, wanted.data or b"")
        return
    aside = f"{place.path}.tmp"
    with suppress(FileNotFoundError):
        os.unlink(aside)
    with files.writable(place):
        os.symlink(wanted.link, aside)
        os.rename(aside, place.path)


def _agent_in(data: bytes | None) -> str:
    try:
        agent = text_of(files.parse_object(data or b"", MANIFEST).get("agent_id"))
    except DataError:
        agent = ""
    return agent if ids.is_agent(agent) else "unknown"


# -- backups -------------------------------------------------------------------------------------


def _backups(workspace: Workspace) -> list[tuple[int, str]]:
    """The numbers and stems of all backups, newest first."""
    names = [_BACKUP.fullmatch(name) for name in files.names_in(workspace.in_root(MANIFEST_BACKUPS))]
    return sorted({(int(name[1]), f"{name[1]}-{name[2]}") for name in names if name}, reverse=True)


def _back_up(workspace: Workspace, current: Held) -> str:
    if not current.is_there:
        return ""
    number = next((number for number, _ in _backups(workspace)), 0) + 1
    return _store(workspace.in_root(f"{MANIFEST_BACKUPS}/{number:04}-{_agent_in(current.data)}"), current)


def _store(stem: Place, current: Held) -> str:
    if current.link is not None:
        files.replace(Place(stem.base, f"{stem.name}.link"), os.fsencode(current.link))
    if current.data is not None:
        files.replace(Place(stem.base, f"{stem.name}.json"), current.data)
    return stem.name + (".json" if current.data is not None else ".link")


def _keep(workspace: Workspace, current: Held) -> str:
    """Sets a manifest aside, out of the order of backups, unless its bytes are in another file already."""
    if current.data is None or current.link is not None or current.data in _elsewhere(workspace):
        return ""
    for number in range(1, 100_000):
        place = workspace.in_root(f"{MANIFEST_BACKUPS}/kept-{_agent_in(current.data)}-{number}.json")
        with suppress(FileExistsError):
            files.create(place, current.data)
            return place.name
    raise DataError(f"{MANIFEST_BACKUPS} is full of kept manifests", code="seat.backups")


def _elsewhere(workspace: Workspace) -> Iterator[bytes | None]:
    """The bytes of every other manifest of the checkout that no swap removes."""
    for name in _names(Place(workspace.root, "")):
        if _VARIANT.fullmatch(name):
            yield _bytes_at(os.path.join(workspace.root, name))
    for name in files.names_in(workspace.in_root(MANIFEST_BACKUPS), ".json"):
        if name.startswith("kept-"):
            yield files.read_bytes(workspace.in_root(f"{MANIFEST_BACKUPS}/{name}"))


def restore(workspace: Workspace) -> Swap:
    """Takes back the newest backup and consumes it; UsageError when there is none."""
    with locks.hold(workspace.report):
        found = _backups(workspace)
        if not found:
            raise UsageError("there is no backup to restore", code="seat.backup", hint="ls .manifest_backups")
        stem = workspace.in_root(f"{MANIFEST_BACKUPS}/{found[0][1]}")
        parts = [Place(stem.base, f"{stem.name}.{kind}") for kind in ("json", "link")]
        data, link = (files.read_bytes(part) for part in parts)
        wanted = Held(data, os.fsdecode(link) if link is not None else None)
        current = held(workspace)
        kept = _keep(workspace, current) if current != wanted else ""
        _write(workspace, wanted)
        for part in parts:
            files.remove(part)
    return Swap(_agent_in(data), stem.name, kept, current != wanted)


# -- saved sessions ------------------------------------------------------------------------------


def _session_place(workspace: Workspace, label: str, name: str) -> Place:
    return workspace.in_root(f"{MANIFEST_SESSIONS}/{ids.require_task(label, 'label')}/{name}")


def save(
    workspace: Workspace, label: str, path: str, *, branch: str, commit: str, force: bool, now: datetime
) -> Session:
    """Saves the manifest at a path with branch and commit; ConflictError when the label is in use."""
    place = _session_place(workspace, label, "manifest.json")
    data = _bytes_at(path) or b""
    link = os.readlink(path) if os.path.islink(path) else None
    saved = Session(label, _agent_in(data), branch, commit, clock.to_text(now))
    with locks.hold(workspace.report):
        before = files.read_bytes(place)
        if before is not None and not force and not _is_same(workspace, label, before, saved, data):
            raise ConflictError(
                f"the label {label} is in use",
                code="session.exists",
                hint=f"python -m tools.agent.manifest_helper session-save {label} --force",
            )
        if before not in (None, data):
            _keep(workspace, Held(before, None))
        files.replace(place, data)
        content = {**saved._asdict(), **({"link": link} if link is not None else {})}
        files.replace(_session_place(workspace, label, "session.json"), files.dump_json(content))
    return saved


def _is_same(workspace: Workspace, label: str, before: bytes, saved: Session, data: bytes) -> bool:
    known = session(workspace, label)
    return before == data and (known.branch, known.commit) == (saved.branch, saved.commit)


def session(workspace: Workspace, label: str) -> Session:
    """A saved session; UsageError when there is none of that label."""
    content = files.read_json(_session_place(workspace, label, "session.json"))
    if content is None:
        raise UsageError(
            f"there is no saved session {label!r}",
            code="session.unknown",
            hint="python -m tools.agent.manifest_helper session-list",
        )
    texts = {name: text_of(content.get(name)) for name in Session._fields}
    return Session(**{**texts, "label": label})


def sessions(workspace: Workspace) -> tuple[list[Session], list[str]]:
    """All saved sessions, oldest first, and one line for each that cannot be read."""
    found, problems = [], []
    for label in files.names_in(workspace.in_root(MANIFEST_SESSIONS)):
        try:
            found.append(session(workspace, label))
        except (DataError, UsageError) as problem:
            problems.append(problem.message)
    return sorted(found, key=lambda saved: (saved.saved_at, saved.label)), problems


def restore_session(workspace: Workspace, label: str) -> Swap:
    """Puts a saved session's manifest in place, with a backup of the one before."""
    saved = session(workspace, label)
    place = _session_place(workspace, label, "manifest.json")
    data = files.read_bytes(place)
    if data is None:
        raise DataError(f"{place.name}: missing", code="session.damaged")
    content = files.read_json(_session_place(workspace, label, "session.json")) or {}
    link = content.get("link")
    wanted = Held(data, link if isinstance(link, str) else None)
    return put(workspace, saved.agent_id, wanted, source=place.name)


def delete_session(workspace: Workspace, label: str) -> bool:
    """Removes a saved session's own two files; whether its folder went too."""
    session(workspace, label)
    with locks.hold(workspace.report):
        for name in ("session.json", "manifest.json"):
            files.remove(_session_place(workspace, label, name))
        folder = _session_place(workspace, label, "x")
        with files.folder_of(Place(folder.base, os.path.dirname(folder.name))) as sessions_folder:
            try:
                os.rmdir(label, dir_fd=sessions_folder)
            except OSError:  # somebody keeps files of his own there
                return False
    return True


def commit_here(workspace: Workspace) -> str:
    """The commit that is checked out; "" where there is none."""
    return git.ask(workspace.root, "rev-parse", "-q", "--verify", "HEAD").text


def switch_to(workspace: Workspace, saved: Session) -> None:
    """Checks out a saved session's branch (its commit where it had none); git refuses to lose changes.

    Work in progress is not carried to another branch: GuardError.
    """
    if not saved.commit and not saved.branch:
        return
    if saved.branch == (current_branch(workspace.root) or "") and (
        saved.branch or saved.commit == commit_here(workspace)
    ):
        return
    changed = git.run(workspace.root, "diff", "--name-only", "HEAD", "--", ".", *_OWN)
    if changed:
        raise GuardError(
            f"work in progress would be carried to {saved.branch or saved.commit[:10]}: {changed.splitlines()[0]}",
            code="session.dirty",
            hint=f"python -m tools.agent.manifest_helper session-restore {saved.label} --manifest-only",
        )
    target = ("--no-guess", saved.branch) if saved.branch else ("--detach", saved.commit)
    answer = git.ask(workspace.root, "switch", "--quiet", *target)
    if answer.code:
        raise git.failed(["switch"], answer)
