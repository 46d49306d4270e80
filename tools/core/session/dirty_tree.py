"""Uncommitted work in the tree at boot: its owner, and the receipt that hands it over.

The work itself is never changed. Files of the toolkit do not make a tree dirty. The receipt is in the
folder of the session that reports it (the finder); its `# owner=` is the agent of the branch, else
the holder of a live claim on the branch, else the finder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.bus import claim_documents, handoffs, posts
from tools.core.bus.handoffs import Handoff
from tools.core.context import Context
from tools.core.errors import BusyError, SetupError
from tools.core.fs import files, locks
from tools.core.git import changes, refs, remotes
from tools.core.models.bus import Claim
from tools.core.receipts import write
from tools.core.text import secrets
from tools.core.workspace import BUS, PLANS, QUEUE, REPORT, Place, Workspace, worktrees

_OURS = re.compile(rf'"?(?:{BUS}(?:/|"?$)|{REPORT}(?:/|"?$)|\.manifest_|AGENT_MANIFEST[^/]*\.json)')
_BRANCH = re.compile(r"agent/([^/]+)(?:/.*)?")
OBSERVATION = "observation"
_STATUS = "git status --porcelain"


class RecordedHandoff(NamedTuple):
    """A handoff with its receipt; `is_new` is False for a renewed receipt."""

    handoff: Handoff
    is_new: bool


def _is_toolkit_file(line: str) -> bool:
    paths = line[3:].split(" -> ") if line[:1] in "RC" or line[1:2] in "RC" else [line[3:]]
    return all(_OURS.match(path) for path in paths)


def status(workspace: Workspace, *, before_sync: bool = False) -> list[str]:
    """The lines of `git status --porcelain`, without files of the toolkit and worktrees of others.

    A tree that looks dirty is asked again while no other command brings this clone forward: in the
    middle of its fast-forward the files are new and the index is not. Only before a sync, which waits for
    the same lock, is that other one waited for until it ends.
    """
    lines = _status(workspace)
    if not lines:
        return lines
    try:
        with remotes.exclusive(workspace, patience=remotes.PATIENCE if before_sync else locks.PATIENCE):
            return _status(workspace)
    except (BusyError, SetupError):  # no lock is to be had here; git itself answered the first time
        return lines


def _status(workspace: Workspace) -> list[str]:
    pathspecs = changes.outside_worktrees(os.path.realpath(workspace.root), worktrees(workspace))
    return [line for line in changes.status(workspace.root, pathspecs) if not _is_toolkit_file(line)]


def is_own_planning(lines: Iterable[str]) -> bool:
    """Whether all that is not committed are plans and backlog items, which commands write."""
    return all(re.fullmatch(rf'.. "?({PLANS}|{QUEUE})/.*', line) for line in lines)


def owner_of(branch: str | None, claims: Iterable[Claim], finder: str) -> str:
    """The owner of uncommitted work on a branch."""
    match = _BRANCH.fullmatch(branch or "")
    if match and ids.is_agent(match[1]):
        return match[1]
    holders = sorted(claim.agent_id for claim in claims if claim.is_live and branch and claim.branch == branch)
    return next((holder for holder in holders if ids.is_agent(holder)), finder)


def record(context: Context, branch: str | None, lines: Sequence[str]) -> RecordedHandoff:
    """Writes the receipt and the `observation`, or renews an open receipt with the same content."""
    claims = claim_documents.live_claims(context.store).claims
    place = handoffs.folder(context.workspace, context.seat.agent_id)
    handoff = Handoff(
        path=place.name,
        finder=context.seat.agent_id,
        owner=owner_of(branch, claims, context.seat.agent_id),
        captured_at=context.now,
        branch=secrets.redact(branch or "none"),
        commit=refs.commit_of(context.workspace.root, "HEAD") or "none",
        changes=tuple(map(secrets.redact, lines)),
    )
    with locks.hold(context.workspace.session(context.seat.agent_id)):  # two boots of a seat write one receipt
        context.store.history.refresh()
        existing = _same(context.workspace, handoff, handoffs.cleared(context.history))
        if existing is not None:
            files.replace(Place(context.workspace.bus_root, existing.path), _text(handoff))
            path = existing.path
        else:
            path = write.write_stamped(place, "dirty", ".txt", _text(handoff), context.now).name
        handoff = handoff._replace(path=path)
        posts.post_once(context, lambda: _unless_observed(context, handoff))
    return RecordedHandoff(handoff, is_new=existing is None)


def _unless_observed(context: Context, handoff: Handoff) -> posts.Draft | None:
    """The observation that cites a receipt; None when an event of an interrupted boot cites it already."""
    observed = any(handoff.path in event.receipts for event in context.history.events_of([OBSERVATION]))
    return None if observed else posts.Draft(_observation(handoff))


def _same(workspace: Workspace, handoff: Handoff, cleared: Collection[str]) -> Handoff | None:
    """The newest open receipt of this finder with the same content; a reassigned one is still open."""
    content = (handoff.finder, handoff.owner, handoff.branch, handoff.changes)
    return next(
        (
            existing
            for existing in reversed(handoffs.receipts_of(workspace)[0])
            if (existing.finder, existing.owner, existing.branch, existing.changes) == content
            and existing.path not in cleared
        ),
        None,
    )


def _text(handoff: Handoff) -> bytes:
    head = [
        "# dirty handoff",
        f"# agent={handoff.finder}",
        f"# owner={handoff.owner}",
        f"# captured_at={clock.to_text(handoff.captured_at) if handoff.captured_at else ''}",
        f"# branch={handoff.branch}",
        f"# commit={handoff.commit}",
        f"# git_status={_STATUS}",
        "",
    ]
    return "".join(f"{line}\n" for line in [*head, *handoff.changes]).encode("utf-8", "replace")


def _observation(handoff: Handoff) -> posts.EventDraft:
    count = f"{len(handoff.changes)} path" + ("s" if len(handoff.changes) != 1 else "")
    return posts.EventDraft(
        OBSERVATION,
        f"dirty handoff: {count} of {handoff.owner} on {handoff.branch}, found by {handoff.finder}",
        branch=handoff.branch if handoff.branch != "none" else "",
        receipts=(handoff.path,),
        meta={"owner": handoff.owner, "commit": handoff.commit, "paths": str(len(handoff.changes))},
    )
