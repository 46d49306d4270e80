"""Which of two versions of a document stays: the one that arrives or the live one.

The rules are those of `merge`; the losers of a claim learn of it in the same commit.
"""

from __future__ import annotations

from collections.abc import Mapping

from tools.core import clock, ids
from tools.core.bus import losses
from tools.core.bus.losses import Loss
from tools.core.context import Context
from tools.core.errors import DataError, UsageError
from tools.core.fs import files
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, Claim, Event
from tools.core.models.lenient import claim_from
from tools.core.models.record import to_mapping
from tools.core.plain import NamedTuple
from tools.core.store import merge
from tools.core.store.api import Append, Change, Replace, StaleVersion, retry_stale
from tools.core.store.layout import Address
from tools.core.sync import door
from tools.core.sync.arrivals import Arrivals, Conflict, Source, refusal
from tools.core.sync.tree_format import object_of

Content = Mapping[str, object]


_TOGETHER, _BYTES = 100, 1024 * 1024
"""Documents that come in by one commit, each an open file for a moment, and bytes of them, which its journal holds."""


class _News(NamedTuple):
    """A document that has no other version here, and where it comes from."""

    source: Source
    address: Address
    content: Content


class Arbiter:
    """Decides on documents that arrive. Those that are new here come in together: a clone that joins has many."""

    def __init__(self, context: Context, agent: str, arrivals: Arrivals) -> None:
        self._context = context
        self._agent = agent
        self._arrivals = arrivals
        self._news: dict[str, _News] = {}
        self._size = 0

    def take(self, source: Source, address: Address, data: bytes, before: bytes | None) -> bool:
        """Brings a document in where it wins; `before` is what its source had of it earlier. Whether it could be judged."""
        if address.of in self._news:
            self.settle()
        try:
            theirs = door.document(address, data, self._context.now)
            base = object_of(before, address.of)
            self._arrivals.received += retry_stale(lambda: self._decide(address, theirs, base))
        except (DataError, UsageError) as error:
            self._arrivals.leave_out(source, [error.problem_in(f"{address.of}.json")])
            return False
        return True

    def take_later(self, source: Source, address: Address, data: bytes, before: bytes | None) -> None:
        """Does what `take` does, by `settle` at the latest."""
        if before is not None or address.of in self._news or self._context.store.content(address.of) is not None:
            self.take(source, address, data, before)
            return
        try:
            content = door.document(address, data, self._context.now)
        except (DataError, UsageError):
            self.take(source, address, data, before)
            return
        self._news[address.of] = _News(source, address, content)
        self._size += len(data)
        if len(self._news) >= _TOGETHER or self._size >= _BYTES:
            self.settle()

    def settle(self) -> None:
        """Brings in what waits; one by one what cannot come in together."""
        news, self._news, self._size = list(self._news.values()), {}, 0
        claims = [each for each in news if each.address.kind == CLAIMS]
        try:
            for each in claims:
                self._require_steps(each.address.name, each.content, None, None)
            if news:
                self._context.store.commit([Replace(each.address.of, each.content, "") for each in news])
            self._arrivals.received += len(news)
        except (DataError, UsageError, StaleVersion):
            for each in news:
                self.take(each.source, each.address, files.dump_json(each.content), None)

    def take_value(self, task: str, data: bytes) -> bool:
        """Brings in what a task's own ref on the remote says of its documents; whether all of it could be judged."""
        source = Source(f"refs/teof/claims/{task}", "", False)
        value = object_of(data, source.ref)
        if value is None:
            self._arrivals.leave_out(source, [refusal(task, "it is not a JSON object")])
            return False
        documents = {kind: value[kind] for kind in (CLAIMS, ASSIGNMENTS) if isinstance(value.get(kind), dict)}
        return all(
            self.take(source, Address(kind, task), files.dump_json(content), None)
            for kind, content in documents.items()
        )

    def _decide(self, address: Address, theirs: Content, base: Content | None) -> int:
        """How many documents came in: 1 or 0."""
        store, name, task = self._context.store, address.of, address.name
        current = store.get(name)
        if address.kind == CLAIMS:
            self._require_steps(task, theirs, current.content if current else None, base)
        if current is None:
            store.commit([Replace(name, theirs, "")])
            return 1
        is_claim = address.kind == CLAIMS
        ours = current.content
        rule = merge.claim(task, ours, theirs, base) if is_claim else merge.assignment(ours, theirs, base)
        if rule == merge.OURS:
            return 0
        changes: list[Change] = [Replace(name, theirs, current.version)]
        if rule != merge.CONFLICT:
            store.commit(changes)
            return 1
        holder = claim_from(theirs, task)
        conflict = Conflict(task, holder.agent_id, claim_from(ours, task).agent_id)
        store.commit([*notices(self._context, self._agent, conflict, ours, holder), *changes])
        self._arrivals.conflicts.append(conflict)
        return 1

    def _require_steps(self, task: str, theirs: Content, current: Content | None, base: Content | None) -> None:
        """DataError for a fence that jumps: each grant between leaves an event, and events came first."""
        highest = max(claim_from(claim, task).fence if claim else 0 for claim in (current, base))
        fence = claim_from(theirs, task).fence
        if fence <= highest + 1:
            return
        granted = {
            claim_from(event.claim or {}, task).fence for event in self._context.store.history.claim_changes(task)
        }
        reason = door.jump_reason(fence, highest, granted)
        if reason:
            raise DataError(refusal(f"{CLAIMS}/{task}.json", reason))


def notices(context: Context, agent: str, conflict: Conflict, claim: Content, holder: Claim) -> list[Change]:
    """The event of a lost claim, and the message to its loser."""
    summary = f"{conflict.loser} lost {conflict.task}: {conflict.holder} had claimed it on the remote first"
    agent = agent or conflict.loser
    event = Event(
        id=ids.new_record_id(),
        ts=clock.to_text(context.now),
        agent_id=agent,
        event="conflict",
        summary=summary,
        task_id=conflict.task,
        severity="medium",
        meta={
            "holder": conflict.holder,
            "loser": conflict.loser,
            "lost_claimed_at": str(claim.get("claimed_at", "")),
        },
    )
    message = losses.notice(context, agent, Loss(conflict.loser, holder, summary, losses.CONFLICT))
    return [Append(EVENTS, to_mapping(event)), message]
