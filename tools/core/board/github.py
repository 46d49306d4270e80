"""The view as Markdown for GitHub: a pull request, an issue, a job summary.

Each command is a fenced block, which GitHub gives a button to copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tools.core import hint
from tools.core.board.lanes.lane import DAY
from tools.core.board.lanes.timeline import ACTIVE, PAUSED, SILENT, Interval
from tools.core.board.model import AMBER, GREEN, RED, AlertRow
from tools.core.board.page import words
from tools.core.board.view import BoardView
from tools.core.text import terminal
from tools.core.text.markdown import escape_markdown

MAX_BYTES = 60_000
"""A comment holds 65,536 characters, a job summary 1 MiB; longer text is dropped silently."""

MAX_SEATS, MAX_BARS, MAX_CHART = 30, 100, 20_000
"""Mermaid refuses a chart of 50,000 characters and is slow long before."""

_MAKER = "<!-- coord_dashboard -->"
"""What readers do not see and `--output` knows its own files by."""

_MARKS = {RED: "🟥", AMBER: "🟨", GREEN: "🟩"}
_CAPS = (50, 20, 5, 0)
_BAR_WORDS = {ACTIVE: "active", PAUSED: "", SILENT: "crit"}
_RESERVED = frozenset(
    ["gantt", "title", "section", "dateformat", "axisformat", "tickinterval", "todaymarker", "excludes", "includes"]
    + ["weekday", "weekend", "click", "vert", "acctitle", "accdescr", "inclusiveenddates", "topaxis"]
)
"""Words that begin a statement of a chart."""


def document(view: BoardView) -> str:
    """The whole board, shortened from its end until it fits; each cut is marked."""
    parts: list[Callable[[BoardView, int], str]] = [
        _alerts,
        _reminders,
        _waiting,
        _gantt,
        _held,
        _ready,
        _decisions,
        _findings,
    ]
    caps = [_CAPS[0]] * len(parts)
    caps[0] = len(view.board.alerts)
    text = _assembled(view, parts, caps)
    for cap in _CAPS[1:]:
        for number in range(len(parts) - 1, -1, -1):
            if len(text.encode()) <= MAX_BYTES:
                return text
            caps[number] = cap if number else min(caps[0], max(cap, 1) * 5)
            text = _assembled(view, parts, caps)
    return text


def _assembled(view: BoardView, parts: Sequence[Callable[[BoardView, int], str]], caps: Sequence[int]) -> str:
    bodies = [part(view, cap) for part, cap in zip(parts, caps, strict=True)]
    return "\n\n".join([_head(view), *(body for body in bodies if body), _MAKER]) + "\n"


def _short(text: str, limit: int = 240) -> str:
    return escape_markdown(terminal.short(text, limit))


def _head(view: BoardView) -> str:
    board = view.board
    sentence = (
        view.verdict.sentence if view.board.alerts else view.verdict.sentence[0].lower() + view.verdict.sentence[1:]
    )
    done = board.finished_claims.get("done", 0)
    figures = f"{len(board.claims)} held · {len(board.ready)} ready · {len(board.requests)} waiting for an answer · {done} done"
    head = f"## {_MARKS[view.verdict.colour]} {escape_markdown(view.repository)}: {sentence}\n"
    return f"{head}{figures} · as of {board.generated_at:%Y-%m-%d %H:%M} UTC"


def _age(at: datetime | None, view: BoardView) -> str:
    return words.age(at, view.board.generated_at, "–")


def _fenced(command: str) -> str:
    line = terminal.clean(command)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"   {fence}sh\n   {line}\n   {fence}"


def _alerts(view: BoardView, cap: int) -> str:
    return _needs(view, view.board.alerts, [f"{number}." for number in range(1, cap + 1)])


def _reminders(view: BoardView, cap: int) -> str:
    """What waits for the reader, but for the requests, which have a section of their own."""
    return _needs(view, view.other_reminders, ["-"] * cap)


def _needs(view: BoardView, rows: Sequence[AlertRow], marks: Sequence[str]) -> str:
    """As many rows as there are marks, each with the command that clears it."""
    items = []
    for mark, row in zip(marks, rows, strict=False):
        title = f" · {_short(row.title, 120)}" if row.title else ""
        head = (
            f"{mark} **{escape_markdown(words.kind(row.kind))}** · {_age(row.since, view)} · {_short(row.text)}{title}"
        )
        items.append(f"{head}\n\n{_fenced(row.command)}" if row.command else head)
    if len(rows) > len(marks):
        items.append(_more(len(rows) - len(marks), view))
    return "\n\n".join(items)


def _more(count: int, view: BoardView) -> str:
    everything = view.spell(hint.tool("agent.coord_dashboard", "report", "--compact"))
    return f"… {count} more; `{everything}` shows all"


def _folded(summary: str, body: str, *, is_open: bool = False) -> str:
    return f"<details{' open' if is_open else ''}><summary><b>{summary}</b></summary>\n\n{body}\n\n</details>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], count: int, view: BoardView) -> str:
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    rest = count - len(rows)
    return "\n".join(lines) + (f"\n\n{_more(rest, view)}" if rest else "")


def _waiting(view: BoardView, cap: int) -> str:
    requests = view.board.requests
    if not requests:
        return ""
    rows = [
        (
            _age(row.at, view),
            escape_markdown(row.sender),
            escape_markdown(row.to or "all"),
            escape_markdown(row.task_id),
            _short(row.summary),
        )
        for row in requests[:cap]
    ]
    table = _table(("age", "from", "to", "thread", "asks"), rows, len(requests), view)
    return _folded(f"Waiting for an answer ({len(requests)})", table, is_open=True)


def _gantt(view: BoardView, cap: int) -> str:
    now = view.board.generated_at
    head = [
        "gantt", "  dateFormat YYYY-MM-DDTHH:mm", "  axisFormat %H:%M", "  tickInterval 3hour", "  todayMarker off"
    ]  # fmt: skip
    lines, bars = [], 0
    for lane in view.lanes[: min(MAX_SEATS, cap)]:
        held = lane.charts[0].held[: MAX_BARS - bars]
        if not held:
            continue
        bars += len(held)
        lines.append(f"  section {_chart_name(lane.agent_id)}")
        lines += [_chart_bar(interval, now - DAY) for interval in held]
    while sum(len(line) + 1 for line in [*head, *lines]) > MAX_CHART:
        lines.pop()
    if not lines:
        return ""
    chart = "\n".join(["```mermaid", *head, *lines, "```"])
    return _folded("Who held what, the last 24 hours", chart, is_open=True)


def _chart_name(text: str) -> str:
    """An id in a chart: a colon would end it, and some words begin a statement."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:60] or "-"
    return f"{name}-" if name.lower() in _RESERVED else name


