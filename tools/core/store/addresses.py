"""The file of a stream or a document in a bus of files: by it people are shown one, and records cite it."""

from __future__ import annotations

from tools.core import ids
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES
from tools.core.workspace import BUS, Place, Workspace


def address_of(name: str) -> str:
    """The address of a stream or a document."""
    return f"{BUS}/{f'{EVENTS}/{EVENTS}' if name == EVENTS else name}{suffix_of(name)}"


def name_at(address: str) -> str:
    """The stream or document that has an address; "" for what is no address of a bus."""
    kind, _, rest = address.removeprefix(f"{BUS}/").partition("/")
    if not address.startswith(f"{BUS}/") or kind not in (EVENTS, MESSAGES, CLAIMS, ASSIGNMENTS) or "/" in rest:
        return ""
    if kind == EVENTS:
        return EVENTS if rest == f"{EVENTS}.jsonl" else ""
    name, dot, suffix = rest.rpartition(".")
    return f"{kind}/{name}" if name and dot + suffix == suffix_of(kind) else ""


def place_of(workspace: Workspace, name: str) -> Place:
    """Where a stream or a document lies; UsageError for a name that is not an id."""
    kind, _, task = name.partition("/")
    if kind == EVENTS and not task:
        return workspace.events
    make = {CLAIMS: workspace.claim, ASSIGNMENTS: workspace.assignment, MESSAGES: workspace.thread}[kind]
    return make(ids.require_name(task))


def is_stream(name: str) -> bool:
    """Whether a name is a log's."""
    return name.partition("/")[0] in (EVENTS, MESSAGES)


def suffix_of(name: str) -> str:
    """How the file of a log or a document ends."""
    return ".jsonl" if is_stream(name) else ".json"
