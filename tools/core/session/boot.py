"""A session's beginning, in the order of docs/commands.md: guards, sync, handshake, peers, snapshots.

The guards write nothing but the warnings of the overrides they let pass.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.bus import claim_documents as holdings
from tools.core.bus import posts
from tools.core.context import Context
from tools.core.errors import GuardError, SetupError
from tools.core.fs import files
from tools.core.gitdir import common_folder, git_folder
from tools.core.hint import Note
from tools.core.models.bus import Claim, stream_of
from tools.core.models.entry import message_entry
from tools.core.models.record import MAX_SUMMARY
from tools.core.problem import Problem
from tools.core.receipts.write import Content, record_warning, replace_document, write_stamped
from tools.core.seats.guards import Guarded
from tools.core.text import terminal
from tools.core.workspace import MANIFEST, Place, Workspace

IDLE = "idle"
"""The focus of a session that ends: it lands even where the remote cannot be reached."""

TAIL = "manager-report-tail.txt"
"""The file in a session's folder that has the hub's last lines."""

SANDBOX = "sandbox"
"""The state of a sync that a sandbox keeps from happening."""

Say = Callable[[str | Note], None]


class Wish(NamedTuple):
    """What a session asks of its boot."""

    focus: str = ""
    summary: str = ""
    sync: bool = True
    allow_dirty: bool = False
    with_status: bool = False
    status_preset: str | None = None
    dashboard: bool = True
    dashboard_format: str = "json"
    tail: bool = True
    tail_count: int = 10
    announce: bool = True
    in_sandbox: bool = False  # the network is denied


class Booted(NamedTuple):
    """What a boot found and wrote."""

    guarded: Guarded
    sync: str  # what the sync said, "" without one
    sync_state: str
    handshake: Mapping[str, object] | None
    peers: list[Claim]
    written: list[str]


def boot(context: Context, guarded: Guarded, wish: Wish, say: Say) -> Booted:
    """Boots a session whose guards have passed; raises GuardError for dirt, SetupError for a failed sync."""
    context = context.acting_as(guarded.seat)
    _require_places(context, guarded, wish)
    for override in guarded.overrides:
        record_warning(context.workspace, override)
        context.warn([f"{override.message} (recorded)"])
    context.warn(guarded.warnings)
    seat_written = _put_seat(context.workspace, guarded, say)
    state, told = _sync(context, guarded, wish, say) if wish.sync else ("", "")
    handshake = None
    if wish.announce:
        handshake = posts.post(context, _handshake(guarded, wish, state, told)).records[0]
        say(f"handshake {handshake['id']} of {guarded.seat.agent_id}")
    context.warn(context.losses())
    peers, problems = _peers(context, guarded.seat.agent_id)
    for problem in problems:
        say(f"skipped: {problem}")
    written = [*seat_written, *_snapshots(context, guarded, wish)]
    return Booted(guarded, told, state, handshake, peers, written)


def _require_places(context: Context, guarded: Guarded, wish: Wish) -> None:
    """SetupError before the first write where one of all that follow could not be made."""
    agent = guarded.seat.agent_id
    if os.path.isdir(context.workspace.bus.path):
        files.require_writable(context.workspace.bus)
    if wish.tail:
        files.require_writable(context.workspace.session(agent))
    if wish.dashboard or wish.with_status or guarded.overrides:
        files.require_writable(context.workspace.agent_report(agent))


def _barred(context: Context, wish: Wish) -> str:
    """Why a sandbox keeps this session from syncing; "" when it does not."""
    git = git_folder(context.workspace.root)
    if git is not None and not files.may_write(common_folder(git)):
        return "git's folder cannot be written from inside this sandbox"
    return "the network is denied by this sandbox" if wish.in_sandbox else ""


def _put_seat(workspace: Workspace, guarded: Guarded, say: Say) -> list[str]:
    if guarded.new_manifest is None:
        return []
    from tools.core.seats import manifests
    from tools.core.setup import init  # most sessions have their seat already

    swap = manifests.put(
        workspace, guarded.seat.agent_id, manifests.ManifestFile(guarded.new_manifest, None), source=guarded.source
    )
    init.ignore_seat(workspace)
    say(f"seat: {guarded.seat.agent_id}, from {guarded.source}")
    return [MANIFEST] if swap.changed else []


# -- sync ----------------------------------------------------------------------------------------


def _sync(context: Context, guarded: Guarded, wish: Wish, say: Say) -> tuple[str, str]:
    """What the sync came to, and its sentence; a failed one passes for a session that ends or allows dirt."""
    barred = _barred(context, wish)
    if barred:
        say(f"warning: not synced: {barred}")
        return SANDBOX, ""
    from tools.core.sync import fast_forward as synchronise  # git's processes are for those who sync

    try:
        synchronise.require_git(context.workspace)
        _meet_dirt(context, guarded, wish, say)
        say("syncing: fetch, then fast-forward")
        done = synchronise.synchronise(context.workspace, context.store, guarded.seat.agent_id, context.now)
    except SetupError as problem:
        if not wish.allow_dirty and wish.focus != IDLE:
            problem.hint = problem.hint or hint.again("--no-sync")  # as where .git may not be written
            raise
        context.warn([f"not synced: {problem.message}"])
        return problem.code, problem.message
    context.warn(done.notes)
    for conflict in done.conflicts:
        context.warn([f"another clone was first: {conflict.loser} lost {conflict.task} to {conflict.holder}"])
    say(done.sentence)
    return done.state, done.sentence


def _meet_dirt(context: Context, guarded: Guarded, wish: Wish, say: Say) -> None:
    from tools.core.session import dirty_tree as dirt

    lines = dirt.status(context.workspace)
    if not lines:
        return
    found = dirt.record(context, guarded.branch, lines)
    handoff = found.handoff
    verb = "wrote" if found.is_new else "renewed"
    say(f"dirty tree: {len(lines)} {'path' if len(lines) == 1 else 'paths'} of {handoff.owner}; {verb} {handoff.path}")
    if not wish.allow_dirty:
        raise GuardError(
            f"the tree has work in progress of {handoff.owner} ({terminal.short(lines[0], 80)}); it is left as it is",
            code="session.dirty",
            hint=hint.again("--sync-allow-dirty"),
            details={"owner": handoff.owner, "receipt": handoff.path, "paths": lines[:20]},
        )


# -- handshake -----------------------------------------------------------------------------------


def _handshake(guarded: Guarded, wish: Wish, state: str, told: str) -> posts.EventDraft:
    seat = guarded.seat
    meta = {"focus": wish.focus, "roles": ",".join(seat.manifest.desired_roles) if seat.manifest else ""}
    if state == SANDBOX:
        meta["sync"] = SANDBOX
    elif state.startswith(("sync.", "git.", "lock.")):
        meta["sync"] = told
    summary = wish.summary or f"{seat.agent_id} online" + (f"; focus={wish.focus}" if wish.focus else "")
    return posts.EventDraft(
        "handshake",
        summary[:MAX_SUMMARY],
        branch=guarded.branch or "",
        meta={key: value for key, value in meta.items() if value},
    )


def _peers(context: Context, agent: str) -> tuple[list[Claim], list[Problem]]:
    """The live claims of others."""
    claims, problems = holdings.all_claims(context.store)
    live = [claim for claim in claims if claim.is_live and claim.agent_id != agent]
    return sorted(live, key=lambda claim: (claim.agent_id, claim.task_id)), problems


def peer_line(claim: Claim, now: datetime) -> str:
    """One line about what another agent holds."""
    since = clock.parse(claim.claimed_at)
    age = f" for {clock.age(since, now)}" if since else ""
    paths = f" paths={' '.join(claim.paths)}" if claim.paths else ""
    return terminal.clean(
        f"{claim.agent_id} holds {claim.task_id} ({claim.state}{age}, {claim.branch or 'no branch'}){paths}"
    )


# -- snapshots -----------------------------------------------------------------------------------


def _snapshots(context: Context, guarded: Guarded, wish: Wish) -> list[str]:
    agent = guarded.seat.agent_id
    folder = context.workspace.agent_report(agent).child("session_boot")
    written: list[Place] = []
    if wish.dashboard:
        suffix, data = _dashboard(context, wish.dashboard_format)
        written.append(write_stamped(folder, "coordination-dashboard", suffix, data, context.now))
    if wish.with_status:
        from tools.core.bus import status  # only those who ask for it pay for it

        view = status.with_preset(status.View(), wish.status_preset, context.now)
        text = terminal.block(status.full(status.gather(context, view), context.spell)) + "\n"
        written.append(write_stamped(folder, "bus-status", ".txt", text.encode("utf-8", "replace"), context.now))
    if wish.tail:
        place = context.workspace.session(agent).child(TAIL)
        replace_document(place, _hub_tail(context, agent, wish.tail_count))
        written.append(place)
    return [place.name for place in written]


def _dashboard(context: Context, form: str) -> tuple[str, Content]:
    """The manager's board at boot, as a file's suffix and content."""
    from tools.core.board import model as board_rows  # it reads everything: a boot without it starts faster
    from tools.core.board import snapshot as board

    found = board.take(context, board_rows.View())
    if form == "json":
        return ".json", board.as_document(found)
    from tools.core.board import render_text as board_text

    return ".md", board_text.markdown(found).encode("utf-8", "backslashreplace")


def _hub_tail(context: Context, agent: str, count: int) -> bytes:
    reading = context.store.tail(stream_of(ids.HUB), count)
    context.skipped(reading.problems)
    head = f"# {ids.HUB}: the last {count} messages, captured for {agent} at {clock.to_text(context.now)}\n"
    lines = []
    for found in reading.found:
        entry = message_entry(found.record, ids.HUB)
        lines.append(terminal.clean(f"{entry.record.ts} {entry.agent} {entry.kind}: {entry.record.summary}") + "\n")
    return (head + "".join(lines)).encode("utf-8", "replace")


def as_document(booted: Booted) -> dict[str, Any]:
    """A boot as one JSON document."""
    guarded = booted.guarded
    return {
        "agent_id": guarded.seat.agent_id,
        "branch": guarded.branch,
        "overrides": [override.code for override in guarded.overrides],
        "sync": {"state": booted.sync_state, "sentence": booted.sync} if booted.sync_state else None,
        "handshake": booted.handshake,
        "peers": [
            {"agent_id": claim.agent_id, "task_id": claim.task_id, "status": claim.state, "branch": claim.branch}
            for claim in booted.peers
        ],
        "written": booted.written,
    }


def plan(guarded: Guarded, wish: Wish) -> list[str]:
    """What a boot would do, one line a step."""
    agent = guarded.seat.agent_id
    steps = [f"record the override {override.code}" for override in guarded.overrides]
    if guarded.new_manifest is not None:
        steps.append(f"write {MANIFEST} of {agent}, from {guarded.source}")
    if wish.sync:
        steps.append("fetch, fast-forward, exchange the bus without pushing it")
    if wish.announce:
        steps.append(f"log the handshake of {agent} on {guarded.branch or 'no branch'}")
    wanted = {
        "coordination-dashboard": wish.dashboard,
        "bus-status": wish.with_status,
        "manager-report-tail": wish.tail,
    }
    return steps + [f"write {name}" for name, is_wanted in wanted.items() if is_wanted]
