"""What `init` does: find out what a repository lacks, say it, do it; nothing where nothing lacks.

Every step is decided before the first is done. What is written into the checkout is written under
its lock, git work under the lock of the common git folder, the bus under its own.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import NamedTuple

from tools.core import hint, ids, templates, which_bus
from tools.core.context import Context
from tools.core.errors import DataError, GuardError, SetupError, ToolkitError, UsageError
from tools.core.fs import files, folders, locks
from tools.core.git import repository
from tools.core.gitdir import common_folder, git_folder
from tools.core.hint import Note
from tools.core.models.manifest import Manifest
from tools.core.receipts.write import Content, replace_document
from tools.core.seats.seat import manifest_path, own_seat, read_manifest, reading
from tools.core.sync import bus_branch
from tools.core.sync.joining.join import join
from tools.core.workspace import MANIFEST, Place, Workspace, git_lock_place

FOLDER = "folder"
PATIENCE = 60.0
"""Seconds `init` waits for another one in the same clone."""


class Step(NamedTuple):
    """One thing to do: its description, and the function that does it; `do` may return a note."""

    sentence: str
    do: Callable[[], Note | None]


class Done(NamedTuple):
    """What was done (or would be), and what to do next."""

    steps: list[str]
    notes: list[Note]


def prepare(context: Context, *, agent: str | None, roles: Sequence[str], bus: str | None, dry_run: bool) -> Done:
    """Makes a repository ready for several agents; a second run finds nothing to do."""
    workspace = context.workspace
    lock = _lock_of(workspace)
    with ExitStack() as held:
        if not dry_run:
            held.enter_context(locks.hold(lock, patience=PATIENCE))
        _require_places(workspace)
        if _has_branch(workspace, bus) and not bus_branch.is_worktree(workspace):
            bus_branch.require_room(workspace)
        steps = [*_seat_steps(workspace, agent, roles), *_checkout_steps(workspace, bus)]
        steps += _bus_steps(context, bus, agent)
        steps += _session_steps(workspace)
        notes = [] if dry_run else [note for step in steps if (note := step.do())]
    return Done([step.sentence for step in steps], [*notes, *_notes(workspace, bus, agent, steps)])


def _require_places(workspace: Workspace) -> None:
    """DataError where a file or a link has a name that a folder needs, before anything is written."""
    for place in (*(workspace.in_root(name) for name in templates.FOLDER_MAPS), workspace.bus):
        if os.path.lexists(place.path) and (os.path.islink(place.path) or not os.path.isdir(place.path)):
            raise files.not_a_file(place, OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))


def prepare_seat(context: Context, agent: str, roles: Sequence[str]) -> None:
    """Makes a further worktree of a ready clone an agent's seat, and writes nothing in it that git would see.

    What `prepare` writes for everybody comes by a commit: made here as well, it would stand in the way of that.
    """
    workspace = context.workspace
    with locks.hold(_lock_of(workspace), patience=PATIENCE):
        steps = [*_seat_steps(workspace, agent, roles)]
        steps += _adds_lines(workspace, _exclude_place(workspace), templates.IGNORED)
        steps += [*_bus_steps(context, None, agent), *_session_steps(workspace)]
        for step in steps:
            step.do()


def _lock_of(workspace: Workspace) -> Place:
    lock = git_lock_place(workspace)
    if lock is None:
        raise SetupError(
            f"{workspace.root} is no git repository", code="repository.none", hint=hint.git("init", workspace.root)
        )
    repository.require(workspace.root)
    return lock


def _notes(workspace: Workspace, bus: str | None, agent: str | None, steps: Sequence[Step]) -> list[Note]:
    notes = []
    name = workspace.bus.name
    if bus_branch.is_worktree(workspace):
        if bus == FOLDER:
            notes.append(Note(f"{name}/ is a worktree already and stays one"))
        elif bus_branch.is_sound(workspace) and bus_branch.head(workspace) != bus_branch.BRANCH:
            head = bus_branch.head(workspace) or "no branch"
            text = (
                f"{name}/ is on {head}, not on its own branch; to switch bus and branch back without touching a file:"
            )
            notes.append(Note(text, bus_branch.way_back(workspace.bus.path)))
    elif bus != FOLDER and bus_branch.is_tracked(workspace):
        leave = hint.git("rm", "-r", "-q", "--cached", name)
        move = leave.then(hint.git("commit", "-m", "Move the bus to its own branch")).then(hint.init("--bus", "branch"))
        text = f"{name}/ is tracked by a branch of code and was left as it is; it can have a branch of its own"
        notes.append(Note(text, move))
    if any(step.sentence.endswith(("README.md", ".gitignore", ".gitattributes")) for step in steps):
        names = (".gitignore", ".gitattributes", *templates.FOLDER_MAPS)
        add = hint.git("add", "--", *names)
        commit = hint.git("commit", "-m", "Make ready for several agents", "--", *names)
        notes.append(Note("what was written is yours to commit", add.then(commit)))
    notes += _where_it_is(workspace)
    if agent is None and reading(workspace) is None:
        notes.append(Note("this checkout is no agent's seat yet", hint.init("--agent", hint.WORDS)))
    return notes


def _where_it_is(workspace: Workspace) -> list[Note]:
    """That the bus is on a server, where its signpost came with the branch."""
    if not which_bus.may_be_on_server(workspace):
        return []
    from tools.core.store import signpost  # most buses are in files

    with suppress(DataError):  # doctor says what is wrong with it
        if address := signpost.address_of(workspace):
            check = hint.tool("maintenance.bus_server", "check")
            return [Note(f"the bus is on postgresql://{address.shown}; {workspace.bus.name}/ only says so", check)]
    return []


def ignore_seat(workspace: Workspace) -> None:
    """Keeps git from taking a seat's manifest into a commit; a git folder that may not be written stays as it is."""
    lock = git_lock_place(workspace)
    if lock is None:
        return
    with suppress(ToolkitError), locks.hold(lock, patience=PATIENCE):
        for step in _adds_lines(workspace, _exclude_place(workspace), [f"/{MANIFEST}"]):
            step.do()


