#!/usr/bin/env python3
"""Swap seats: variants, backups and saved sessions of the manifest."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
from typing import Any

from tools.core import hint
from tools.core.bus import posts
from tools.core.cli import app as cli
from tools.core.errors import SetupError, UsageError
from tools.core.git import refs
from tools.core.git.branches import current_branch
from tools.core.hint import Hint
from tools.core.models.record import to_mapping
from tools.core.seats import manifests, saved_sessions
from tools.core.seats.seat import acting, manifest_path, require_seat
from tools.core.text import terminal
from tools.core.workspace import MANIFEST

main = cli.group(__doc__)
_reason = cli.option("--reason", type=cli.LINE, default="", help="Why (recorded).")


@cli.command(main, "list")
def list_variants(run: cli.Run) -> None:
    """Show the seats that can be activated here."""
    variants, problems = manifests.variants(run.workspace)
    run.skipped(problems)
    active = run.reader.agent_id if run.reader else None
    rows: list[dict[str, Any]] = [
        {
            "agent_id": variant.agent_id,
            "path": os.path.relpath(variant.place.path, run.workspace.root),
            "roles": list(variant.manifest.desired_roles),
            "active": variant.agent_id == active,
        }
        for variant in variants
    ]
    cells = [
        ("*" if row["active"] else "", row["agent_id"], " ".join(row["roles"]) or "-", row["path"]) for row in rows
    ]
    run.emit(
        {"active": active, "seats": rows},
        terminal.table(("", "agent", "roles", "path"), cells) if rows else "no seats here",
    )
    if not rows:
        run.advise(_new_seat(hint.WORDS))


def _new_seat(agent: str) -> Hint:
    return hint.tool("agent.manifest_helper", "new", agent)


@cli.command(main, "show")
def show(run: cli.Run) -> None:
    """Show the seat that is acting here."""
    seat = acting(run.workspace, None, run.binding)
    manifest = to_mapping(seat.manifest) if seat.manifest else {}
    lines = [f"{key}: {', '.join(value) if isinstance(value, list) else value}" for key, value in manifest.items()]
    document = {"manifest": manifest, "path": run.binding or MANIFEST, "branch_prefix": seat.branch_prefix}
    run.emit(document, "\n".join([*lines, f"bound by: {run.binding or MANIFEST}"]))


@cli.command(main, "activate")
@cli.argument("agent", metavar="ID")
@cli.option(
    "--no-backup", is_flag=True, help="Make no numbered backup (a manifest without another copy is kept anyway)."
)
def activate(run: cli.Run, *, agent: str, no_backup: bool) -> None:
    """Make a seat the active one of this checkout."""
    _emit_activation(run, manifests.activate(run.workspace, agent, backup=not no_backup), "active")


@cli.command(main, "restore")
def restore(run: cli.Run) -> None:
    """Restore the newest backup."""
    _emit_activation(run, manifests.restore(run.workspace), "restored")


def _emit_activation(run: cli.Run, activation: manifests.Activation, verb: str) -> None:
    if run.binding:
        run.warn([f"this process is bound to {run.binding} by TEOF_MANIFEST, which takes precedence over {MANIFEST}"])
    text = (
        f"{verb}: {activation.agent_id}, from {activation.source}"
        if activation.changed
        else f"{activation.agent_id} is active already"
    )
    if activation.kept:
        text += f"; the previous manifest is {activation.kept}"
    run.emit(
        {
            "agent_id": activation.agent_id,
            "source": activation.source,
            "kept": activation.kept or None,
            "changed": activation.changed,
        },
        text,
    )


@cli.command(main, "session-save", writes=True)
@cli.argument("label", type=cli.LABEL)
@cli.repeated("--heartbeat-meta", help="Free data of the heartbeat, key=value.")
@cli.option("--heartbeat-summary", type=cli.LINE, help="The summary of the heartbeat.")
@cli.option("--no-heartbeat", is_flag=True, help="Log no heartbeat.")
@cli.option("--force", is_flag=True, help="Use a label again (a manifest without another copy is kept).")
def session_save(
    run: cli.Run,
    *,
    label: str,
    heartbeat_meta: tuple[str, ...],
    heartbeat_summary: str | None,
    no_heartbeat: bool,
    force: bool,
) -> None:
    """Save the manifest, branch and commit under a label, and log a heartbeat."""
    seat = run.seat
    if seat.manifest is None:
        raise SetupError("there is no manifest here to save", code="seat.none", hint=_new_seat(seat.agent_id))
    branch = current_branch(run.workspace.root) or ""
    commit = refs.commit_of(run.workspace.root, "HEAD")
    pairs = cli.key_values(heartbeat_meta)
    summary = posts.summary_of(heartbeat_summary or f"{seat.agent_id} saved the session {label}")
    path = manifest_path(run.workspace, run.binding)
    position = saved_sessions.Position(branch, commit)
    saved = saved_sessions.save(run.workspace, label, path, position, run.now, force=force)
    event = None
    if not no_heartbeat:
        own = {"session_label": label, "session_branch": branch, "session_commit": commit}
        meta = {**pairs, **{key: value for key, value in own.items() if value}}
        event = posts.post(run, posts.EventDraft("status", summary, branch=branch, meta=meta)).event
    text = f"saved {label}: {saved.agent_id} on {branch or 'no branch'}" + (
        "" if event is None else "; heartbeat logged"
    )
    run.emit({"session": saved._asdict(), "event": to_mapping(event) if event else None}, text)


@cli.command(main, "session-restore")
@cli.argument("label", type=cli.LABEL)
@cli.option("--manifest-only", is_flag=True, help="Leave the branch as it is.")
def session_restore(run: cli.Run, *, label: str, manifest_only: bool) -> None:
    """Bring back a saved session: its branch, then its manifest."""
    saved = saved_sessions.named(run.workspace, label)
    if not manifest_only:
        saved_sessions.switch_to(run.workspace, saved)
    _emit_activation(run, saved_sessions.restore(run.workspace, label), f"restored {label}")


@cli.command(main, "session-list")
def session_list(run: cli.Run) -> None:
    """Show the saved sessions."""
    sessions, problems = saved_sessions.all_sessions(run.workspace)
    run.skipped(problems)
    cells = [
        (session.label, session.agent_id, session.branch or "-", session.commit[:10] or "-", session.saved_at)
        for session in sessions
    ]
    text = terminal.table(("label", "agent", "branch", "commit", "saved"), cells) if cells else "no saved sessions"
    run.emit({"sessions": [session._asdict() for session in sessions]}, text)


@cli.command(main, "session-delete")
@cli.argument("label", type=cli.LABEL)
def session_delete(run: cli.Run, *, label: str) -> None:
    """Remove a saved session."""
    is_removed = saved_sessions.delete(run.workspace, label)
    rest = "" if is_removed else "; other files in its folder were left"
    run.emit({"label": label, "folder_removed": is_removed}, f"deleted {label}{rest}")


@cli.command(main, "new")
@cli.argument("agent", metavar="ID", type=cli.AGENT)
@cli.repeated("--role", type=cli.LINE, help="A role, such as manager.")
def new(run: cli.Run, *, agent: str, role: tuple[str, ...]) -> None:
    """Write a new seat's manifest, ready to be activated."""
    require_seat(agent)
    place = manifests.create(run.workspace, agent, role)
    run.emit({"agent_id": agent, "path": place.name}, f"wrote {place.name}")
    run.advise(hint.tool("agent.manifest_helper", "activate", agent))


