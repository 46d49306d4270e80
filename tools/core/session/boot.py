"""A session's beginning, in the order of docs/commands.md: guards, sync, handshake, peers, snapshots.

The guards write nothing except warnings of accepted overrides.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.bus import claim_documents
from tools.core.bus.presence import IDLE_FOCUS
from tools.core.context import Context
from tools.core.errors import GuardError, SetupError
from tools.core.fs import folders
from tools.core.gitdir import common_folder, git_folder
from tools.core.hint import Note
from tools.core.models.bus import stream_of
from tools.core.models.entry import message_entry
from tools.core.models.evidence import Warning
from tools.core.receipts import kept, write
from tools.core.seats.guards import Guarded
from tools.core.session import greeting
from tools.core.session.standing import Standing, of_seat
from tools.core.session.standing import as_document as as_standing
from tools.core.text import terminal
from tools.core.workspace import MANIFEST, Place, Workspace

TAIL = "manager-report-tail.txt"
"""The file in a session's folder with the last messages of the hub."""

Say = Callable[[str | Note], None]


class BootOptions(NamedTuple):
    """The options of a boot."""

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
    """The result of a boot."""

    guarded: Guarded
    sync: str  # the sentence of the sync, "" without one
    sync_state: str
    handshake: Mapping[str, object] | None
    standing: Standing
    board: str  # the verdict of the board in one sentence, "" without one
    written: list[str]


def boot(context: Context, guarded: Guarded, options: BootOptions, say: Say) -> Booted:
    """Boots a session whose guards have passed; GuardError for a dirty tree, SetupError for a failed sync."""
    context = context.acting_as(guarded.seat)
    _require_places(context, guarded, options)
    for override in guarded.overrides:
        write.record_warning(context.workspace, override)
        context.warn([_said(override, guarded)])
    context.warn(guarded.warnings)
    seat_written = _put_seat(context.workspace, guarded, say)
    state, sentence = _sync(context, guarded, options, say) if options.sync else ("", "")
    if not options.sync and git_folder(context.workspace.root) is not None:
        _check_dirty_tree(context, guarded, options, say)
    handshake = None
    if options.announce:
        handshake = greeting.log(context, guarded, options.focus, options.summary, (state, sentence))
        say(f"handshake {handshake['id']} of {guarded.seat.agent_id}")
    context.warn(context.losses())
    for problem in claim_documents.live_claims(context.store).problems:
        say(f"skipped: {problem}")
    try:
        written, verdict = _snapshots(context, guarded, options)
    except SetupError as problem:  # a full disk, seen only now: the handshake stands, and is not taken back by an error
        if handshake is None:
            raise
        context.warn([f"no snapshot: {problem.message}"])
        written, verdict = [], ""
    return Booted(guarded, sentence, state, handshake, of_seat(context), verdict, [*seat_written, *written])


def _said(override: Warning, guarded: Guarded) -> Note:
    """An override in words, with the way to the seat that the folder does not have."""
    if override.code != "manifest_mismatch":
        return Note(f"{override.message} (recorded)")
    text = f"{override.message} (recorded); later commands here still act as {override.manifest_agent}"
    return Note(text, hint.tool("agent.manifest_helper", "env", guarded.seat.agent_id))


def _require_places(context: Context, guarded: Guarded, options: BootOptions) -> None:
    """SetupError before the first write when a later one is not possible."""
    agent = guarded.seat.agent_id
    if os.path.isdir(context.workspace.bus.path):
        folders.require_writable(context.workspace.bus)
    if options.tail:
        folders.require_writable(context.workspace.session(agent))
    if options.dashboard or options.with_status or guarded.overrides:
        folders.require_writable(context.workspace.agent_report(agent))


def _sandbox_refusal(context: Context, options: BootOptions) -> str:
    """The reason why a sandbox prevents the sync; "" when it does not."""
    git = git_folder(context.workspace.root)
    if git is not None and not folders.may_write(common_folder(git)):
        return "git's folder cannot be written from inside this sandbox"
    return "the network is denied by this sandbox" if options.in_sandbox else ""


def _put_seat(workspace: Workspace, guarded: Guarded, say: Say) -> list[str]:
    if guarded.new_manifest is None:
        return []
    from tools.core.seats import manifests
    from tools.core.seats.manifest_file import ManifestFile
    from tools.core.setup import init  # most sessions have a seat already

    activation = manifests.put(
        workspace, guarded.seat.agent_id, ManifestFile(guarded.new_manifest, None), source=guarded.source
    )
    init.ignore_seat(workspace)
    say(f"seat: {guarded.seat.agent_id}, from {guarded.source}")
    return [MANIFEST] if activation.changed else []


# -- sync ----------------------------------------------------------------------------------------


def _sync(context: Context, guarded: Guarded, options: BootOptions, say: Say) -> tuple[str, str]:
    """The state and the sentence of the sync; a failure is accepted when the session ends or allows a dirty tree."""
    if reason := _sandbox_refusal(context, options):
        say(f"warning: not synced: {reason}")
        _check_dirty_tree(context, guarded, options._replace(sync=False), say)
        return greeting.SANDBOX, ""
    from tools.core.sync import fast_forward  # only a sync starts git processes

    try:
        fast_forward.require_git(context.workspace)
        _check_dirty_tree(context, guarded, options, say)
        say("syncing: fetch, then fast-forward")
        result = fast_forward.synchronise(context, guarded.seat.agent_id)
    except SetupError as problem:
        if not options.allow_dirty and options.focus != IDLE_FOCUS:
            problem.hint = problem.hint or hint.again("--no-sync")  # a read-only .git has no hint of its own
            raise
        context.warn([f"not synced: {problem.message}"])
        return problem.code, problem.message
    context.warn(result.notes)
    for conflict in result.conflicts:
        context.warn([f"another clone was first: {conflict.loser} lost {conflict.task} to {conflict.holder}"])
    say(result.sentence)
    return result.state, result.sentence


