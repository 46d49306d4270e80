"""The digest in at most fifteen lines, each a word and a text, for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tools.core import hint
from tools.core.board.alerts import assign
from tools.core.board.digest import Digest, TitledTask
from tools.core.board.model import GREEN
from tools.core.board.page.words import age
from tools.core.board.verdict import verdict
from tools.core.text import terminal
from tools.core.text.markdown import escape_markdown

WIDTH = 120
"""Characters of a line of names; commands are never cut."""

_ALL = hint.tool("agent.coord_dashboard", "report", "--compact")


def rows(digest: Digest) -> list[tuple[str, str]]:
    """The lines in order; empty ones are left out."""
    table = [
        ("NOW", _now(digest)),
        ("DONE", _names(digest.done)),
        ("BEGUN", _names(digest.begun)),
        ("SILENT", _silent(digest)),
        (
            "TAKEN",
            _cut(
                f"{row.task_id} from {row.holder_before or 'an unknown seat'} by {row.holder}"
                for row in digest.taken_over
            ),
        ),
        ("FOR YOU", _for_you(digest)),
        ("ASKED", _requests(digest)),
        ("SAID", _cut(f"{row.task_id} {row.summary}" for row in digest.directives)),
        ("PROOF", _proof(digest)),
        ("DECIDED", _decided(digest)),
        ("READY", _ready(digest)),
        ("NEXT", digest.next),
    ]
    return [(word, line) for word, line in table if line]


def _now(digest: Digest) -> str:
    board = digest.board
    if board.verdict == GREEN:
        return ""
    waiting = (
        f", {len(board.reminders)} more {'waits' if len(board.reminders) == 1 else 'wait'}" if board.reminders else ""
    )
    more = f" ({digest.new_alerts} new){waiting}" if board.alerts else ""
    return f"{verdict(board).sentence}{more}: {digest.spell(_ALL)}"


def _cut(parts: Iterable[str]) -> str:
    return terminal.short("; ".join(parts), WIDTH)


def _names(tasks: Sequence[TitledTask]) -> str:
    names = ", ".join(f"{row.task_id} {row.title}".rstrip() for row in tasks)
    return terminal.short(f"{len(tasks)}: {names}", WIDTH) if tasks else ""


def _silent(digest: Digest) -> str:
    idle = [row for row in digest.board.claims if row.idle]
    return _cut(
        f"{row.agent_id} with {row.task_id} for {_ago(row.last_sign or row.claimed_at, digest)}" for row in idle
    )


def _ago(at: datetime | None, digest: Digest) -> str:
    return age(at, digest.until)


def _for_you(digest: Digest) -> str:
    if not digest.for_reader:
        return ""
    oldest, count = digest.for_reader[0], len(digest.for_reader)
    question = f"{oldest.sender} in {oldest.task_id}: {terminal.short(oldest.summary, 70)}"
    return f"{count} {'waits' if count == 1 else 'wait'}, the oldest {_ago(oldest.at, digest)}: {question}"


def _requests(digest: Digest) -> str:
    waiting = len(digest.board.requests)
    if not (digest.requests or digest.answered or waiting):
        return ""
    return (
        f"{terminal.number(digest.requests, 'request')}, {terminal.number(digest.answered, 'answer')}; {waiting} open"
    )


def _proof(digest: Digest) -> str:
    if not (digest.runs or digest.broken):
        return ""
    plans = f": {terminal.short(', '.join(digest.broken), WIDTH)}" if digest.broken else ""
    return f"{terminal.number(digest.runs, 'run')} recorded; {len(digest.broken)} broken{plans}"


def _decided(digest: Digest) -> str:
    if not (digest.decided or digest.board.decisions):
        return ""
    late = f": {terminal.short(', '.join(digest.overdue), WIDTH)}" if digest.overdue else ""
    return f"{digest.decided}; open {len(digest.board.decisions)}, overdue {len(digest.overdue)}{late}"


def _ready(digest: Digest) -> str:
    if not digest.board.ready:
        return ""
    best = digest.board.ready[0]
    return f"{len(digest.board.ready)}, best {best.task_id} {terminal.short(best.title, 60)}: {digest.spell(assign(best.task_id))}"


def _window(digest: Digest) -> str:
    volume = digest.volume
    counts = ((volume.events, "event"), (volume.messages, "message"), (volume.agents, "seat"))
    figures = ", ".join(terminal.number(count, noun) for count, noun in counts)
    return f"Since {digest.since:%a %d %b %H:%M} UTC ({_ago(digest.since, digest)}): {figures}."


def text(digest: Digest) -> str:
    """The digest for a terminal."""
    lines = rows(digest)
    if not lines and not digest.volume.events and not digest.volume.messages:
        return f"Since {digest.since:%a %d %b %H:%M} UTC nothing happened, and nothing waits."
    return "\n".join(terminal.clean(line) for line in [_window(digest), *(f"{word:8} {line}" for word, line in lines)])


def markdown(digest: Digest) -> str:
    """The digest as Markdown."""
    items = [f"- **{word}** {escape_markdown(line)}" for word, line in rows(digest)]
    return "\n".join([f"**{escape_markdown(_window(digest))}**", "", *items])
