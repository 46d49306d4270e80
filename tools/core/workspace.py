"""Where everything is: the checkout, the live bus its worktrees share, and every path below them.

Nothing else but bus_place spells `_bus`, `_plans`, `_report` or `queue`. Two roots matter (docs/architecture.md):
`root`, the checkout a command acts on, holds what travels with a branch; `bus_root` holds the live
bus and the session state, one per clone however many worktrees it has.
"""

from __future__ import annotations

import os

from tools.core import hint
from tools.core.bus_place import BUS as BUS
from tools.core.bus_place import bus_root_of, is_checkout
from tools.core.errors import SetupError, UsageError
from tools.core.gitdir import common_folder, git_folder, worktree_roots
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

REPORT = "_report"
PLANS = "_plans"
QUEUE = "queue"
MANIFEST = "AGENT_MANIFEST.json"
MANIFEST_SAMPLES = "docs/examples/agents"
MANIFEST_SESSIONS = ".manifest_sessions"
MANIFEST_BACKUPS = ".manifest_backups"
QUICK_LINKS = "docs/quick-links.json"
MEMORY_LOG = "memory/log.jsonl"
LEDGER = "_report/ledger.csv"


class Place(NamedTuple):
    """A file or folder below a trusted folder; nothing between the two is followed as a link."""

    base: str
    name: str

    @property
    def path(self) -> str:
        """The absolute path, for messages and for folders that are watched."""
        return os.path.join(self.base, self.name)

    def child(self, name: str) -> Place:
        """A place inside this folder."""
        return Place(self.base, f"{self.name}/{name}")


class Workspace(NamedTuple):
    """One checkout and the live bus that belongs to it; both paths are absolute."""

    root: str
    bus_root: str
    store: str = ""
    """Where `TEOF_STORE` says that the bus is: `files`, or a server's address."""

    # -- the live bus ------------------------------------------------------------------------
    @property
    def bus(self) -> Place:
        """The bus folder, which is also the lock."""
        return Place(self.bus_root, BUS)

    @property
    def signpost(self) -> Place:
        """Where a bus that moved to a server says so."""
        return Place(self.bus_root, f"{BUS}/store.json")

    @property
    def events(self) -> Place:
        """The event log."""
        return Place(self.bus_root, f"{BUS}/events/events.jsonl")

    @property
    def cache(self) -> Place:
        """What can be derived again: the index, the lock holder's name."""
        return Place(self.bus_root, f"{BUS}/.cache")

    @property
    def catalogue(self) -> Place:
        """What is known of the claims and assignments, so that no reader opens the finished ones."""
        return self.cache.child("documents")

    @property
    def journal(self) -> Place:
        """The redo journal of a transaction over several files."""
        return Place(self.bus_root, f"{BUS}/.journal")

    @property
    def torn(self) -> Place:
        """Where unfinished last lines are kept."""
        return Place(self.bus_root, f"{BUS}/.torn")

    def thread(self, task: str) -> Place:
        """The messages of a task, of the hub or of an inbox."""
        return Place(self.bus_root, f"{BUS}/messages/{task}.jsonl")

    def claim(self, task: str) -> Place:
        """The claim document of a task."""
        return Place(self.bus_root, f"{BUS}/claims/{task}.json")

    def assignment(self, task: str) -> Place:
        """The assignment document of a task."""
        return Place(self.bus_root, f"{BUS}/assignments/{task}.json")

    # -- live session state, beside the bus --------------------------------------------------
    def session(self, agent: str) -> Place:
        """An agent's live session state; never committed."""
        return Place(self.bus_root, f"{REPORT}/session/{agent}")

    # -- what travels with a branch ----------------------------------------------------------
    @property
    def report(self) -> Place:
        """All evidence of this checkout; the folder is the lock of plans, reports and memory."""
        return Place(self.root, REPORT)

    @property
    def plans(self) -> Place:
        """All plans."""
        return Place(self.root, PLANS)

    @property
    def queue(self) -> Place:
        """The backlog."""
        return Place(self.root, QUEUE)

    def plan(self, plan_id: str) -> Place:
        """A plan's file."""
        return Place(self.root, f"{PLANS}/{plan_id}.plan.json")

    def justification(self, plan_id: str) -> Place:
        """The text that says why a plan is worth doing."""
        return Place(self.root, f"{PLANS}/{plan_id}.justification.md")

    def agent_report(self, agent: str) -> Place:
        """An agent's evidence."""
        return Place(self.root, f"{REPORT}/agent/{agent}")

    def in_root(self, name: str) -> Place:
        """A file of the checkout, by its path relative to the root."""
        return Place(self.root, name)

    def relative(self, path: str) -> str:
        """A path of this checkout (or of the bus root) as records cite it; UsageError outside."""
        if not can_be_path(path):
            raise UsageError(f"{path!r} is not a path", code="path.bad")
        absolute = os.path.normpath(os.path.join(self.root, path))
        for base in (self.root, self.bus_root):
            if absolute.startswith(base + os.sep):
                return absolute[len(base) + 1 :].replace(os.sep, "/")
        raise UsageError(f"{path!r} is outside the repository", code="path.outside")


