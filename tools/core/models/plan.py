"""The one definition of a plan, its words of status, and how a foreign plan is read into it.

`plan_from` is tolerant and never raises; the rules in each field are what strict checks hold a file
to (docs/formats.md, "_plans").
"""

from __future__ import annotations

from tools.core import ids
from tools.core.models.lenient import text_of
from tools.core.models.record import STAMP_PATTERN, SUMMARY_PATTERN, Record, field, fields_of, record, text_rule
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar

    Part = TypeVar("Part")

PLAN_STATUSES = ("queued", "in_progress", "blocked", "done")
"""The words for plans and their steps."""

CHECKPOINT_STATUSES = ("pending", "satisfied", "superseded")
LAYER_PATTERN = r"^L[0-6]$"

_SPELLINGS = {
    "active": "in_progress",
    "complete": "done",
    "completed": "done",
    "closed": "done",
    "pending": "queued",
    "pending_review": "queued",
}
_CHECKPOINT_SPELLINGS = {
    "in_progress": "pending",
    "complete": "satisfied",
    "completed": "satisfied",
    "done": "satisfied",
}
_TARGETS = frozenset(f"S{number}" for number in range(1, 11))
_LINE: dict[str, Any] = {"pattern": SUMMARY_PATTERN, "max_length": 2000}
_STATUS: dict[str, Any] = {"pattern": f"^(?:{'|'.join(PLAN_STATUSES)})$"}


def plan_word(text: object) -> str | None:
    """The status a spelling stands for (`In-Progress`, `completed`, `pending` …); None for an unknown word."""
    return _word(text, PLAN_STATUSES, _SPELLINGS)


def checkpoint_word(text: object) -> str | None:
    """The status of a checkpoint that a spelling stands for; None for an unknown word."""
    return _word(text, CHECKPOINT_STATUSES, _CHECKPOINT_SPELLINGS)


def _word(text: object, words: tuple[str, ...], spellings: Mapping[str, str]) -> str | None:
    if not isinstance(text, str):
        return None
    plain = text.strip().lower()
    if plain not in words and plain not in spellings:
        import re  # few write `In Progress`

        plain = re.sub(r"[\s_-]+", "_", plain)
    plain = spellings.get(plain, plain)
    return plain if plain in words else None


@record
class Step(Record):
    """One step of a plan; a done one cites what proves it."""

    id: str = text_rule(**_LINE)
    title: str = text_rule(**_LINE)
    status: str = text_rule(**_STATUS)
    notes: str = field(default="")
    receipts: tuple[str, ...] = field(default=())

    @property
    def state(self) -> str:
        """The status in today's words; an unknown one reads as queued."""
        return plan_word(self.status) or "queued"


@record
class Checkpoint(Record):
    """What must hold before a plan is done, and who says so."""

    description: str = text_rule(min_length=1)
    owner: str = text_rule(**_LINE)
    status: str = text_rule(pattern=f"^(?:{'|'.join(CHECKPOINT_STATUSES)})$")

    @property
    def state(self) -> str:
        """The status in today's words; an unknown one reads as pending."""
        return checkpoint_word(self.status) or "pending"


@record
class Link(Record):
    """What a plan belongs to: a claim or thread of the bus, a queue item, a document."""

    type: str = text_rule(pattern=ids.WORD_PATTERN, max_length=ids.AGENT_LENGTH)
    ref: str = text_rule(**_LINE)


