"""A clone that did not know that its bus moved: it follows the signpost that the branch brought, and loses nothing.

Lines that the server lacks go there exactly as they are, then claims and assignments by the rules of an
exchange: the higher fence, at an equal one the server's. Then the signpost is put in place. Whatever dies
before that is done again by the next exchange.
"""

from __future__ import annotations

import os
from functools import partial

from tools.core.bus import losses
from tools.core.context import Context
from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.git import remotes, trees
from tools.core.git.packs import Objects
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES, stream_of
from tools.core.models.lenient import claim_from
from tools.core.plain import TYPE_CHECKING
from tools.core.store import merge, signpost
from tools.core.store.api import Replace, retry_stale
from tools.core.store.files.store import FileStore
from tools.core.store.signpost import Signpost
from tools.core.sync.arbiter import notices
from tools.core.sync.arrivals import Conflict
from tools.core.sync.bus_commits import Carrier
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from tools.core.store.contract import Store


def follow(context: Context, agent: str, carrier: Carrier) -> list[Conflict]:
    """Follows the signpost of the branch where it is newer than the one here; the claims that were lost by it."""
    data = _on_branch(context.workspace, carrier)
    if data is None or signpost.since(data) <= signpost.since(files.read_bytes(context.workspace.signpost)):
        return []
    mark = signpost.parse(data, context.workspace.signpost.name)
    was_in_files = signpost.read(context.workspace) is None
    conflicts = _bring(context, agent, mark) if mark is not None and was_in_files else []
    files.replace(context.workspace.signpost, data)
    context.reopen()
    return conflicts


def _on_branch(workspace: Workspace, carrier: Carrier) -> bytes | None:
    """The newest signpost among those of the branch here and of the remote's, as far as that was fetched."""
    name = f"{carrier.prefix}{os.path.basename(workspace.signpost.name)}"
    way = remotes.route(carrier.folder, carrier.branch)
    names = [f"refs/heads/{carrier.branch}", *([way.ref(carrier.branch)] if way.remote else [])]
    with Objects(carrier.folder) as objects:
        signposts = [_blob(objects, objects.commit(ref), name) for ref in names]
    return max((data for data in signposts if data), key=signpost.since, default=None)


def _blob(objects: Objects, commit: str, name: str) -> bytes | None:
    entry = trees.find(objects, objects.tree_of(commit), name) if commit else None
    blob = objects.get(entry.name) if entry is not None else None
    return blob.data if blob is not None and blob.kind == "blob" else None


def _bring(context: Context, agent: str, mark: Signpost) -> list[Conflict]:
    from tools.core.store.postgres.store import PostgresStore  # few clones ever follow one

    server = PostgresStore(context.workspace, mark.address, mark.token)
    there = Context(context.workspace, store=server, now=context.now, warn=context.warn, spell=context.spell)
    conflicts = bring(there, agent)
    server.close()
    return conflicts


def lacking(there: Context) -> dict[str, list[bytes]]:
    """By log, the lines in the files of a clone that its server lacks."""
    here = FileStore(there.workspace)
    lines = {stream: merge.missing(_raw(there.store, stream), _raw(here, stream)) for stream in _streams(here)}
    return {stream: missing for stream, missing in lines.items() if missing}


def _streams(store: Store) -> list[str]:
    return [EVENTS, *map(stream_of, store.names(MESSAGES))]


def _raw(store: Store, stream: str) -> list[bytes]:
    return [line.raw for line in store.lines(stream) if line.raw.strip()]


def bring(there: Context, agent: str) -> list[Conflict]:
    """Brings what is in the files of a clone to its server; nothing is taken out of them."""
    here = FileStore(there.workspace)
    here.recover()
    for stream in _streams(here):
        there.store.adopt(stream, _raw(here, stream), 0, agent)
    conflicts = []
    for kind in (CLAIMS, ASSIGNMENTS):
        for task in here.names(kind):
            conflict: Conflict | None = retry_stale(partial(_offer, there, agent, here, kind, task))
            conflicts += [conflict] if conflict else []
    return conflicts


def _offer(there: Context, agent: str, here: Store, kind: str, task: str) -> Conflict | None:
    """Offers a document to the server, which keeps its own unless the rules say otherwise; a live claim lost by that."""
    name = f"{kind}/{task}"
    try:
        ours, theirs = here.get(name), there.store.get(name)
    except DataError:
        return None
    if ours is None:
        return None
    if theirs is None:
        there.store.commit([Replace(name, ours.content, "")])
        return None
    pair = (ours.content, theirs.content, None)
    rule = merge.assignment(*pair) if kind == ASSIGNMENTS else merge.claim(task, *pair)
    if rule == merge.OURS and ours.content != theirs.content:
        there.store.commit([Replace(name, ours.content, theirs.version)])
    if rule != merge.CONFLICT:
        return None
    holder = claim_from(theirs.content, task)
    conflict = Conflict(task, holder.agent_id, claim_from(ours.content, task).agent_id)
    if not losses.has_notice(there, conflict.loser, holder):
        there.store.commit(notices(there, agent, conflict, ours.content, holder))
    return conflict
