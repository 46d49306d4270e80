"""What commits may touch: pure rules over commits, claims and the holders of each fence.

A commit says under which task and fence it was made, in its trailers. The fence tells whether the task was still
its writer's: a takeover raises the fence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tools.core.bus.rules import path_rule
from tools.core.checks.findings import ERROR, NOTE, WARNING, Finding, make_finding
from tools.core.models.bus import Claim


class Commit(NamedTuple):
    """One commit: the task and fence in its trailers ("" and None where it has none), the paths it changes."""

    sha: str
    task: str
    fence: int | None
    paths: tuple[str, ...]

    @property
    def short(self) -> str:
        """The beginning of its id."""
        return self.sha[:10]


class Handover(NamedTuple):
    """When and why a task came to the holder of a fence."""

    holder: str
    at: str
    reason: str


class History(NamedTuple):
    """What the bus says of one task: its claim, who got it with which fence, what was finished, what a manager accepted."""

    claim: Claim | None
    holders: Mapping[int, Handover]
    finished: frozenset[int]
    accepted: frozenset[int]


EMPTY = History(None, {}, frozenset(), frozenset())


def seat_of(commit: Commit, histories: Mapping[str, History], branch_seat: str) -> str:
    """Who wrote a commit: the holder of its fence, else the seat that its branch names; "" when neither says."""
    history = histories.get(commit.task, EMPTY)
    handover = history.holders.get(commit.fence or 0)
    return handover.holder if handover is not None else branch_seat


def check(
    commits: Iterable[Commit], histories: Mapping[str, History], live: Sequence[Claim], branch_seat: str
) -> list[Finding]:
    """The findings of some commits; the fingerprint of a finding is its commit."""
    return [finding for commit in commits for finding in _check_one(commit, histories, live, branch_seat)]


def _check_one(
    commit: Commit, histories: Mapping[str, History], live: Sequence[Claim], branch_seat: str
) -> Iterator[Finding]:
    history = histories.get(commit.task, EMPTY)
    if commit.task:
        yield from _task(commit, history)
    elif branch_seat and commit.paths:
        yield _finding("guard.untold", commit, f"{commit.short} does not say under which task it was made")
    if commit.fence not in history.finished:
        seat = seat_of(commit, histories, branch_seat)
        yield from _paths(commit, seat, live)


def _task(commit: Commit, history: History) -> Iterator[Finding]:
    if history.claim is None and not history.holders:
        yield _finding(
            "guard.task", commit, f"{commit.short} names {commit.task}, which was never claimed", commit.task
        )
        return
    fence, claim = commit.fence, history.claim
    if fence is None or claim is None or claim.fence <= fence or fence in history.finished:
        return
    writer = history.holders.get(fence)
    if writer is not None and writer.holder == claim.agent_id:
        return
    later = next((history.holders[number] for number in sorted(history.holders) if number > fence), None)
    moved = f" at {later.at} ({later.reason or 'no reason given'})" if later else ""
    text = (
        f"{commit.short} was made under fence {fence} of {commit.task}, held by {writer.holder if writer else 'an unknown seat'};"
        f" {claim.agent_id} took it over{moved} and has fence {claim.fence}"
    )
    severity = NOTE if fence in history.accepted else ERROR
    yield _finding("guard.fence", commit, text, commit.task, severity=severity)


def _paths(commit: Commit, seat: str, live: Sequence[Claim]) -> Iterator[Finding]:
    for path in commit.paths:
        refusal = path_rule.refusal(path, live, seat)
        if refusal is not None and refusal.claim is not None:
            claim = refusal.claim
            text = f"{commit.short} changes {path}, which {claim.agent_id} holds with {claim.task_id}"
            severity = ERROR if seat else WARNING
            yield _finding("guard.path", commit, text, claim.task_id, path=path, severity=severity)


def _finding(rule: str, commit: Commit, text: str, task: str = "", *, path: str = "", severity: str = "") -> Finding:
    place = path or (commit.paths[0] if commit.paths else ".")
    finding = make_finding(rule, place, 1, text, task=task, fingerprint=commit.sha)
    return finding._replace(severity=severity) if severity else finding


def stricter(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of a strict check: an unknown task fails, a commit without trailers warns."""
    raised = {NOTE: WARNING, WARNING: ERROR, ERROR: ERROR}
    rules = ("guard.task", "guard.untold")
    return [
        finding._replace(severity=raised[finding.severity]) if finding.rule in rules else finding
        for finding in findings
    ]
