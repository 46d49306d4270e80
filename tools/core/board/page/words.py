"""The words and colours of a page, and the forms of its alerts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock, hint
from tools.core.board.alerts import ANSWER_WITHIN, PLACEHOLDER
from tools.core.board.model import AlertRow
from tools.core.board.page.charts import Slice, slices
from tools.core.context import Spell

KINDS = {
    "manager_stale": "Manager away",
    "manager_missing": "Manager missing",
    "manager_away": "Manager signed off",
    "agent_idle": "Silent holder",
    "request_waiting": "No answer",
    "dirty_handoff": "Uncommitted work",
    "plan_unclaimed": "Plan without holder",
    "evidence_broken": "Broken evidence",
    "request_for_you": "Asks you",
    "hold": "On hold",
    "overlap": "Same files",
    "holder_away": "Holder signed off",
    "assignment_waiting": "Not started",
    "agents_idle": "Free agents",
    "decision_overdue": "Overdue decision",
    "unproven": "No evidence",
    "findings": "Findings",
    "bus_unsent": "Not exchanged",
}
_RED_EDGES = ("manager_stale", "manager_missing", "manager_away", "agent_idle", "request_waiting")

BACKLOG_ORDER = ("done", "held", "paused", "assigned", "ready", "waiting", "in_progress", "unknown", "dropped")
"""The states of tasks in the order of the bar; a live claim that is active is called held."""

PAINT = {
    "red": "#a61b1b", "amber": "#7a4a00", "green": "#1d6436",
    "done": "#cfd6df", "held": "#2a62c9", "active": "#2a62c9", "paused": "#f0d59c", "assigned": "#8fb3ea",
    "ready": "#1d6436", "waiting": "#dccba3", "in_progress": "#b9a7d6", "unknown": "#9a9a94", "dropped": "#e6e6e0",
    "silent": "#fdeaea", "taken": "#e3d3ee", "released": "#cfd6df",
    "verified": "#1d6436", "unverified": "#dccba3", "broken": "#a61b1b",
    "day": "#a5c4ef", "today": "#2a62c9", "grid": "#dddcd4", "strip": "#efefea", "ask": "#7a4a00",
    "a1": "#d3e2f8", "a2": "#a5c4ef", "a3": "#5f92df", "a4": "#2a62c9",
}  # fmt: skip
"""Fills in the light theme, written as attributes: charts keep them where a host removes the style sheet."""

INK = {"active": "#ffffff", "paused": "#4a3505", "silent": "#a61b1b", "done": "#2b3340", "released": "#2b3340", "taken": "#42215c"}  # fmt: skip

LATE_AFTER = timedelta(hours=4)
"""The age of a request is amber from here on, and red from `ANSWER_WITHIN` on."""


class Part(NamedTuple):
    """A piece of a command; a placeholder must be replaced by the reader, an option stays in one line."""

    text: str
    is_placeholder: bool
    is_option: bool


class Act(NamedTuple):
    """A form: its fixed fields, the name of the typed one, and the equivalent command."""

    verb: str
    fields: Mapping[str, str]
    typed: str
    label: str
    button: str
    word: str  # the placeholder of the empty field and of the command
    command: str


def kind(word: str) -> str:
    """The kind of an alert in words; a new kind by its own name."""
    return KINDS.get(word) or word.replace("_", " ").capitalize()


def edge(word: str) -> str:
    """The colour of an alert's edge."""
    return "red" if word in _RED_EDGES else "amber"


def act(row: AlertRow, acting: str, spell: Spell) -> Act | None:
    """The form that clears an alert from a page; None where only work clears it."""
    if row.kind == "manager_stale" and row.agent_id == acting:
        beat = hint.tool("agent.bus_event", "log", "--event", "status", "--summary", hint.WORDS)
        return Act("heartbeat", {}, "summary", "What you are at", "Send a heartbeat", "what you are at", spell(beat))
    if row.kind == "dirty_handoff":
        fields = {"agent": row.agent_id}
        return Act("clear", fields, "note", "What was done", "Clear it", "what was done", row.command)
    if row.kind == "agent_idle":
        fields = {"task": row.task_id}
        return Act("pause", fields, "notes", "Why it is paused", "Pause it", "reason", row.command)
    if row.kind == "request_waiting":
        return answering(row.task_id, row.record_id, row.command)
    return None


def answering(task: str, record_id: str, command: str) -> Act:
    """The form that answers a request."""
    fields = {"task": task, "reply_to": record_id}
    return Act("reply", fields, "summary", "Your answer", "Answer", "answer", command)


def assigning(task: str, command: str) -> Act:
    """The form that assigns a task."""
    return Act("assign", {"task": task}, "engineer", f"Who takes {task}", "Assign", "who", command)


def parts(command: str) -> list[Part]:
    """A command split at its placeholders and options."""
    texts = re.split(f"({PLACEHOLDER}|(?<= )--[a-z-]+)", command)
    return [Part(text, text == PLACEHOLDER, number % 2 == 1) for number, text in enumerate(texts) if text]


def age(at: datetime | None, now: datetime, never: str = "never") -> str:
    """How long ago, never below zero."""
    return never if at is None else clock.span(max(0.0, (now - at).total_seconds()))


def lateness(at: datetime | None, now: datetime) -> str:
    """The class of a request's age: "" while it is fresh, then soon, then late."""
    waited = now - at if at else timedelta(0)
    return "late-red" if waited >= ANSWER_WITHIN else "late" if waited >= LATE_AFTER else ""


def window(minutes: float) -> str:
    """The length of a heartbeat window."""
    return clock.span(minutes * 60) if minutes else "ever (switched off)"


def backlog_slices(backlog: Mapping[str, int]) -> list[Slice]:
    """The backlog as parts of one bar."""
    counts = {("held" if state == "active" else state): count for state, count in backlog.items()}
    return slices([(state, counts.get(state, 0)) for state in BACKLOG_ORDER])


def evidence_slices(counts: Mapping[str, int]) -> list[Slice]:
    """Evidence as parts of one bar."""
    return slices([(word, counts.get(word, 0)) for word in ("verified", "unverified", "broken")])


def sum_of(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Evidence of several plans together."""
    return {word: sum(count.get(word, 0) for count in counts) for word in ("verified", "unverified", "broken")}