def _check_dirty_tree(context: Context, guarded: Guarded, options: BootOptions, say: Say) -> None:
    """Records uncommitted work of others; GuardError for it before a sync that does not allow it."""
    from tools.core.session import dirty_tree

    lines = dirty_tree.status(context.workspace, before_sync=options.sync)
    if not lines:
        return
    claims = claim_documents.live_claims(context.store).claims
    agent = context.seat.agent_id
    if dirty_tree.is_own_planning(lines) and dirty_tree.owner_of(guarded.branch, claims, agent) == agent:
        say(f"not committed yet: {terminal.number(len(lines), 'path')} of plans and backlog")
        return
    recorded = dirty_tree.record(context, guarded.branch, lines)
    handoff = recorded.handoff
    verb = "wrote" if recorded.is_new else "renewed"
    say(f"dirty tree: {terminal.number(len(lines), 'path')} of {handoff.owner}; {verb} {handoff.path}")
    if options.sync and not options.allow_dirty:
        raise GuardError(
            f"the tree has work in progress of {handoff.owner} ({terminal.short(lines[0], 80)}); nothing was changed",
            code="session.dirty",
            hint=hint.again("--sync-allow-dirty"),
            details={"owner": handoff.owner, "receipt": handoff.path, "paths": lines[:20]},
        )


# -- snapshots -----------------------------------------------------------------------------------


def _snapshots(context: Context, guarded: Guarded, options: BootOptions) -> tuple[list[str], str]:
    """Writes the snapshots; their names, and the verdict of the board."""
    agent, verdict = guarded.seat.agent_id, ""
    folder = context.workspace.agent_report(agent).child("session_boot")
    written: list[Place] = []
    if options.dashboard:
        suffix, data, verdict = _dashboard(context, guarded, options.dashboard_format)
        written.append(write.write_stamped(folder, "coordination-dashboard", suffix, data, context.now))
    if options.with_status:
        from tools.core.bus import status  # loaded only with --with-status

        view = status.with_preset(status.View(), options.status_preset, context)
        text = terminal.block(status.full(status.gather(context, view), context.spell)) + "\n"
        written.append(write.write_stamped(folder, "bus-status", ".txt", text.encode("utf-8", "replace"), context.now))
    if options.tail:
        place = context.workspace.session(agent).child(TAIL)
        write.replace_document(place, _hub_tail(context, agent, options.tail_count))
        written.append(place)
    if options.dashboard or options.with_status:
        kept.prune(context.workspace, folder, ("coordination-dashboard", "bus-status"))
    return [place.name for place in written], verdict


def _dashboard(context: Context, guarded: Guarded, form: str) -> tuple[str, write.Content, str]:
    """The manager's board at boot: a file's suffix and content, and the verdict."""
    from tools.core.board import build, markdown, model, text  # a boot without the board starts faster

    reader = guarded.seat.agent_id if guarded.seat.is_manager else ""
    board = build.take(context, model.View(reader=reader))
    verdict = text.verdict_line(board)
    if form == "json":
        return ".json", build.as_document(board), verdict
    return ".md", markdown.document(board).encode("utf-8", "backslashreplace"), verdict


def _hub_tail(context: Context, agent: str, count: int) -> bytes:
    reading = context.store.tail(stream_of(ids.HUB), count)
    context.skipped(reading.problems)
    head = f"# {ids.HUB}: the last {count} messages, captured for {agent} at {clock.to_text(context.now)}\n"
    lines = []
    for row in reading.records:
        entry = message_entry(row.record, ids.HUB)
        lines.append(terminal.clean(f"{entry.record.ts} {entry.agent} {entry.kind}: {entry.record.summary}") + "\n")
    return (head + "".join(lines)).encode("utf-8", "replace")


def as_document(booted: Booted, context: Context) -> dict[str, Any]:
    """A boot as one JSON document."""
    guarded = booted.guarded
    return {
        "agent_id": guarded.seat.agent_id,
        "branch": guarded.branch,
        "overrides": [override.code for override in guarded.overrides],
        "sync": {"state": booted.sync_state, "sentence": booted.sync} if booted.sync_state else None,
        "handshake": booted.handshake,
        **as_standing(booted.standing, context),
        "board": booted.board or None,
        "written": booted.written,
    }


def plan(guarded: Guarded, options: BootOptions) -> list[str]:
    """The steps of a boot, one line each."""
    agent = guarded.seat.agent_id
    steps = [f"record the override {override.code}" for override in guarded.overrides]
    if guarded.new_manifest is not None:
        steps.append(f"write {MANIFEST} of {agent}, from {guarded.source}")
    if options.sync:
        steps.append("fetch, fast-forward, exchange the bus without pushing it")
    if options.announce:
        steps.append(f"log the handshake of {agent} on {guarded.branch or 'no branch'}")
    snapshots = {
        "coordination-dashboard": options.dashboard,
        "bus-status": options.with_status,
        "manager-report-tail": options.tail,
    }
    return steps + [f"write {name}" for name, is_written in snapshots.items() if is_written]
