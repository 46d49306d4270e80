"""One turn of an exchange, under the lock of git work: look, fetch, bring in, build, send, remember.

Each step may be the last one of a dying process: records that came stay, a commit that was not made
is made by the next turn, one that was not pushed is pushed by it. The bus's lock is taken for the
moments of reading and writing, never across a git process.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Self

from tools.core.context import Context
from tools.core.errors import SetupError
from tools.core.git import refs, remotes
from tools.core.git.packs import Objects
from tools.core.git.remotes import Move, Push
from tools.core.problem import Problem
from tools.core.store.files import deliveries
from tools.core.sync import bus_branch, bus_commits, live, memory, tree_format
from tools.core.sync.arrivals import Arrivals, Source
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.clones import packing
from tools.core.sync.incoming import Receiver
from tools.core.sync.live import Lacking
from tools.core.sync.outgoing import Builder, identity

_NEAR = 500
"""Commits that are looked through for an older one; a merge that names it once more does no harm."""


class Turn:
    """The state and the steps of one turn; a context manager over the git process that answers."""

    def __init__(self, context: Context, agent: str, carrier: Carrier, remote: str | None) -> None:
        self.context = context
        self.agent = agent
        self.carrier = carrier
        self.way = remotes.route(carrier.folder, carrier.branch, remote)
        remotes.require_one(self.way, carrier.branch)
        self.memory = memory.load(context.workspace)
        self.unreachable: SetupError | None = None
        self.ours = self.theirs = self.base = ""
        self.made = ""
        self.clones_now: dict[str, str] = {}
        """By the name this clone keeps them under, the refs of the clones on the remote."""

        self.lacking = Lacking()
        self.arrivals = Arrivals()

    def __enter__(self) -> Self:
        self.objects = Objects(self.carrier.folder)
        return self

    def __exit__(self, *_: object) -> None:
        self.objects.__exit__()

    # -- fetching ------------------------------------------------------------------------------
    @property
    def target(self) -> str:
        """The branch's name on the remote."""
        return self.carrier.branch if self.carrier.is_own or not self.way.upstream else self.way.upstream

    @property
    def clones(self) -> str:
        """Where this clone keeps what it fetched of the others' refs."""
        return bus_branch.clones_of(self.way.remote)

    def fetch(self, *also: str) -> None:
        """Fetches the branch, the other clones' records and the refs named; a missing answer is raised later."""
        if not self.way.remote:
            return
        branch = f"+refs/heads/{self.target}:{self.way.ref(self.target)}"
        own = [f"+{bus_branch.CLONES}/*:{self.clones}/*"] if self.carrier.is_own else []
        specs = [branch, *own, *also]
        try:
            while absent := remotes.fetch_only(self.carrier.home, self.way.remote, specs):
                gone = next((spec for spec in specs if spec.startswith(f"+{absent}:")), "")
                if not gone:
                    raise SetupError(f"{self.way.remote} has no {absent}", code="sync.unreachable")
                specs.remove(gone)
                refs.remove(self.carrier.folder, gone.partition(":")[2])
        except SetupError as problem:
            self.unreachable = problem

    # -- bringing in ---------------------------------------------------------------------------
    def receive(self, *, accepts_rewrite: bool = False) -> None:
        """Brings all that was fetched of the remote into the live bus."""
        self.ours = self.objects.commit(f"refs/heads/{self.carrier.branch}")
        self.theirs = self.objects.commit(self.way.ref(self.target)) if self.way.remote else ""
        if not self.carrier.is_own and self.ours and self.theirs:
            self.base = refs.merge_base(self.carrier.folder, self.ours, self.theirs)
        self._settle_memory()
        self.receiver = Receiver(
            self.context, self.agent, self.carrier, self.objects, self.memory, accepts_rewrite=accepts_rewrite
        )
        self.arrivals = self.receiver.arrivals
        last = deliveries.last_event(self.context.workspace)
        for source in self._sources():
            if self.memory.taken.get(source.ref) != source.commit:
                self.receiver.take(source)
        self._note_delivery(last)
        self._report_rewritten()

    def _note_delivery(self, last: str) -> None:
        if self.unreachable is None:
            workspace = self.context.workspace
            deliveries.note(workspace, int(self.context.now.timestamp()), last, deliveries.last_event(workspace))

    def _settle_memory(self) -> None:
        """Forgets all where it compares with another branch, or where the live logs are other files than before."""
        shared = self._shared.ref
        if self.memory.shared != shared or not live.is_as_remembered(self.context.workspace, self.memory):
            self.memory = memory.Memory(
                bus=self.memory.bus,
                refuses_refs=self.memory.refuses_refs,
                shared=shared,
                exchanges=self.memory.exchanges,
            )
        self._before = self.memory.taken.get(shared, "")

    @property
    def top(self) -> str:
        """The commit whose tree the next one begins with: the remote's but where people's commits lie between."""
        if self.carrier.is_own:
            return self.theirs or self.ours
        if not self.theirs or self.theirs == self.base or not self.is_bus_alone:
            return self.ours
        return self.theirs

    @property
    def is_bus_alone(self) -> bool:
        """Whether what the branch has and the remote has not is nothing but the bus."""
        if self.carrier.is_own:
            return True
        return bool(self.base) and bus_commits.is_same_outside(self.carrier, self.base, self.ours)

    @property
    def _shared(self) -> Source:
        ref = (
            self.way.ref(self.target)
            if self.theirs and self.top == self.theirs
            else f"refs/heads/{self.carrier.branch}"
        )
        return Source(ref, self.top, True)

    def _sources(self) -> Iterable[Source]:
        local = Source(f"refs/heads/{self.carrier.branch}", self.ours, False)
        remote = Source(self.way.ref(self.target), self.theirs, False)
        shared = self._shared
        more = [source for source in (local, remote) if source.commit and source.ref != shared.ref]
        yield from (source for source in more if source.commit != shared.commit)
        if shared.commit:
            yield shared
        self.memory.taken |= {source.ref: source.commit for source in more if source.commit == shared.commit}
        if self.carrier.is_own and self.way.remote:
            self.clones_now = refs.below(self.carrier.folder, self.clones)
            for ref, commit in self.clones_now.items():
                yield Source(ref, commit, False)

    def _report_rewritten(self) -> None:
        for stream, count in sorted(self.arrivals.gone.items()):
            where = f"{self.way.remote}/{self.target}" if self.way.remote else self.carrier.branch
            reason = (
                f"rewritten: {count} lines of {stream} that {self._before[:10]} had are changed or gone in"
                f" {self.top[:10]}; they are kept here and go back with the next push"
            )
            self.arrivals.problems.append(Problem(where, 1, reason, "sync.rewritten"))

    @property
    def confirms_on_branch(self) -> bool:
        """Whether confirmed operations compare and swap the branch, because the host takes no other refs."""
        if not self.carrier.is_own or self.way.remote in self.memory.refuses_refs:
            return True
        return bool(self.theirs) and tree_format.confirms_on_branch(self.objects, self.objects.tree_of(self.theirs))

    @property
    def are_refs_in_use(self) -> bool:
        """Whether other clones have put records beside confirmed claims."""
        return bool(self.clones_now)

    # -- sending -------------------------------------------------------------------------------
    def survey(self, instead: Mapping[str, bytes] | None = None) -> None:
        """Looks what the shared branch lacks; `instead` holds documents that are sent otherwise than they are here."""
        self.lacking = live.lacking(self.context.workspace, self.memory, self.arrivals)
        self.lacking.documents |= instead or {}
        who = identity(self.agent, self.way.settings)
        self.builder = Builder(self.context, self.agent, self.carrier, self.objects, who)
        self.builder.is_on_branch = self.confirms_on_branch

    def build(self) -> str:
        """The commit that has all that the remote, the branch and the live bus have; an old one that has it."""
        self.made = self.builder.commit(self.top, self._parents(), self.lacking, self.top or self.ours)
        return self.made

    def _parents(self) -> list[str]:
        if self.carrier.is_own:
            if not self.theirs or not self.ours or self.ours == self.theirs:
                return [self.top]
            if self.is_ancestor(self.ours, self.theirs):
                return [self.theirs]
            return [self.ours] if self.is_ancestor(self.theirs, self.ours) else [self.theirs, self.ours]
        if self.top == self.ours:
            return [self.ours]
        return [self.theirs] if self.ours == self.base else [self.ours, self.theirs]

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether one commit comes before another, as far as the nearest commits tell."""
        seen, waiting = {new}, [new]
        while waiting and len(seen) < _NEAR:
            commit = waiting.pop(0)
            if commit == old:
                return True
            for parent in self.objects.parents_of(commit):
                if parent not in seen and self.objects.get(parent, 1 << 20) is not None:
                    seen.add(parent)
                    waiting.append(parent)
        return old in seen

    def push(self) -> Push:
        """Moves the remote's branch from where it was seen to what was built."""
        move = Move(f"refs/heads/{self.target}", self.made, self.theirs)
        return remotes.push(self.carrier.home, self.way.remote, [move])

    def bring_forward(self, *, with_files: bool) -> bool:
        """Lets this clone's branch name what was built; whether it did."""
        if self.made == self.ours:
            return False
        return bus_commits.bring_forward(self.carrier, self.ours, self.made, with_files=with_files)

    # -- remembering ---------------------------------------------------------------------------
    def remember(self, *, sent: bool) -> None:
        """Remembers what the shared branch now has: all of it, or what it had before."""
        sent = sent or self.made == self.top
        self.memory.logs = self.lacking.sent if sent else self.lacking.unsent
        lacking = set() if sent else self.builder.differing
        self.memory.documents = {name: facts for name, facts in self.lacking.facts.items() if name not in lacking}
        if sent:
            self.memory.taken[self._shared.ref] = self.made
            self.memory.pushed_at = time.monotonic()
        if self.objects.commit(f"refs/heads/{self.carrier.branch}") == self.made:
            self.memory.taken[f"refs/heads/{self.carrier.branch}"] = self.made
        memory.save(self.context.workspace, self.memory)
        if self.carrier.is_own:
            commits = {self.made, self.theirs, self.ours, *self.clones_now.values()} - {""}
            packing.pack(self.context.workspace, sorted(commits))