# -- the checkout --------------------------------------------------------------------------------


def _checkout_steps(workspace: Workspace, bus: str | None) -> Iterator[Step]:
    for folder, text in templates.FOLDER_MAPS.items():
        place = workspace.in_root(f"{folder}/README.md")
        if not files.exists(place):
            yield Step(f"write {place.name}", _writes(workspace, place, text.encode()))
    ignored = list(templates.IGNORED)
    if _has_branch(workspace, bus):
        ignored.append(templates.IGNORED_BUS)
        yield from _adds_lines(workspace, _exclude_place(workspace), [templates.IGNORED_BUS])
    yield from _adds_lines(workspace, workspace.in_root(".gitignore"), ignored)
    yield from _adds_lines(workspace, workspace.in_root(".gitattributes"), templates.ATTRIBUTES)


def _adds_lines(workspace: Workspace, place: Place, lines: Sequence[str]) -> Iterator[Step]:
    missing = _missing_lines(files.read_bytes(place) or b"", lines)
    if missing:
        number = f"{len(missing)} line{'s' if len(missing) > 1 else ''}"
        shown = place.name if place.base == workspace.root else f"{os.path.basename(place.base)}/{place.name}"
        yield Step(f"add {number} to {shown}", lambda: _add_lines(workspace, place, lines))


def _missing_lines(data: bytes, lines: Sequence[str]) -> list[str]:
    present = {line.strip() for line in data.decode(errors="replace").splitlines()}
    return [line for line in lines if line not in present]


def _add_lines(workspace: Workspace, place: Place, lines: Sequence[str]) -> None:
    with locks.hold(workspace.report):
        before = files.read_bytes(place) or b""
        begun = before if before.endswith(b"\n") or not before else before + b"\n"
        new = "".join(f"{line}\n" for line in _missing_lines(before, lines))
        files.replace(place, begun + new.encode())


def _writes(workspace: Workspace, place: Place, content: Content) -> Callable[[], None]:
    def write() -> None:
        with locks.hold(workspace.report):
            replace_document(place, content)

    return write


def _exclude_place(workspace: Workspace) -> Place:
    own = git_folder(workspace.root)
    assert own is not None  # `prepare` refused a folder outside git
    return Place(common_folder(own), "info/exclude")


# -- the bus -------------------------------------------------------------------------------------


