"""Work in progress that a session found in the tree: whose it is, and the receipt that hands it over.

Nobody's work is touched. The toolkit's own files never make a tree dirty. A receipt lies with its
finder; `# owner=` says whose work it is: the branch's agent, else the holder of a live claim on the
branch, else the finder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.bus import claim_documents as holdings
from tools.core.bus import handoffs, posts
from tools.core.bus.handoffs import Handoff
from tools.core.context import Context
from tools.core.fs import files, locks
from tools.core.git import changes, refs
from tools.core.models.bus import Claim
from tools.core.receipts.write import write_stamped
from tools.core.text import secrets
from tools.core.workspace import BUS, REPORT, Place, Workspace

_OURS = re.compile(rf'"?(?:{BUS}(?:/|"?$)|{REPORT}(?:/|"?$)|\.manifest_|AGENT_MANIFEST[^/]*\.json)')
_BRANCH = re.compile(r"agent/([^/]+)(?:/.*)?")
OBSERVATION = "observation"
_STATUS = "git status --porcelain"


class Found(NamedTuple):
    """What a session found and where it is told; `is_new` is False for a receipt that was renewed."""

    handoff: Handoff
    is_new: bool


def _is_ours(line: str) -> bool:
    paths = line[3:].split(" -> ") if line[:1] in "RC" or line[1:2] in "RC" else [line[3:]]
    return all(_OURS.match(path) for path in paths)


def status(workspace: Workspace) -> list[str]:
    """What is dirty in the checkout, as git's porcelain says it, without the toolkit's own files."""
    return [line for line in changes.status(workspace.root) if not _is_ours(line)]


def owner_of(branch: str | None, claims: Iterable[Claim], finder: str) -> str:
    """Whose work lies on a branch."""
    named = _BRANCH.fullmatch(branch or "")
    if named and ids.is_agent(named[1]):
        return named[1]
    holders = sorted(claim.agent_id for claim in claims if claim.is_live and branch and claim.branch == branch)
    return next((holder for holder in holders if ids.is_agent(holder)), finder)


def record(context: Context, branch: str | None, lines: Sequence[str]) -> Found:
    """Writes the receipt and the `observation`, or renews an open receipt that says the same."""
    claims, _ = holdings.all_claims(context.store)
    place = handoffs.folder(context.workspace, context.seat.agent_id)
    found = Handoff(
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
        old = _same(context.workspace, found, handoffs.cleared(context.history))
        if old is not None:
            files.replace(Place(context.workspace.bus_root, old.path), _text(found))
            found = found._replace(path=old.path)
        else:
            found = found._replace(path=write_stamped(place, "dirty", ".txt", _text(found), context.now).name)
        posts.post_once(context, lambda: _unless_observed(context, found))
    return Found(found, old is None)


def _unless_observed(context: Context, found: Handoff) -> posts.Draft | None:
    """The observation that tells of a receipt; None when an event cites it, whoever died in between."""
    observed = any(found.path in event.receipts for event in context.history.events_of([OBSERVATION]))
    return None if observed else posts.Draft(_observation(found))


def _same(workspace: Workspace, found: Handoff, cleared: Collection[str]) -> Handoff | None:
    """The newest open receipt of this finder that says the same; one that was reassigned is open still."""
    said = (found.finder, found.owner, found.branch, found.changes)
    return next(
        (
            old
            for old in reversed(handoffs.receipts_of(workspace)[0])
            if (old.finder, old.owner, old.branch, old.changes) == said and old.path not in cleared
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
