"""Which of all documents are live, for a store that reads all of them."""

from __future__ import annotations

from tools.core.errors import ToolkitError
from tools.core.models.bus import ASSIGNMENTS, CLAIMS
from tools.core.models.claim_state import DONE, LIVE, ended_at, state_of
from tools.core.models.lenient import text_of
from tools.core.plain import TYPE_CHECKING
from tools.core.store.api import Document, Live

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def of_all(
    documents: Mapping[str, Document | ToolkitError], kinds: Collection[str], also: Collection[str], newest: int
) -> Live:
    """See Store; `documents` are all claims and assignments."""
    states = {name: state(document) for name, document in documents.items() if name.startswith(f"{CLAIMS}/")}
    over = {name for name, word in states.items() if word and word not in LIVE}
    done = {name.replace(CLAIMS, ASSIGNMENTS, 1) for name in over if states[name] == DONE}
    last = set(sorted(over, key=lambda name: (-_ended(documents[name]), name))[:newest])
    named = {f"{kind}/{task}" for kind in kinds for task in also}
    standing = documents.keys() - done if ASSIGNMENTS in kinds else set()
    reserved = {name for name in over if name.replace(CLAIMS, ASSIGNMENTS, 1) in standing}
    kept = {
        name: document
        for name, document in documents.items()
        if name.partition("/")[0] in kinds and (name not in over | done or name in named | last | reserved)
    }
    counts: dict[str, int] = {}
    for name in over:
        counts[states[name]] = counts.get(states[name], 0) + 1
    return Live(kept, counts)


def state(claim: Document | ToolkitError) -> str:
    """The state of a claim; "" for one that cannot be read."""
    return "" if isinstance(claim, ToolkitError) else state_of(text_of(claim.content.get("status")))


def _ended(claim: Document | ToolkitError) -> int:
    return 0 if isinstance(claim, ToolkitError) else ended_at(claim.content)
