"""What each tool does: one call into the core, and its answer as text within a budget.

Words of other agents stand on lines that begin with `> `.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tools.core import clock, hint, ids
from tools.core.backlog import elsewhere, pickup, task_ids
from tools.core.bus import claim_documents, claims, inbox, posts
from tools.core.bus.rules import claim_rules, path_patterns
from tools.core.context import Context
from tools.core.errors import SetupError, ToolkitError, UsageError
from tools.core.integrations import overview, waiting
from tools.core.integrations.hooks import texts
from tools.core.models.bus import Claim, Event, Message
from tools.core.text import shell, terminal

LIMIT, LONG = 1500, 4000
"""Bytes of an answer; of the inbox and of all claims."""

Arguments = Mapping[str, Any]


def status(context: Context, given: Arguments) -> str:
    """What `prime` says, or every live claim."""
    if given.get("claims"):
        rows = [_claim_line(claim, context) for claim in _live(context)]
        return fitted(rows or ["no live claims"], LONG)
    if not context.store.exists():
        raise SetupError("there is no bus here yet", code="setup.no_bus", hint=hint.init("--agent", hint.WORDS))
    return texts.start(overview.of_seat(context), "teof", LIMIT)


def claim_task(context: Context, given: Arguments) -> str:
    """Claims a task, or the best ready one."""
    paths = tuple(given.get("paths", ()))
    task = given.get("task")
    if task is not None:
        ids.require_task(task)
    plan = ids.require_plan(given["plan"]) if given.get("plan") else None
    begin = _confirmed if given.get("confirm") else _begin
    claim = begin(context, task, paths, plan)
    if claim is None:
        more = elsewhere.missing(context.workspace)
        return f"nothing is ready; {more.text}" if more else "nothing is ready"
    return f"you hold {claim.task_id} (fence {claim.fence}, branch {claim.branch}){_paths(claim)}"


def _begin(context: Context, task: str | None, paths: tuple[str, ...], plan: str | None) -> Claim | None:
    """Claims the task, or the best ready one; None when nothing is ready."""
    claim = pickup.begin(context, task, paths)
    if claim is not None and (plan or (paths and claim.paths != paths)):
        request = claim_rules.Request(claim.task_id, context.seat.agent_id, plan=plan, paths=paths or None)
        return claims.take(context, request).claim
    return claim


def _confirmed(context: Context, task: str | None, paths: tuple[str, ...], plan: str | None) -> Claim | None:
    """The same through the remote, so that it is certain among all clones."""
    from tools.core.sync.confirm import Acted, confirm

    chosen = [task]

    def act() -> Acted:
        claim = _begin(context, chosen[0], paths, plan)
        chosen[0] = claim.task_id if claim else None
        return Acted(claim, claim.task_id if claim else "")

    claim: Claim | None = confirm(context, context.seat.agent_id, act).result
    return claim


def release_task(context: Context, given: Arguments) -> str:
    """Gives a task back."""
    task = ids.require_task(given["task"])
    change = claims.release(context, task, status=given.get("status", "done"), notes=given.get("notes"))
    return f"{task} is {change.claim.state}"


def log_progress(context: Context, given: Arguments) -> str:
    """Logs an event, a heartbeat by default."""
    kind = ids.require_word(given.get("event", "status"), "event")
    task = ids.require_task(given["task"]) if given.get("task") else ""
    draft = posts.EventDraft(kind, given["summary"], task_id=task, receipts=given.get("receipts", ()))
    posted = posts.post(context, draft)
    return f"logged {posted.event.id if posted.event else ''}"


def send_message(context: Context, given: Arguments) -> str:
    """Posts to a thread, and to an agent's inbox."""
    to = ids.require_agent(given["to"]) if given.get("to") else ""
    thread = ids.require_task(given["task"])
    task_ids.require_thread(context, thread)
    draft = posts.MessageDraft(
        thread,
        ids.require_word(given.get("type", "status"), "type"),
        given["summary"],
        to=to,
        note=given.get("note", ""),
        reply_to=given.get("reply_to", ""),
    )
    posted = posts.post(context, messages=[draft])
    return f"sent {posted.messages[0].id} to {', '.join(posted.threads)}"


def read_inbox(context: Context, given: Arguments) -> str:
    """The newest of the inbox, unread first."""
    agent, limit = context.seat.agent_id, given.get("limit", 20)
    held = {claim.task_id for claim in _live(context) if claim.agent_id == agent}
    box = inbox.look(context.history, agent, held, inbox.read_mark(context.workspace, agent), limit=limit)
    rows = [f"{box.unread} unread of {box.total}"]
    for item in box.items[:limit]:
        entry = item.entry
        when = f"{clock.age(entry.at, context.now)} ago" if entry.at else entry.record.ts
        state = ("new " if item.is_unread else "") + ("open " if item.is_open else "")
        rows.append(_letter(f"{state}{entry.kind} from {entry.agent} on {entry.task} {when}", entry.record))
    if given.get("mark_read"):
        inbox.mark_read(context.workspace, agent, box)
    return fitted(rows, LONG)


