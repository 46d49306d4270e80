"""Task ids as people type them: the item of the backlog that an id names, or the id that was meant.

An id that is a task's but for case or leading zeros would give one task to two agents: it is refused.
Claims ask this, so the usual case reads one file and loads nothing.
"""

from __future__ import annotations

from tools.core import hint, ids
from tools.core.bus import claim_documents, claims
from tools.core.bus.rules.claim_rules import Override
from tools.core.errors import ConflictError, UsageError
from tools.core.fs import files
from tools.core.models.bus import stream_of
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tools.core.backlog.items import Item
    from tools.core.context import Context
    from tools.core.hint import Hint
    from tools.core.workspace import Workspace

    Again = Callable[[str], Hint]

WAITING = "waiting_override"
"""The code of the warning that a task was claimed whose dependencies are open."""

_DEFAULT = "queue-"


def find(workspace: Workspace, task: str) -> Item | None:
    """The task of the backlog with an id, None for none; the file that the id suggests is tried first."""
    return _suggested(workspace, task) or _among(_backlog(workspace), task)


def _suggested(workspace: Workspace, task: str) -> Item | None:
    """The task with an id, where it has the only file with the number at the id's end."""
    names = files.names_in(workspace.queue, ".md")
    if not names:
        return None
    from tools.core.backlog import items  # many a repository has no backlog

    digits = ids.without_digits(task)[1].lstrip("0")
    likely = [name for name in names if items.is_name(name) and name.partition("-")[0].lstrip("0") == digits]
    if len(likely) == 1 and (data := files.read_bytes(workspace.queue.child(likely[0]))):
        item, _ = items.parse(likely[0], data.decode("utf-8", "replace"))
        return item if item.task_id == task else None
    return None


def _among(backlog: Iterable[Item], task: str) -> Item | None:
    return next((item for item in backlog if item.task_id == task), None)


def _backlog(workspace: Workspace) -> list[Item]:
    """All tasks of the backlog."""
    if not files.names_in(workspace.queue, ".md"):
        return []
    from tools.core.backlog import items

    return items.all_items(workspace)[0]


def checked(context: Context, task: str, again: Again | None = None) -> Item | None:
    """The task of the backlog, None for one that has no file; UsageError for one that is misspelt.

    Warns of an id that comes near one of the backlog. `again` makes the command to type of the id that was meant.
    """
    item = _suggested(context.workspace, task)
    backlog = [] if item else _backlog(context.workspace)
    if item := item or _among(backlog, task):
        return item
    spelled = claim_documents.claimed(context.store, [task, *_spellings(task)])
    if task in spelled:
        return None
    names = [item.task_id for item in backlog]
    live = [name for name, claim in spelled.items() if claim is not None and claim.is_live]
    if meant := next((name for name in [*names, *live] if _key(name) == _key(task)), ""):
        command = again(meant) if again else hint.tool("agent.task", "show", "--task", meant)
        message = f"{task} is not in the backlog; {meant} is"
        if meant not in names:  # the branch of this checkout may lack the task's file
            message = f"{task} is not claimed; {meant} is"
        raise UsageError(message, code="task.misspelt", hint=command, details={"meant": meant})
    if names and (close := ids.near(task, names)):
        context.warn([f"{task} is not in the backlog{close}"])
    return None


def require_thread(context: Context, thread: str, again: Again | None = None) -> None:
    """UsageError for a thread that would begin under a misspelt id.

    Who holds the task that was meant reads another, which could not even begin where only the case differs.
    """
    if not ids.is_usual(thread) and not context.store.version(stream_of(thread)):
        checked(context, thread, again)


def _key(task: str) -> tuple[str, int]:
    """What is the same for `QUEUE-012`, `queue-12` and `012`."""
    stem, digits = ids.without_digits(task)
    return (stem.casefold() or _DEFAULT, int(digits or 0))


def _spellings(task: str) -> list[str]:
    """Other ids that people type for the same task: more or fewer leading zeros, another case."""
    stem, written = ids.without_digits(task)
    number = written.lstrip("0")
    numbers = dict.fromkeys(number.rjust(width, "0") for width in range(1, 4)) if number else [written]
    stems = dict.fromkeys([stem, stem.upper()] if stem else [_DEFAULT.upper()])
    return [name for prefix in stems for digits in numbers if (name := prefix + digits) != task]


def waits_for(context: Context, item: Item) -> list[str]:
    """The dependencies of a task that are not done."""
    from tools.core.backlog import states  # most tasks depend on none

    open_tasks = []
    for name in item.depends:
        claim = claim_documents.of_task(context.store, name).claim
        dependency = find(context.workspace, name) if claim is None else None
        linked = {name: dependency} if dependency is not None else {}
        if not states.is_done(name, linked, {name: claim} if claim is not None else {}):
            open_tasks.append(name)
    return open_tasks


def require_ready(context: Context, item: Item, reason: str = "") -> None:
    """ConflictError while dependencies of a task are open, but for its holder, its engineer, or with a reason."""
    open_tasks = waits_for(context, item) if item.depends else []
    if not open_tasks or _is_own(context, item.task_id):
        return
    message = f"{item.task_id} waits for {', '.join(open_tasks)}"
    if not reason:
        options = ("--task", item.task_id, "--allow-waiting", "--reason", hint.WORDS)
        command = hint.tool("agent.bus_claim", "claim", *options)
        raise ConflictError(message, code="claim.waiting", hint=command, details={"waits_for": open_tasks})
    claims.record_override(context, Override(WAITING, message, reason))
    context.warn([f"{message} (recorded)"])


def _is_own(context: Context, task: str) -> bool:
    documents, agent = claim_documents.of_task(context.store, task), context.seat.agent_id
    holds = documents.claim is not None and documents.claim.is_live and documents.claim.agent_id == agent
    return holds or documents.engineer == agent


def lines_of(item: Item | None, limit: int = 500) -> list[str]:
    """What a holder should know of a task; what people wrote stands behind `> `."""
    if item is None:
        return []
    from tools.core.text import terminal  # a claim of a task without a file shows nothing

    fields = [("title", item.title), *((key, item.fields.get(key, "")) for key in ("goal", "acceptance"))]
    shown = [(key, terminal.short(terminal.clean(" ".join(value.split())), limit)) for key, value in fields]
    return [*(f"{key}: > {value}" for key, value in shown if value), f"file: {item.path}"]