def can_be_path(text: str) -> bool:
    """Whether a file can have this path: not one with NUL, or half a pair of surrogates, which no system takes."""
    try:
        return bool(text) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def find(start: str, environment: Mapping[str, str], *, root: str | None = None) -> Workspace:
    """The workspace of a folder: `--root`, `TEOF_ROOT`, or the nearest checkout upwards.

    Raises SetupError when there is none, or when it is unclear which bus is live.
    """
    named = root or environment.get("TEOF_ROOT")
    if named:
        top = os.path.realpath(os.path.join(start, named))
        _require_top(top, named, by_option=root is not None)
    else:
        top = _checkout_of(os.path.realpath(start))
    elsewhere = environment.get("TEOF_BUS")
    if elsewhere:
        bus_root = os.path.realpath(os.path.join(top, elsewhere))
        if not os.path.isdir(bus_root):
            raise SetupError(
                f"TEOF_BUS names {elsewhere!r}, which is not a folder",
                code="workspace.bus",
                hint=hint.program("unset", "TEOF_BUS"),
            )
        return Workspace(top, bus_root, environment.get("TEOF_STORE", ""))
    return Workspace(top, bus_root_of(top), environment.get("TEOF_STORE", ""))


def _require_top(top: str, named: str, *, by_option: bool) -> None:
    """SetupError for a folder inside a checkout: a bus begun there would be one of two in one clone."""
    if not os.path.isdir(top):
        raise SetupError(
            f"{named!r} is not a folder",
            code="workspace.root",
            hint=hint.git("rev-parse", "--show-toplevel") if by_option else hint.program("unset", "TEOF_ROOT"),
        )
    around = _nearest(top)
    if around is None:
        raise SetupError(f"{top} is no git repository", code="repository.none", hint=hint.git("init", top))
    if around != top:
        raise SetupError(
            f"{named!r} lies inside the checkout {around} and is not its top",
            code="workspace.root",
            hint=hint.again("--root", around) if by_option else hint.program("export", f"TEOF_ROOT={around}"),
        )


def _checkout_of(folder: str) -> str:
    nearest = _nearest(folder)
    if nearest is None:
        raise SetupError(
            f"no checkout here: neither {folder} nor a folder above it holds .git or {BUS}/",
            code="workspace.none",
            hint=hint.git("init").then(hint.init("--agent", hint.WORDS)),
        )
    return nearest


def _nearest(folder: str) -> str | None:
    """The checkout around a folder, else the nearest folder upwards that holds a bus."""
    with_bus = None
    here = folder
    while True:
        if is_checkout(here):
            return here
        if with_bus is None and os.path.isdir(os.path.join(here, BUS)):
            with_bus = here
        parent = os.path.dirname(here)
        if parent == here:
            break
        here = parent
    return with_bus


def git_lock_place(workspace: Workspace) -> Place | None:
    """The common git folder, which is the lock of git work that cannot run twice; None outside git."""
    own = git_folder(workspace.root)
    if own is None:
        return None
    base, name = os.path.split(os.path.realpath(common_folder(own)))
    return Place(base, name)


def worktrees(workspace: Workspace) -> list[str]:
    """The roots of all worktrees of this clone, read without a process; the bus's own left out."""
    git = git_folder(workspace.root)
    if git is None:
        return [workspace.root]
    roots = {os.path.realpath(root) for root in [workspace.root, *worktree_roots(common_folder(git))]}
    return sorted(roots - {os.path.realpath(workspace.bus.path)})
