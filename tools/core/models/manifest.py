"""The one definition of a seat's manifest."""

from __future__ import annotations

from tools.core.models.record import AGENT, Record, field, optional_text, record, text_rule


@record
class Manifest(Record):
    """A seat: who is acting, in `AGENT_MANIFEST.json`."""

    agent_id: str = text_rule(**AGENT)
    owner: str = field(default="")
    agent_type: str = field(default="")
    contact: str = field(default="")
    notes: str = field(default="")
    capabilities: tuple[str, ...] = field(default=())
    desired_roles: tuple[str, ...] = field(default=())
    branch_prefix: str = optional_text()
    max_prs_per_day: int | None = field(default=None, metadata={"ge": 0})
