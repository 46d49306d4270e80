"""The live claims, for programs that run at every step of an agent. A claim that cannot be read is left out: checks report it."""

from __future__ import annotations

from tools.core.models.claim_state import LIVE
from tools.core.plain import TYPE_CHECKING
from tools.core.store.files.documents.catalogue import CLAIMS, facts, path_of
from tools.core.store.files.documents.current import current

if TYPE_CHECKING:
    from tools.core.store.files.documents.catalogue import ShortClaim
    from tools.core.workspace import Workspace


def live_claims(workspace: Workspace, now: int) -> list[ShortClaim]:
    """All live claims, by task; `now` is in nanoseconds."""
    known = current(workspace, now, (CLAIMS,))
    claims = []
    for task in sorted({*known.live, *known.unread}):
        claim, file = known.live.get(task, (None, None))
        if file is None or facts(path_of(workspace, task)) != file:
            from tools.core.store.files.documents import claim_file  # one that was edited in place, perhaps

            claim = claim_file.read(path_of(workspace, task), task, now).claim
        if claim is not None and claim.state in LIVE:
            claims.append(claim)
    return claims
