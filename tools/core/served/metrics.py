"""The board as Prometheus text: the numbers are those of the JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tools.core.board.model import AMBER, GREEN, RED
from tools.core.board.page.names import open_plans
from tools.core.board.view import BoardView

COLOURS = (RED, AMBER, GREEN)


class Sample(NamedTuple):
    """One number with its labels."""

    labels: Mapping[str, str]
    value: float


class Process(NamedTuple):
    """What the server knows of itself."""

    version: str
    board_seconds: float
    watchers: int


def document(view: BoardView | None, process: Process) -> str:
    """The whole answer; without a board only that there is none."""
    families = [_family("up", "gauge", "Whether there is a board.", [_plain(view is not None)])]
    if view is not None:
        families += _of_board(view)
    families += [
        _family("board_seconds", "gauge", "Seconds the last board took.", [_plain(process.board_seconds)]),
        _family("watchers", "gauge", "Open streams.", [_plain(process.watchers)]),
        _family("build_info", "gauge", "The version of the toolkit.", [Sample({"version": process.version}, 1)]),
    ]
    return "".join(families)


def _of_board(view: BoardView) -> list[str]:
    board, now = view.board, view.board.generated_at
    moments = [row.at for row in board.requests if row.at]
    oldest = max(0.0, (now - min(moments)).total_seconds()) if moments else 0.0
    claims = Counter(("silent" if row.idle else row.state, row.agent_id) for row in board.claims)
    evidence: Counter[str] = Counter()
    for plan in open_plans(view):
        evidence.update(plan.evidence)
    beats = [
        Sample({"agent": row.agent_id, "role": row.role}, max(0.0, (now - row.last_seen).total_seconds()))
        for row in (*board.managers, *board.agents)
        if row.last_seen
    ]
    return [
        _family("alerts", "gauge", "Things that need somebody.", _counted("kind", Counter(row.kind for row in board.alerts))),
        _family("reminders", "gauge", "Things that wait without alarming.", _counted("kind", Counter(row.kind for row in board.reminders))),
        _family("verdict", "gauge", "The verdict, 1 at its colour.", [Sample({"colour": word}, word == board.verdict) for word in COLOURS]),
        _family("claims", "gauge", "Live claims.", [Sample({"state": state, "agent": agent}, n) for (state, agent), n in claims.items()]),
        _family("requests_open", "gauge", "Requests and directives without an answer.", [_plain(len(board.requests))]),
        _family("request_oldest_seconds", "gauge", "The age of the oldest of them.", [_plain(oldest)]),
        _family("ready", "gauge", "Tasks that anybody may take.", [_plain(len(board.ready))]),
        _family("handoffs_open", "gauge", "Uncommitted trees that another seat found.", [_plain(len(board.handoffs))]),
        _family("decisions_open", "gauge", "Decisions that are open.", [_plain(len(board.decisions))]),
        _family("decisions_overdue", "gauge", "Open decisions that are overdue.", [_plain(sum(bool(row.overdue) for row in board.decisions))]),
        _family("evidence", "gauge", "Receipts that open plans cite.", _counted("standing", evidence)),
        _family("heartbeat_age_seconds", "gauge", "Seconds since a seat's last sign.", beats),
        _family("events_total", "counter", "Lines of the event log.", [_plain(view.totals.events)]),
        _family("messages_total", "counter", "Lines of all threads.", [_plain(view.totals.messages)]),
    ]  # fmt: skip


def _plain(value: float) -> Sample:
    return Sample({}, value)


def _counted(label: str, counts: Mapping[str, int]) -> list[Sample]:
    return [Sample({label: name}, count) for name, count in sorted(counts.items())]


def _family(name: str, kind: str, help_text: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP teof_{name} {help_text}", f"# TYPE teof_{name} {kind}"]
    lines += [f"teof_{name}{_labels(sample.labels)} {_number(sample.value)}" for sample in samples]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _labels(labels: Mapping[str, str]) -> str:
    parts = [f'{name}="{_escaped(value)}"' for name, value in labels.items()]
    return f"{{{','.join(parts)}}}" if parts else ""


def _escaped(value: str) -> str:
    text = value.encode("utf-8", "backslashreplace").decode()
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
