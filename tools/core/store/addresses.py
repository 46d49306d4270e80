"""How people are shown a stream or a document, and how records cite it: by its file in a bus of files."""

from __future__ import annotations

from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES
from tools.core.workspace import BUS


def address_of(name: str) -> str:
    """The address of a stream or a document."""
    is_stream = name.partition("/")[0] in (EVENTS, MESSAGES)
    return f"{BUS}/{f'{EVENTS}/{EVENTS}' if name == EVENTS else name}{'.jsonl' if is_stream else '.json'}"


def name_at(address: str) -> str:
    """The stream or document that has an address; "" for what is no address of a bus."""
    kind, _, rest = address.removeprefix(f"{BUS}/").partition("/")
    if not address.startswith(f"{BUS}/") or kind not in (EVENTS, MESSAGES, CLAIMS, ASSIGNMENTS) or "/" in rest:
        return ""
    if kind == EVENTS:
        return EVENTS if rest == f"{EVENTS}.jsonl" else ""
    name, dot, suffix = rest.rpartition(".")
    return f"{kind}/{name}" if name and dot + suffix == (".jsonl" if kind == MESSAGES else ".json") else ""