@cli.command(main, "env")
@cli.argument("agent", metavar="ID")
def env(run: cli.Run, *, agent: str) -> None:
    """Print the line that binds a shell to a seat."""
    import shlex

    variant = manifests.find(run.workspace, agent)
    if variant is None:
        name = manifests.agent_named(agent)
        raise UsageError(f"there is no manifest of {name}", code="seat.unknown", hint=_new_seat(name))
    is_inside = variant.place.base == run.workspace.root
    path = variant.place.name if is_inside else variant.place.path
    line = f"export TEOF_MANIFEST={shlex.quote(path)}"
    run.emit({"agent_id": variant.agent_id, "path": path, "line": line}, line)


@cli.command(main, "retire", writes=True)
@cli.argument("target", metavar="ID", type=cli.AGENT)
@_reason
def retire(run: cli.Run, *, target: str, reason: str) -> None:
    """Retire an agent, as a manager or oneself: boards and heartbeat checks ignore it."""
    _log_state(run, target, "retired", reason)


@cli.command(main, "revive", writes=True)
@cli.argument("target", metavar="ID", type=cli.AGENT)
@_reason
def revive(run: cli.Run, *, target: str, reason: str) -> None:
    """Revive a retired agent, as a manager or oneself."""
    _log_state(run, target, "revived", reason)


def _log_state(run: cli.Run, agent: str, kind: str, reason: str) -> None:
    summary = f"{agent} {kind} by {run.seat.agent_id}" + (f": {reason}" if reason else "")
    draft = posts.EventDraft(kind, summary, meta={"agent": agent, **({"reason": reason} if reason else {})})

    def decide() -> posts.Draft | None:
        return None if run.history.retirements().get(agent) == kind else posts.Draft(draft)

    posted = posts.post_once(run, decide)
    run.emit({"records": posted.records if posted else []}, f"{agent} {kind}{'' if posted else ' already'}")


if __name__ == "__main__":
    cli.main(main)
