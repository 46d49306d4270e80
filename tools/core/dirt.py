"""Work in progress that a session found in the tree: whose it is, and the receipt that hands it over.

Nobody's work is touched. The toolkit's own files never make a tree dirty. A receipt lies with its
finder; `# owner=` says whose work it is: the branch's agent, else the holder of a live claim on the
branch, else the finder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.core import bus, clock, files, git, ids, index, locks, receipts, remotes
from tools.core.feed import entry_of
from tools.core.records import Claim, Event
from tools.core.seats import Seat
from tools.core.store import FileStore
from tools.core.workspace import BUS, REPORT, Place, Workspace

FOLDER = "dirty-handoff"
CLEARED = "dirty_cleared"
_OURS = re.compile(rf'"?(?:{BUS}(?:/|"?$)|{REPORT}(?:/|"?$)|\.manifest_|AGENT_MANIFEST[^/]*\.json)')
_BRANCH = re.compile(r"agent/([^/]+)(?:/.*)?")
_STATUS = "git status --porcelain"


class Handoff(NamedTuple):
    """A dirty-handoff receipt as it was read."""

    place: Place
    finder: str
    owner: str
    branch: str
    commit: str
    captured_at: str
    lines: tuple[str, ...]


class Found(NamedTuple):
    """What a session found and where it is told; `is_new` is False for a receipt that was renewed."""

    handoff: Handoff
    is_new: bool


def lines_of(porcelain: str) -> list[str]:
    """The lines of `git status --porcelain` that are not about the toolkit's own files."""
    return [line for line in porcelain.split("\n") if line.strip() and not _is_ours(line)]


def _is_ours(line: str) -> bool:
    paths = line[3:].split(" -> ") if line[:1] in "RC" or line[1:2] in "RC" else [line[3:]]
    return all(_OURS.match(path) for path in paths)


def status(workspace: Workspace) -> list[str]:
    """What is dirty in the checkout, as git's porcelain says it; [] outside git."""
    answer = git.ask(workspace.root, "status", "--porcelain", "--untracked-files=normal")
    if answer.code:
        raise git.failed(["status"], answer)
    return lines_of(answer.out.decode("utf-8", "replace"))


def owner_of(branch: str | None, claims: Iterable[Claim], finder: str) -> str:
    """Whose work lies on a branch."""
    named = _BRANCH.fullmatch(branch or "")
    if named and ids.is_agent(named[1]):
        return named[1]
    holders = sorted(claim.agent_id for claim in claims if claim.is_live and branch and claim.branch == branch)
    return next((holder for holder in holders if ids.is_agent(holder)), finder)


def folder(workspace: Workspace, finder: str) -> Place:
    """Where a finder's receipts lie."""
    return workspace.session(finder).child(FOLDER)


def handoffs(workspace: Workspace, finders: Sequence[str] | None = None) -> list[Handoff]:
    """All dirty-handoff receipts of some finders (of all), oldest first."""
    top = workspace.session("x")
    sessions = Place(top.base, top.name.rpartition("/")[0])
    names = files.names_in(sessions) if finders is None else finders
    found = []
    for finder in names:
        if ids.is_agent(finder):
            place = folder(workspace, finder)
            found += [_read(place.child(name), finder) for name in files.names_in(place, ".txt")]
    return sorted(found, key=lambda handoff: (handoff.captured_at, handoff.place.name))


def _read(place: Place, finder: str) -> Handoff:
    text = (files.read_bytes(place) or b"").decode("utf-8", "replace")
    head, _, body = text.partition("\n\n")
    facts = dict(line[2:].split("=", 1) for line in head.split("\n") if line.startswith("# ") and "=" in line)
    lines = tuple(line for line in body.split("\n") if line)
    owner = facts.get("owner", finder)
    branch, commit, at = (facts.get(key, "") for key in ("branch", "commit", "captured_at"))
    return Handoff(place, finder, owner, branch, commit, at, lines)


def cleared(workspace: Workspace) -> set[str]:
    """The paths of the receipts that a `dirty_cleared` event cites; one that was reassigned is open still."""
    with index.open_index(workspace) as known:
        rows = known.events_of((CLEARED,))
    return {path for row in rows for path in entry_of(row).record.receipts}


def record(
    workspace: Workspace, store: FileStore, seat: Seat, branch: str | None, lines: Sequence[str], now: datetime
) -> Found:
    """Writes the receipt and the `observation`, or renews an open receipt that says the same."""
    claims, _ = bus.all_claims(store)
    owner = owner_of(branch, claims, seat.agent_id)
    commit = remotes.commit_of(workspace.root, "HEAD") or "none"
    place = folder(workspace, seat.agent_id)
    handoff = Handoff(place, seat.agent_id, owner, branch or "none", commit, clock.to_text(now), tuple(lines))
    closed = cleared(workspace)
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        same = [
            old
            for old in handoffs(workspace, [seat.agent_id])
            if (old.owner, old.branch, old.lines) == (owner, handoff.branch, handoff.lines)
            and old.place.name not in closed
        ]
        if same:
            handoff = handoff._replace(place=same[-1].place)
            files.replace(handoff.place, _text(handoff))
            return Found(handoff, False)
        handoff = handoff._replace(place=receipts.write_stamped(place, "dirty", ".txt", _text(handoff), now))
    bus.log(workspace, store, seat, _observation(handoff, now), [], now)
    return Found(handoff, True)


def _text(handoff: Handoff) -> bytes:
    head = [
        "# dirty handoff",
        f"# agent={handoff.finder}",
        f"# owner={handoff.owner}",
        f"# captured_at={handoff.captured_at}",
        f"# branch={handoff.branch}",
        f"# commit={handoff.commit}",
        f"# git_status={_STATUS}",
        "",
    ]
    return "".join(f"{line}\n" for line in [*head, *handoff.lines]).encode("utf-8", "replace")


def _observation(handoff: Handoff, now: datetime) -> Event:
    count = f"{len(handoff.lines)} path" + ("s" if len(handoff.lines) != 1 else "")
    return Event(
        id=ids.new_record_id(),
        ts=clock.to_text(now),
        agent_id=handoff.finder,
        event="observation",
        summary=f"dirty handoff: {count} of {handoff.owner} on {handoff.branch}, found by {handoff.finder}",
        branch=handoff.branch if handoff.branch != "none" else "",
        receipts=(handoff.place.name,),
        meta={"owner": handoff.owner, "commit": handoff.commit, "paths": str(len(handoff.lines))},
    )
