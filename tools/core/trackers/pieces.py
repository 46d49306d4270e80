"""A piece of work of another tracker, in words that all trackers share.

A reader makes pieces and changes nothing: statuses and priorities are the backlog's words, ids and
texts are still the tracker's. What cannot be read is a problem with `path:line: reason`; what is
not work (a deleted issue, a template) is left out with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tools.core import clock
from tools.core.backlog import items
from tools.core.problem import Problem

MEDIUM = "medium"
_PRIORITIES = {
    **dict.fromkeys(("0", "1", "p0", "p1", "high", "highest", "critical", "urgent"), "high"),
    **dict.fromkeys(("2", "p2", "medium", "normal", "none"), MEDIUM),
    **dict.fromkeys(("3", "4", "p3", "p4", "low", "lowest", "trivial"), "low"),
}


class Edge(NamedTuple):
    """A piece that another waits for, by the tracker's key, and since when, as the tracker spells it."""

    key: str
    since: str = ""


class Comment(NamedTuple):
    """A comment on a piece; `key` is unique among the comments of that piece."""

    key: str
    author: str
    at: str
    text: str


class Step(NamedTuple):
    """A part of a piece that is ticked off by itself."""

    title: str
    is_done: bool
    details: str = ""


class Piece(NamedTuple):
    """One piece of work; `key` is its id in the other tracker, `raw` the text it was read from.

    `task_id` is the preferred id in the backlog, which may not be a legal one. `is_ours` marks what
    an export of this toolkit wrote about a task that began here.
    """

    key: str
    where: str
    title: str
    status: str
    raw: str
    task_id: str
    priority: str = MEDIUM
    sections: Sequence[tuple[str, str]] = ()
    depends: Sequence[Edge] = ()
    parent: str = ""
    related: Sequence[str] = ()
    kind: str = ""
    labels: Sequence[str] = ()
    assignee: str = ""
    milestone: str = ""
    created: str = ""
    due: str = ""
    comments: Sequence[Comment] = ()
    steps: Sequence[Step] = ()
    unknown: Mapping[str, object] = {}
    is_ours: bool = False


class LeftOut(NamedTuple):
    """What of a source is not taken over, and why."""

    where: str
    reason: str


class Reading(NamedTuple):
    """Everything a source holds, and what of it cannot be read.

    `scope` is what the keys of this source begin with, where one tracker has several sources.
    """

    pieces: list[Piece]
    problems: list[Problem]
    left_out: list[LeftOut]
    scope: str = ""

    @classmethod
    def empty(cls) -> Reading:
        """A reading to be filled."""
        return cls([], [], [])


def problem(path: str, line: int, reason: str) -> Problem:
    """Something of a source that cannot be read."""
    return Problem(path, line, reason, "import.piece")


def words(text: str) -> frozenset[str]:
    """The words of a text, as the names of fields that a reader knows."""
    return frozenset(text.split())


def priority_of(word: object) -> str:
    """The backlog's word for another tracker's priority; medium for one that says nothing."""
    return _PRIORITIES.get(str(word).strip().lower(), MEDIUM)


def priority_of_labels(labels: Sequence[str]) -> str:
    """The highest priority that labels such as `P1` or `priority: high` name; medium without one."""
    words = [label.lower().removeprefix("priority").strip(" :/-_") for label in labels if _names_a_priority(label)]
    return min((priority_of(word) for word in words), key=items.PRIORITIES.index, default=MEDIUM)


def _names_a_priority(label: str) -> bool:
    low = label.lower()
    return low.startswith("priority") or (len(low) == 2 and low in _PRIORITIES) or low in ("critical", "urgent")


def stamp(value: object) -> str:
    """A moment as records spell it, from any ISO form; "" for anything else."""
    moment = clock.parse(value.strip()) if value and isinstance(value, str) else None
    return clock.to_text(moment) if moment else ""


def text_of(value: object) -> str:
    """A foreign value as text: null is nothing, what is not text is its own spelling."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


def texts_of(value: object) -> list[str]:
    """A foreign list as texts; a text counts as a list of one, anything else as an empty list."""
    if not value:
        return []
    if isinstance(value, (list, tuple)):
        return [text for text in map(text_of, value) if text.strip()]
    return [value] if isinstance(value, str) and value.strip() else []


def sections_of(*pairs: tuple[str, object]) -> list[tuple[str, str]]:
    """The titles and texts of sections that have a text."""
    texts = [(title, text_of(value)) for title, value in pairs if value]
    return [section for section in texts if section[1].strip()]


def ticked(steps: Sequence[Step]) -> str:
    """Steps as a checklist."""
    return "\n".join(f"- [{'x' if step.is_done else ' '}] {step.title}" for step in steps)