@record
class Plan(Record):
    """A piece of work in steps, in `_plans/<plan_id>.plan.json`."""

    version: int = field(metadata={"ge": 0})
    plan_id: str = text_rule(pattern=ids.PLAN_PATTERN, max_length=ids.NAME_LENGTH)
    created: str = text_rule(pattern=STAMP_PATTERN)
    actor: str = text_rule(**_LINE)
    summary: str = text_rule(**_LINE)
    status: str = text_rule(**_STATUS)
    steps: tuple[Step, ...] = field(metadata={"min_length": 1})
    checkpoint: Checkpoint = field()
    receipts: tuple[str, ...] = field(default=())
    links: tuple[Link, ...] = field(default=())
    priority: int | None = field(default=None, metadata={"ge": 0})
    impact_score: float | None = field(default=None, metadata={"ge": 0})
    layer: str = text_rule(optional=True, pattern=LAYER_PATTERN)
    systemic_scale: int | None = field(default=None, metadata={"ge": 1, "le": 10})
    systemic_targets: tuple[str, ...] = field(default=())

    @property
    def state(self) -> str:
        """The status in today's words: queued, in_progress, blocked or done."""
        return plan_word(self.status) or "queued"

    @property
    def is_open(self) -> bool:
        """Whether there is work left in it."""
        return self.state != "done"

    @property
    def open_steps(self) -> tuple[Step, ...]:
        """The steps that are not done."""
        return tuple(step for step in self.steps if step.state != "done")

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every receipt it cites, step by step and then the plan's own."""
        cited = [Citation(path, step.id) for step in self.steps for path in step.receipts]
        return (*cited, *(Citation(path, "") for path in self.receipts))

    @property
    def all_receipts(self) -> tuple[str, ...]:
        """The paths it cites, each once."""
        return tuple(dict.fromkeys(citation.path for citation in self.citations))

    def refs(self, kind: str) -> tuple[str, ...]:
        """What its links of one type (`bus`, `queue` …) name."""
        return tuple(link.ref for link in self.links if link.type == kind)


class Citation(NamedTuple):
    """A receipt that a plan names; `step` is empty for one of the plan itself."""

    path: str
    step: str


_PARTS: dict[str, type] = {"": Plan, "steps": Step, "checkpoint": Checkpoint, "links": Link}


def fields_within(part: str) -> frozenset[str]:
    """The fields of a part of a plan: "" for the plan itself, `steps`, `checkpoint` or `links`."""
    return frozenset(fields_of(_PARTS[part]))


def is_target(text: str) -> bool:
    """Whether it names one of the systemic targets S1 to S10."""
    return text in _TARGETS


# -- tolerant readers ----------------------------------------------------------------------------


def plan_from(raw: Mapping[str, object], plan_id: str) -> Plan:
    """A plan, whatever its age and origin; values of a wrong type are left out."""
    return Plan(
        version=_whole(raw.get("version")) or 0,
        plan_id=plan_id,
        created=text_of(raw.get("created")),
        actor=text_of(raw.get("actor")),
        summary=text_of(raw.get("summary")),
        status=text_of(raw.get("status")),
        steps=_parts(raw.get("steps"), _step_from),
        checkpoint=_checkpoint_from(raw.get("checkpoint")),
        receipts=_texts(raw.get("receipts")),
        links=_parts(raw.get("links"), _link_from),
        priority=_whole(raw.get("priority")),
        impact_score=_number(raw.get("impact_score")),
        layer=text_of(raw.get("layer")),
        systemic_scale=_whole(raw.get("systemic_scale")),
        systemic_targets=_texts(raw.get("systemic_targets")),
    )


def _step_from(raw: Mapping[str, object]) -> Step:
    return Step(
        id=text_of(raw.get("id")),
        title=text_of(raw.get("title")),
        status=text_of(raw.get("status")),
        notes=text_of(raw.get("notes")),
        receipts=_texts(raw.get("receipts")),
    )


def _link_from(raw: Mapping[str, object]) -> Link:
    return Link(type=text_of(raw.get("type")), ref=text_of(raw.get("ref")))


def _checkpoint_from(value: object) -> Checkpoint:
    raw: Mapping[str, Any] = value if isinstance(value, dict) else {}
    return Checkpoint(
        description=text_of(raw.get("description")), owner=text_of(raw.get("owner")), status=text_of(raw.get("status"))
    )


def _parts(value: object, read: Callable[[Mapping[str, object]], Part]) -> tuple[Part, ...]:
    items: Iterable[object] = value if isinstance(value, list) else ()
    return tuple(read(item) for item in items if isinstance(item, dict))


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(part for part in value if isinstance(part, str) and part) if isinstance(value, list) else ()


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
