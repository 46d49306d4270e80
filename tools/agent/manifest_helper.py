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
from tools.core.gitdir import current_branch
from tools.core.hint import Hint
from tools.core.models.record import to_mapping
from tools.core.seats import manifests, saved_sessions
from tools.core.seats.seat import acting, manifest_path, require_seat
from tools.core.text import terminal
from tools.core.workspace import MANIFEST

main = cli.group(__doc__)


@cli.command(main, "list")
def list_variants(run: cli.Run) -> None:
    """Show the seats that can be activated here."""
    found, problems = manifests.variants(run.workspace)
    run.skipped(problems)
    active = run.reader.agent_id if run.reader else None
    rows: list[dict[str, Any]] = [
        {
            "agent_id": one.agent_id,
            "path": os.path.relpath(one.place.path, run.workspace.root),
            "roles": list(one.manifest.desired_roles),
            "active": one.agent_id == active,
        }
        for one in found
    ]
    cells = [
        ("*" if row["active"] else "", row["agent_id"], " ".join(row["roles"]) or "-", row["path"]) for row in rows
    ]
    run.emit(
        {"active": active, "seats": rows},
        terminal.table(("", "agent", "roles", "path"), cells) if rows else "no seats here",
    )
    if not rows:
        run.advise(_making(hint.WORDS))


def _making(agent: str) -> Hint:
    return hint.tool("agent.manifest_helper", "new", agent)


@cli.command(main, "show")
def show(run: cli.Run) -> None:
    """Show the seat that is acting here."""
    seat = acting(run.workspace, None, run.binding)
    manifest = to_mapping(seat.manifest)
    lines = [f"{key}: {', '.join(value) if isinstance(value, list) else value}" for key, value in manifest.items()]
    document = {"manifest": manifest, "path": run.binding or MANIFEST, "branch_prefix": seat.branch_prefix}
    run.emit(document, "\n".join([*lines, f"bound by: {run.binding or MANIFEST}"]))


@cli.command(main, "activate")
@cli.argument("agent", metavar="ID")
@cli.option("--no-backup", is_flag=True, help="Make no numbered backup (what is nowhere else is kept all the same).")
def activate(run: cli.Run, agent: str, no_backup: bool) -> None:
    """Make a seat this checkout's own."""
    _tell(run, manifests.activate(run.workspace, agent, backup=not no_backup), "active")


@cli.command(main, "restore")
def restore(run: cli.Run) -> None:
    """Take back the newest backup."""
    _tell(run, manifests.restore(run.workspace), "restored")


def _tell(run: cli.Run, swap: manifests.Activation, verb: str) -> None:
    if run.binding:
        run.warn([f"this process is bound to {run.binding} by TEOF_MANIFEST, which goes before {MANIFEST}"])
    text = f"{verb}: {swap.agent_id}, from {swap.source}" if swap.changed else f"{swap.agent_id} is in place already"
    if swap.kept:
        text += f"; the one before is {swap.kept}"
    run.emit(
        {"agent_id": swap.agent_id, "source": swap.source, "kept": swap.kept or None, "changed": swap.changed}, text
    )


@cli.command(main, "session-save", writes=True)
@cli.argument("label", type=cli.LABEL)
@cli.repeated("--heartbeat-meta", help="Free data of the heartbeat, key=value.")
@cli.option("--heartbeat-summary", type=cli.LINE, help="The heartbeat's one line.")
@cli.option("--no-heartbeat", is_flag=True, help="Log no heartbeat.")
@cli.option("--force", is_flag=True, help="Use a label again (its manifest is kept where it is nowhere else).")
def session_save(
    run: cli.Run,
    label: str,
    heartbeat_meta: tuple[str, ...],
    heartbeat_summary: str | None,
    no_heartbeat: bool,
    force: bool,
) -> None:
    """Save the manifest, branch and commit under a label, and say so on the bus."""
    seat = run.seat
    if seat.manifest is None:
        raise SetupError("there is no manifest here to save", code="seat.none", hint=_making(seat.agent_id))
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
def session_restore(run: cli.Run, label: str, manifest_only: bool) -> None:
    """Bring back a saved session: its branch, then its manifest."""
    saved = saved_sessions.named(run.workspace, label)
    if not manifest_only:
        saved_sessions.switch_to(run.workspace, saved)
    _tell(run, saved_sessions.restore(run.workspace, label), f"restored {label}")


@cli.command(main, "session-list")
def session_list(run: cli.Run) -> None:
    """Show the saved sessions."""
    found, problems = saved_sessions.all_sessions(run.workspace)
    run.skipped(problems)
    cells = [(one.label, one.agent_id, one.branch or "-", one.commit[:10] or "-", one.saved_at) for one in found]
    text = terminal.table(("label", "agent", "branch", "commit", "saved"), cells) if cells else "no saved sessions"
    run.emit({"sessions": [one._asdict() for one in found]}, text)


@cli.command(main, "session-delete")
@cli.argument("label", type=cli.LABEL)
def session_delete(run: cli.Run, label: str) -> None:
    """Remove a saved session."""
    whole = saved_sessions.delete(run.workspace, label)
    rest = "" if whole else "; other files in its folder were left"
    run.emit({"label": label, "folder_removed": whole}, f"deleted {label}{rest}")


@cli.command(main, "new")
@cli.argument("agent", metavar="ID", type=cli.AGENT)
@cli.repeated("--role", type=cli.LINE, help="A role, such as manager.")
def new(run: cli.Run, agent: str, role: tuple[str, ...]) -> None:
    """Write a new seat's manifest, ready to be activated."""
    require_seat(agent)
    place = manifests.create(run.workspace, agent, role)
    run.emit({"agent_id": agent, "path": place.name}, f"wrote {place.name}")
    run.advise(hint.tool("agent.manifest_helper", "activate", agent))


@cli.command(main, "env")
@cli.argument("agent", metavar="ID")
def env(run: cli.Run, agent: str) -> None:
    """Print the line that binds a shell to a seat."""
    import shlex

    found = manifests.find(run.workspace, agent)
    if found is None:
        name = manifests.agent_named(agent)
        raise UsageError(f"there is no manifest of {name}", code="seat.unknown", hint=_making(name))
    inside = found.place.base == run.workspace.root
    path = found.place.name if inside else found.place.path
    line = f"export TEOF_MANIFEST={shlex.quote(path)}"
    run.emit({"agent_id": found.agent_id, "path": path, "line": line}, line)


@cli.command(main, "retire", writes=True)
@cli.argument("whom", metavar="ID", type=cli.AGENT)
def retire(run: cli.Run, whom: str) -> None:
    """Park an agent: boards and heartbeat checks leave it out."""
    _mark(run, whom, "retired")


@cli.command(main, "revive", writes=True)
@cli.argument("whom", metavar="ID", type=cli.AGENT)
def revive(run: cli.Run, whom: str) -> None:
    """Bring a parked agent back."""
    _mark(run, whom, "revived")


def _mark(run: cli.Run, whom: str, kind: str) -> None:
    draft = posts.EventDraft(kind, f"{whom} {kind} by {run.seat.agent_id}", meta={"agent": whom})

    def decide() -> posts.Draft | None:
        return None if run.history.retirements().get(whom) == kind else posts.Draft(draft)

    marked = posts.post_once(run, decide)
    run.emit({"records": marked.records if marked else []}, f"{whom} {kind}{'' if marked else ' already'}")


if __name__ == "__main__":
    cli.main(main)