def check_paths(context: Context, given: Arguments) -> str:
    """Who holds some files or patterns."""
    rows = []
    for path in given["paths"]:
        asked = path if any(char in path for char in "*?[") else f"./{path}"
        holders = [
            claim
            for claim in _live(context)
            if any(path_patterns.may_overlap(asked, pattern) for pattern in claim.paths)
        ]
        names = [f"{_who(claim, context)} with {claim.task_id} ({claim.state})" for claim in holders]
        rows.append(f"{path}: {', '.join(names) or 'free'}")
    return fitted(rows, LIMIT)


def wait_for(context: Context, given: Arguments) -> str:
    """Waits for one thing to come."""
    what, task = given.get("what", waiting.MAIL), given.get("task", "")
    if what == waiting.RELEASE and not task:
        raise UsageError("a release needs a task", code="wait.task")
    arrivals = waiting.wait(context, waiting.Wish((what,), task), float(given.get("seconds", 45)))
    rows = [
        _letter(f"{part.kind}: {part.entry.kind} from {part.entry.agent} on {part.task}", part.entry.record)
        if part.entry
        else f"{part.kind}: {part.task}"
        for part in arrivals
    ]
    return fitted(rows or ["nothing came"], LIMIT)


TOOLS: dict[str, Callable[[Context, Arguments], str]] = {
    "status": status,
    "claim_task": claim_task,
    "release_task": release_task,
    "log_progress": log_progress,
    "send_message": send_message,
    "read_inbox": read_inbox,
    "check_paths": check_paths,
    "wait_for": wait_for,
}
WITHOUT_SEAT = frozenset({"check_paths"})
"""Tools that only look, and may be used from a checkout that is nobody's seat."""


# -- resources ------------------------------------------------------------------------------------------


def resource(context: Context, uri: str) -> str:
    """The text of a resource; UsageError for one that is not known."""
    if uri == "bus://claims":
        return fitted([_claim_line(claim, context) for claim in _live(context)] or ["no live claims"], LONG)
    if uri == "bus://inbox":
        return read_inbox(context, {})
    if uri == "bus://board":
        from tools.core.board import build, model, text

        return fitted(text.compact(build.take(context, model.View())).splitlines(), LONG)
    if uri.startswith("bus://task/"):
        task = ids.require_task(uri.removeprefix("bus://task/"))
        claim = claim_documents.of_task(context.store, task).claim
        return _claim_line(claim, context) if claim else f"{task}: not claimed"
    raise UsageError(f"no resource {uri!r}", code="mcp.resource")


# -- answers ----------------------------------------------------------------------------------------------


def refusal(problem: ToolkitError) -> str:
    """A refusal as the command line has it: its code, one sentence, a command that helps."""
    line = shell.line(problem.hint, _started)
    return terminal.block(f"[{problem.code}] {problem.message}" + (f"\nhint: {line}" if line else ""))


def _started(module: str) -> tuple[str, ...]:
    """An agent types `teof`, however this server was started."""
    name = module.removeprefix("tools").removeprefix(".").removeprefix("agent.")
    return ("teof", *([name] if name else []))


def fitted(rows: list[str], limit: int) -> str:
    """Whole rows within a budget in bytes; how many were left out is said."""
    rows = [terminal.block(row) for row in rows]
    for count in range(len(rows), 0, -1):
        rest = len(rows) - count
        text = "\n".join(rows[:count]) + (f"\n{rest} more" if rest else "")
        if len(text.encode()) <= limit:
            return text
    return terminal.short(rows[0], limit // 4)


def _letter(head: str, record: Event | Message) -> str:
    answer_with = f" id {record.id}" if record.id else ""
    return f"{head}{answer_with}\n> {terminal.short(terminal.clean(record.summary), 500)}"


def _live(context: Context) -> list[Claim]:
    return sorted(claim_documents.live_claims(context.store).claims, key=lambda claim: claim.task_id)


def _claim_line(claim: Claim, context: Context) -> str:
    since = clock.parse(claim.claimed_at)
    age = clock.age(since, context.now) if since else "an unknown time"
    return f"{claim.task_id}: {_who(claim, context)}, {claim.state} for {age}{_paths(claim)}"


def _who(claim: Claim, context: Context) -> str:
    try:
        mine = claim.agent_id == context.seat.agent_id
    except LookupError:
        mine = False
    return f"you ({claim.agent_id})" if mine else claim.agent_id


def _paths(claim: Claim) -> str:
    return f"\n> paths {' '.join(terminal.clean(path) for path in claim.paths)}" if claim.paths else ""
