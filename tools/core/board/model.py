"""The rows of the manager's board, which are its JSON, and the snapshot they are derived from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core.backlog import states
from tools.core.backlog.items import Item
from tools.core.bus.heartbeat import AGENT_WINDOW
from tools.core.models.bus import Assignment, Claim
from tools.core.models.manifest import Manifest
from tools.core.models.plan import Plan
from tools.core.problem import Problem

MANAGER_WINDOW = timedelta(minutes=30)
MESSAGES = 10

RED = "red"
AMBER = "amber"
GREEN = "green"


class View(NamedTuple):
    """The options of a board; `retired` None means the list in the dashboard's module."""

    manager_window: timedelta = MANAGER_WINDOW
    agent_window: timedelta = AGENT_WINDOW
    messages: int = MESSAGES
    retired: Collection[str] | None = None
    reader: str = ""  # the manager who reads; "" for the first one of the board
    ignored_managers: Collection[str] = ()


class AlertRow(NamedTuple):
    """A condition that needs action, or that waits: the agent, the start, and the command that clears it."""

    kind: str
    agent_id: str
    task_id: str
    since: datetime | None
    text: str
    command: str
    plan_id: str = ""
    record_id: str = ""  # of the request that waits
    title: str = ""  # the task's, else the plan's summary


class PlanRow(NamedTuple):
    """A plan that is not done."""

    plan_id: str
    status: str
    actor: str
    summary: str
    created: datetime | None
    steps_done: int
    steps: int
    pending_steps: tuple[str, ...]
    tasks: tuple[str, ...]
    holders: tuple[str, ...]
    evidence: Mapping[str, int]  # how many of the receipts it cites are verified, unverified, broken


class ClaimRow(NamedTuple):
    """A live claim."""

    task_id: str
    agent_id: str
    state: str
    claimed_at: datetime | None
    last_sign: datetime | None
    idle: bool
    branch: str
    plan_id: str
    paths: tuple[str, ...]
    notes: str
    title: str  # the task's, "" for one that is not in the backlog


class OverlapRow(NamedTuple):
    """Two live claims whose paths may name the same file."""

    task_id: str
    agent_id: str
    path: str
    other_task_id: str
    other_agent_id: str
    other_path: str


class TaskRow(NamedTuple):
    """A task of the backlog that anybody may take."""

    task_id: str
    priority: str
    title: str
    goal: str
    plan_id: str
    depends: tuple[str, ...]
    path: str


class RequestRow(NamedTuple):
    """A request or directive without an answer; `id` is empty in old records."""

    id: str
    kind: str
    task_id: str
    sender: str
    to: str
    at: datetime | None
    summary: str
    title: str  # of the task whose thread it stands in
    command: str  # that answers it


class HandoffRow(NamedTuple):
    """Uncommitted work of a seat, reported by another seat."""

    path: str
    finder: str
    owner: str
    captured_at: datetime | None
    branch: str
    changes: int


class BeatRow(NamedTuple):
    """A manager's or an agent's last sign of life."""

    agent_id: str
    role: str  # manager or agent
    state: str  # fresh, stale, missing, signed off; for agents fresh, idle, signed off, no live work
    last_seen: datetime | None
    summary: str
    meta: Mapping[str, str]


class DirectiveRow(NamedTuple):
    """A directive, the newest last; `pointed` says whether the hub points to it."""

    id: str
    at: datetime | None
    task_id: str
    sender: str
    summary: str
    open: bool
    pointed: bool


class DecisionRow(NamedTuple):
    """A decision that is open."""

    id: str
    manager: str
    at: datetime | None
    plan_id: str
    receipts: int
    overdue: str


class Board(NamedTuple):
    """The whole board at one moment; live claims and alerts are never cut."""

    version: int
    generated_at: datetime
    verdict: str  # red, amber or green
    reader: str  # the manager that the reminders are for, "" without one
    manager_window_minutes: float
    agent_window_minutes: float
    alerts: list[AlertRow]
    reminders: list[AlertRow]
    active_plans: list[PlanRow]
    claims: list[ClaimRow]
    finished_claims: dict[str, int]
    overlaps: list[OverlapRow]
    unclaimed_plans: list[PlanRow]
    ready: list[TaskRow]
    backlog: dict[str, int]
    requests: list[RequestRow]
    handoffs: list[HandoffRow]
    managers: list[BeatRow]
    agents: list[BeatRow]
    quiet_agents: int
    automation: list[PlanRow]
    directives: list[DirectiveRow]
    older_directives: int
    decisions: list[DecisionRow]
    decided: int
    findings: list[str]
    notes: list[str]


class Snapshot(NamedTuple):
    """The documents behind a board, each read once."""

    now: datetime
    claims: list[Claim]  # the live ones, those of the backlog's tasks, and the newest finished ones
    live: list[Claim]
    finished: Mapping[str, int]  # how many there are in each finished state
    assignments: list[Assignment]
    items: list[Item]
    plans: list[Plan]
    manifests: list[Manifest]
    tasks: list[states.Task]
    holders: Mapping[str, tuple[Claim, ...]]
    tasks_by_path: Mapping[str, str]
    problems: list[Problem]

    @property
    def titles(self) -> Mapping[str, str]:
        """The titles of the backlog's tasks."""
        return {item.task_id: item.title for item in self.items}
