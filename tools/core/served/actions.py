"""What a page may do from the server's seat: each verb is the core call of one command, with its guards.

What is typed arrives as JSON; a field that is unknown, missing or of the wrong kind is refused before
anything is decided. Every record that is written says `meta.via`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tools.core import hint, ids
from tools.core.backlog import task_ids
from tools.core.bus import assignments, claims, handoffs, posts
from tools.core.bus.assignment_rules import AssignmentRequest, require_manager
from tools.core.bus.rules.claim_rules import STALE_AFTER
from tools.core.context import Context
from tools.core.errors import UsageError
from tools.core.store.api import Append, Change

if TYPE_CHECKING:
    from tools.core.store.contract import Store

VIA = "serve"
_RELEASES = ("done", "released", "paused")


class Done(NamedTuple):
    """What an action wrote, and the command that would have done the same."""

    records: list[Mapping[str, object]]
    command: str


class Verb(NamedTuple):
    """One action: its fields with their checks, those it cannot do without, what it does, its command."""

    fields: Mapping[str, Callable[[Any], Any]]
    required: Sequence[str]
    act: Callable[[Context, Mapping[str, Any]], Sequence[Mapping[str, object]]]
    command: Callable[[Mapping[str, Any]], Sequence[str]]


class MarkedStore:
    """A store that is written to through a page: every record says so."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """See Store."""
        return self._store.commit([_marked(change) for change in changes])


def _marked(change: Change) -> Change:
    if not isinstance(change, Append):
        return change
    meta = change.record.get("meta")
    return change._replace(
        record={**change.record, "meta": {**(meta if isinstance(meta, Mapping) else {}), "via": VIA}}
    )


def perform(context: Context, name: str, body: object) -> Done:
    """Carries out a verb from the context's seat; UsageError for a body that is not one of the verb."""
    verb = VERBS.get(name)
    if verb is None:
        raise UsageError(f"{name[:40]!r} is not an action", code="serve.verb")
    values = _checked(verb, body)
    acting = Context(
        context.workspace,
        seat=context.seat,
        store=cast("Store", MarkedStore(context.store)),
        now=context.now,
        warn=context.warn,
    )
    return Done(list(verb.act(acting, values)), context.spell(hint.tool(*verb.command(values))))


