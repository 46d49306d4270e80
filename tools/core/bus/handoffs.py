"""Dirty handoffs: one seat's uncommitted work that another seat came upon, until it is cleared or reassigned.

A receipt (`_report/session/<finder>/dirty-handoff/dirty-<stamp>.txt`, docs/formats.md) is written by
the seat that saw the tree dirty and never changed by what follows: `dirty_cleared` and
`dirty_reassigned` events cite it, and the latest of them gives its state.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tools.core import clock, ids
from tools.core.bus.posts import Draft, EventDraft, Posted, post_once
from tools.core.bus.rules.claim_refusals import ask_hint
from tools.core.context import Context
from tools.core.errors import GuardError, ToolkitError
from tools.core.fs import files
from tools.core.models.bus import Event
from tools.core.models.record import MAX_SUMMARY
from tools.core.problem import Problem
from tools.core.seats.seat import Seat
from tools.core.workspace import REPORT, Place, Workspace

if TYPE_CHECKING:
    from tools.core.store.contract import History

CLEARED = "dirty_cleared"
REASSIGNED = "dirty_reassigned"
FOLDER = "dirty-handoff"
_TITLE = "# dirty handoff"


class Handoff(NamedTuple):
    """A tree with uncommitted work, as its receipt and the events about it say."""

    path: str
    finder: str
    owner: str  # whose changes they are, after any reassignment
    captured_at: datetime | None
    branch: str
    commit: str
    changes: tuple[str, ...]  # git's porcelain lines
    is_cleared: bool = False

    @property
    def is_open(self) -> bool:
        """Whether an owner other than its finder still has to deal with it."""
        return not self.is_cleared and self.owner != self.finder


def folder(workspace: Workspace, finder: str) -> Place:
    """Where a seat's receipts of dirty trees are kept."""
    return workspace.session(finder).child(FOLDER)


def parse(path: str, finder: str, text: str) -> Handoff | None:
    """The handoff in a receipt's text; None when the text is not a receipt."""
    head, _, body = text.partition("\n\n")
    lines = head.splitlines()
    if not lines or lines[0].strip() != _TITLE:
        return None
    header: dict[str, str] = {}
    for line in lines[1:]:
        key, equals, value = line.removeprefix("# ").partition("=")
        if equals:
            header.setdefault(key.strip(), value.strip())
    return Handoff(
        path=path,
        finder=header.get("agent") or finder,
        owner=header.get("owner") or header.get("agent") or finder,
        captured_at=clock.parse(header.get("captured_at")),
        branch=header.get("branch", ""),
        commit=header.get("commit", ""),
        changes=tuple(line for line in body.split("\n") if line.strip()),
    )


def receipts_of(workspace: Workspace) -> tuple[list[Handoff], list[Problem]]:
    """Every receipt as it was written, oldest first, and a problem for each unreadable one."""
    handoffs: list[Handoff] = []
    problems: list[Problem] = []
    for finder in filter(ids.is_agent, files.names_in(Place(workspace.bus_root, f"{REPORT}/session"))):
        try:
            for name in files.names_in(folder(workspace, finder), ".txt"):
                place = folder(workspace, finder).child(name)
                data = files.read_bytes(place) or b""
                handoff = parse(place.name, finder, data.decode("utf-8", "replace"))
                if handoff is None:
                    problems.append(Problem(place.name, 1, "not a receipt of a dirty tree", "handoff.receipt"))
                else:
                    handoffs.append(handoff)
        except ToolkitError as error:
            problems.append(error.problem_in(folder(workspace, finder).name))
    return sorted(handoffs, key=lambda handoff: (handoff.captured_at or clock.EPOCH, handoff.path)), problems


def settled(receipts: Sequence[Handoff], events: Sequence[Event]) -> list[Handoff]:
    """The receipts with the events, oldest first, applied to them."""
    by_path = {handoff.path: handoff for handoff in receipts}
    for event in events:
        for path in event.receipts:
            handoff = by_path.get(path)
            if handoff is None:
                continue
            if event.event == CLEARED:
                by_path[path] = handoff._replace(is_cleared=True)
            elif ids.is_agent(event.meta.get("owner")):
                by_path[path] = handoff._replace(owner=event.meta["owner"], is_cleared=False)
    return list(by_path.values())


def all_handoffs(workspace: Workspace, history: History) -> tuple[list[Handoff], list[Problem]]:
    """Every dirty handoff in its present state, oldest first, and a problem for each unreadable one."""
    receipts, problems = receipts_of(workspace)
    if not receipts:
        return [], problems
    return settled(receipts, history.events_of((CLEARED, REASSIGNED))), problems


def cleared(history: History) -> frozenset[str]:
    """The receipts that a `dirty_cleared` event cites."""
    return frozenset(path for event in history.events_of([CLEARED]) for path in event.receipts)


def of_agent(handoffs: Sequence[Handoff], agent: str) -> list[Handoff]:
    """The open handoffs that are an agent's: those it owns, or where it owns none, those it reported."""
    still_open = [handoff for handoff in handoffs if handoff.is_open]
    owned = [handoff for handoff in still_open if handoff.owner == agent]
    return owned or [handoff for handoff in still_open if handoff.finder == agent]


def require_right(entries: Sequence[Handoff], seat: Seat) -> None:
    """GuardError unless the seat is the owner or finder of every entry, or a manager."""
    for entry in entries:
        if seat.agent_id not in (entry.owner, entry.finder) and not seat.is_manager:
            raise GuardError(
                f"{entry.path} is {entry.owner}'s, found by {entry.finder}: {seat.agent_id} is neither, nor a manager",
                code="handoff.right",
                hint=ask_hint(entry.owner, ids.HUB),
            )


def settle(context: Context, agent: str, kind: str, note: str, to: str) -> Posted | None:
    """Clears or reassigns an agent's open handoffs; None when there are none. GuardError when the seat may not."""
    problems: list[Problem] = []

    def decide() -> Draft | None:
        handoffs, problems[:] = all_handoffs(context.workspace, context.history)
        affected = of_agent(handoffs, agent)
        require_right(affected, context.seat)
        return Draft(_settling_event(context, affected, agent, kind, note, to)) if affected else None

    settled = post_once(context, decide)
    context.skipped(problems)
    return settled


def _settling_event(
    context: Context, entries: Sequence[Handoff], agent: str, kind: str, note: str, to: str
) -> EventDraft:
    """The event that clears or reassigns entries; it cites their receipts, which stay."""
    done = f"gave the dirty handoff of {agent} to {to}" if to else f"cleared the dirty handoff of {agent}"
    return EventDraft(
        kind,
        f"{context.seat.agent_id} {done}{f': {note}' if note else ''}"[:MAX_SUMMARY],
        receipts=tuple(entry.path for entry in entries),
        meta={"agent": agent, **({"owner": to} if to else {})},
    )