def _chart_bar(interval: Interval, since: datetime) -> str:
    start = max(interval.start, since)
    end = max(interval.end, start + timedelta(minutes=1))
    word = "done" if interval.ending else _BAR_WORDS.get(interval.state, "")
    form = "%Y-%m-%dT%H:%M"
    return f"  {_chart_name(interval.task_id)} :{f'{word}, ' if word else ''}{start:{form}}, {end:{form}}"


def _held(view: BoardView, cap: int) -> str:
    claims = view.board.claims
    if not claims:
        return ""
    rows = [
        (
            f"{escape_markdown(row.task_id)} {_short(row.title, 80)}".rstrip(),
            escape_markdown(row.agent_id) + (" ⚠ silent" if row.idle else " paused" if row.state == PAUSED else ""),
            _age(row.claimed_at, view),
            _age(row.last_sign, view),
            escape_markdown(row.plan_id or "–"),
        )
        for row in claims[:cap]
    ]
    return _folded(
        f"Held now ({len(claims)})", _table(("task", "holder", "for", "last seen", "plan"), rows, len(claims), view)
    )


def _list(title: str, rows: Sequence[str], cap: int, view: BoardView) -> str:
    if not rows:
        return ""
    lines = [f"- {row}" for row in rows[:cap]]
    if len(rows) > cap:
        lines.append(f"- {_more(len(rows) - cap, view)}")
    return _folded(f"{title} ({len(rows)})", "\n".join(lines))


def _ready(view: BoardView, cap: int) -> str:
    rows = [
        f"{escape_markdown(row.task_id)} {_short(row.title, 100)} ({escape_markdown(row.priority)})"
        for row in view.board.ready
    ]
    return _list("Ready", rows, cap, view)


def _decisions(view: BoardView, cap: int) -> str:
    rows = [
        f"{escape_markdown(row.id)}: {f'**overdue**: {_short(row.overdue)}' if row.overdue else f'open for {_age(row.at, view)}'}"
        for row in sorted(view.board.decisions, key=lambda row: not row.overdue)
    ]
    return _list("Decisions", rows, cap, view)


def _findings(view: BoardView, cap: int) -> str:
    return _list("Findings", [_short(row, 400) for row in view.board.findings], min(cap, 20), view)