def _checked(verb: Verb, body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise UsageError("the body is not a JSON object", code="serve.body")
    if unknown := sorted(set(body) - set(verb.fields)):
        raise UsageError(
            f"unknown field {unknown[0][:40]!r}; the fields are {', '.join(verb.fields)}", code="serve.field"
        )
    if missing := [name for name in verb.required if not body.get(name)]:
        raise UsageError(f"the field {missing[0]!r} is missing", code="serve.field")
    return {name: verb.fields[name](value) for name, value in body.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{value!r:.60} is not text", code="serve.field")
    return value


def _line(value: Any) -> str:
    return posts.summary_of(_text(value))


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{value!r:.60} is neither true nor false", code="serve.field")
    return value


def _task(value: Any) -> str:
    return ids.require_task(_text(value))


def _agent(value: Any) -> str:
    return ids.require_agent(_text(value))


def _word(value: Any) -> str:
    return ids.require_word(_text(value), "type")


def _release_status(value: Any) -> str:
    if value not in _RELEASES:
        raise UsageError(f"a release is one of {', '.join(_RELEASES)}", code="serve.field")
    return str(value)


# -- what each does ------------------------------------------------------------------------------


def _reply(context: Context, values: Mapping[str, Any]) -> Sequence[Mapping[str, object]]:
    draft = posts.MessageDraft(
        values["task"], "status", values["summary"], note=values.get("note", ""), reply_to=values["reply_to"]
    )
    return posts.post(context, messages=[draft]).records


def _message(context: Context, values: Mapping[str, Any]) -> Sequence[Mapping[str, object]]:
    draft = posts.MessageDraft(values["task"], values["type"], values["summary"], to=values.get("target", ""))
    return posts.post(context, messages=[draft]).records


def _assign(context: Context, values: Mapping[str, Any]) -> Sequence[Mapping[str, object]]:
    manager = context.seat.agent_id
    require_manager(context.seat, manager)
    task_ids.checked(context, values["task"])
    order = AssignmentRequest(
        values["task"], values["engineer"], manager, plan=values.get("plan", ""), note=values.get("note", "")
    )
    return assignments.assign(context, order).written


def _pause(context: Context, values: Mapping[str, Any]) -> Sequence[Mapping[str, object]]:
    change = claims.pause(
        context,
        values["task"],
        notes=values["notes"],
        stale_after=STALE_AFTER,
        force=values.get("force", False),
        reason=values.get("reason", ""),
    )
    return [change.record] if change.record is not None else []


def _release(context: Context, values: Mapping[str, Any]) -> Sequence[Mapping[str, object]]:
    change = claims.release(
        context, values["task"], status=values.get("status", "done"), notes=values.get("notes") or None
    )
    return [change.record] if change.record is not None else []


def _settle(context: Context, values: Mapping[str, Any], kind: str) -> Sequence[Mapping[str, object]]:
    settled = handoffs.settle(context, values["agent"], kind, values["note"], values.get("to", ""))
    return settled.records if settled is not None else []


def _heartbeat(context: Context, values: Mapping[str, Any]) -> Sequence[Mapping[str, object]]:
    return posts.post(context, posts.EventDraft("status", values["summary"])).records


def _options(values: Mapping[str, Any], **names: str) -> list[str]:
    """Command-line options for the fields that have a value, by the option each is."""
    words = []
    for field, option in names.items():
        value = values.get(field)
        words += [option] if value is True else [option, str(value)] if value else []
    return words


VERBS = {
    "reply": Verb(
        {"task": _task, "reply_to": _text, "summary": _line, "note": _text},
        ("task", "reply_to", "summary"),
        _reply,
        lambda values: [
            "agent.bus_message",
            *_options({**values, "type": "status"}, task="--task", type="--type", summary="--summary"),
            *_options(values, reply_to="--reply-to", note="--note"),
        ],
    ),
    "message": Verb(
        {"task": _task, "type": _word, "summary": _line, "target": _agent},
        ("task", "type", "summary"),
        _message,
        lambda values: [
            "agent.bus_message",
            *_options(values, task="--task", type="--type", summary="--summary", target="--target"),
        ],
    ),
    "assign": Verb(
        {"task": _task, "engineer": _agent, "plan": ids.require_plan, "note": _text},
        ("task", "engineer"),
        _assign,
        lambda values: [
            "agent.task_assign",
            *_options(values, task="--task", engineer="--engineer", plan="--plan", note="--note"),
        ],
    ),
    "pause": Verb(
        {"task": _task, "notes": _text, "force": _bool, "reason": _text},
        ("task", "notes"),
        _pause,
        lambda values: [
            *("agent.bus_claim", "pause"),
            *_options(values, task="--task", notes="--notes", force="--force", reason="--reason"),
        ],
    ),
    "release": Verb(
        {"task": _task, "status": _release_status, "notes": _text},
        ("task",),
        _release,
        lambda values: [
            *("agent.bus_claim", "release"),
            *_options(values, task="--task", status="--status", notes="--notes"),
        ],
    ),
    "clear": Verb(
        {"agent": _agent, "note": _line},
        ("agent", "note"),
        lambda context, values: _settle(context, values, handoffs.CLEARED),
        lambda values: ["agent.coord_dashboard", "clear", *_options(values, agent="--agent", note="--note")],
    ),
    "reassign": Verb(
        {"agent": _agent, "to": _agent, "note": _line},
        ("agent", "to", "note"),
        lambda context, values: _settle(context, values, handoffs.REASSIGNED),
        lambda values: [
            *("agent.coord_dashboard", "reassign"),
            *_options(values, agent="--agent", to="--to", note="--note"),
        ],
    ),
    "heartbeat": Verb(
        {"summary": _line},
        ("summary",),
        _heartbeat,
        lambda values: [
            *("agent.bus_event", "log", "--event", "status"),
            *_options(values, summary="--summary"),
        ],
    ),
}