def _has_branch(workspace: Workspace, bus: str | None) -> bool:
    """Whether the bus has, or is about to get, a branch of its own."""
    if bus_branch.is_worktree(workspace):
        return True
    return not _stays_folder(workspace, bus) and not bus_branch.is_tracked(workspace)


def _stays_folder(workspace: Workspace, bus: str | None) -> bool:
    """Whether the bus is to be a plain folder, or an earlier `init` made it one."""
    return bus == FOLDER or (bus is None and which_bus.is_plain_on_purpose(workspace))


def _bus_steps(context: Context, bus: str | None, agent: str | None) -> Iterator[Step]:
    workspace = context.workspace
    name = workspace.bus.name
    if bus_branch.is_worktree(workspace):
        if not bus_branch.is_sound(workspace):
            bus_branch.require_ours(workspace)
            yield Step(f"tie {name}/ to its git folder again", lambda: _join(context, agent))
    elif _has_branch(workspace, bus):
        kept = ", keeping the records in it" if os.path.isdir(workspace.bus.path) else ""
        sentence = f"make {name}/ a worktree of the branch {bus_branch.BRANCH}{kept}"
        yield Step(sentence, lambda: _join(context, agent))
    elif not files.exists(workspace.bus.child("README.md")):
        yield Step(f"write {name}/README.md", lambda: _make_folder(workspace))


def _join(context: Context, agent: str | None) -> Note | None:
    """Joins the bus of the branch in the name of the seat, if one is known; what is to be told of it is a warning."""
    seat = None if agent else reading(context.workspace)
    joined = join(context, agent or (seat.agent_id if seat else ""))
    context.warn(joined.news)
    if joined.silent:
        text = f"{joined.silent} did not answer; if it has a branch bus, the next exchange brings it"
        return Note(text, hint.tool("agent.bus_sync"))
    return None


def _make_folder(workspace: Workspace) -> None:
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        files.replace(workspace.bus.child("README.md"), templates.BUS_MAP.encode())


def _session_steps(workspace: Workspace) -> Iterator[Step]:
    """A sandbox grants only folders that exist as its session starts."""
    place = workspace.session("x")
    name = os.path.dirname(place.name)
    if not os.path.isdir(os.path.join(place.base, name)):
        yield Step(f"make {name}/", lambda: folders.make_folder(Place(place.base, name)))


# -- the seat ------------------------------------------------------------------------------------


def _seat_steps(workspace: Workspace, agent: str | None, roles: Sequence[str]) -> Iterator[Step]:
    if agent is None and not roles:
        return
    present = read_manifest(manifest_path(workspace))
    if agent == ids.TEMPLATE_AGENT:
        raise UsageError("'template' names no seat", code="seat.template")
    if present is None and agent is None:
        raise UsageError("a role needs a seat", code="seat.role", hint=hint.again("--agent", hint.WORDS))
    if present is not None and agent not in (None, present.agent_id):
        raise GuardError(
            f"this checkout is {present.agent_id}'s seat, not {agent}'s",
            code="seat.mismatch",
            hint=own_seat(workspace, str(agent)),
            details={"manifest_agent": present.agent_id, "agent": agent},
        )
    yield from _manifest_step(workspace, present, str(agent), roles)


def _manifest_step(workspace: Workspace, present: Manifest | None, agent: str, roles: Sequence[str]) -> Iterator[Step]:
    place = workspace.in_root(MANIFEST)
    if present is None:
        content: dict[str, object] = {"agent_id": agent, "branch_prefix": f"agent/{agent}/"}
        if roles:
            content["desired_roles"] = list(dict.fromkeys(roles))
        yield from _adds_lines(workspace, _exclude_place(workspace), [f"/{MANIFEST}"])
        yield Step(f"write {MANIFEST}: the seat of {agent}", _writes(workspace, place, content))
        return
    new = [role for role in dict.fromkeys(roles) if role not in present.desired_roles]
    if new:
        folder, name = os.path.split(os.path.realpath(place.path))  # the manifest may be a link
        raw = files.read_json(Place(folder, name)) or {}
        content = {**raw, "desired_roles": [*present.desired_roles, *new]}
        sentence = f"add the role {', '.join(new)} to {MANIFEST}"
        yield Step(sentence, _writes(workspace, place, content))
