"""The code brought forward: fetch, then fast-forward only; what changed is derived from commits.

A branch that differs from its upstream in nothing but a tracked bus is no obstacle: the bus is made
one with the remote's first (core/exchange). Anything else that differs is people's to merge.
"""

from __future__ import annotations

from typing import NamedTuple

from tools.core import hint
from tools.core.context import Context
from tools.core.errors import SetupError
from tools.core.git import checkout, refs, remotes
from tools.core.git.branches import current_branch
from tools.core.gitdir import git_folder
from tools.core.hint import Note
from tools.core.sync import bus_branch, bus_commits, exchange
from tools.core.sync.arrivals import Conflict
from tools.core.sync.bus_commits import Carrier
from tools.core.text import terminal
from tools.core.workspace import Workspace


class Synced(NamedTuple):
    """What a sync did; `commits` came with it."""

    state: str  # no_remote, no_upstream, up_to_date, ahead, forwarded, unborn
    sentence: str
    commits: int = 0
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[Note, ...] = ()


def require_git(workspace: Workspace) -> None:
    """Refuses a folder outside git."""
    if git_folder(workspace.root) is None:
        raise SetupError(
            f"{workspace.root} is no git repository, so there is nothing to sync with",
            code="git.none",
            hint=hint.tool("agent.session_boot", "--no-sync"),
        )


def synchronise(context: Context, agent: str | None) -> Synced:
    """Fetches and fast-forwards; raises SetupError when unreachable, diverged or blocked by local changes.

    With an agent the bus is exchanged as well, but not pushed.
    """
    workspace = context.workspace
    require_git(workspace)
    carried, notes = _carrier(workspace) if agent else (None, ())
    if agent and carried is not None and _carries_code(workspace, carried):
        return _with_bus(context, agent, carried)
    code = _code(workspace)
    if not agent or carried is None:
        return code._replace(notes=(*code.notes, *(notes or bus_branch.apart(workspace))))
    done = exchange.exchange(context, agent)
    news = f"; {done.received} new on the bus" if done.received else ""
    return code._replace(sentence=code.sentence + news, conflicts=done.conflicts, notes=(*code.notes, *_left_out(done)))


def _carrier(workspace: Workspace) -> tuple[Carrier | None, tuple[Note, ...]]:
    """What carries the bus; a bus that is on no branch is reported and left, not the end of a session."""
    try:
        return bus_commits.find(workspace), ()
    except SetupError as problem:
        return None, (Note(problem.message, problem.hint),)


def _carries_code(workspace: Workspace, carried: Carrier) -> bool:
    is_here = not carried.is_own and carried.folder == workspace.root
    return is_here and bool(refs.commit_of(workspace.root, "HEAD"))


def _code(workspace: Workspace) -> Synced:
    root, branch = workspace.root, current_branch(workspace.root)
    with remotes.exclusive(workspace):
        way = remotes.route(root, branch)
        if not way.remote:
            return Synced("no_remote", "no remote to sync with")
        remotes.fetch(root, way.remote)
        before = refs.commit_of(root, "HEAD")
        if not before:
            return Synced("unborn", f"fetched {way.remote}; {branch or 'HEAD'} has no commit yet")
        upstream = way.ref(way.upstream) if way.upstream and branch else ""
        after = refs.commit_of(root, upstream) if upstream else ""
        if not after:
            return _as_default(root, way, branch, before)
        return _forward(root, branch or "", f"{way.remote}/{way.upstream}", before, after)


def _as_default(root: str, way: remotes.Route, branch: str | None, before: str) -> Synced:
    """A branch without an upstream follows the remote's default branch while it has nothing of its own."""
    plain = Synced("no_upstream", _without_upstream(way, branch))
    default = refs.default_branch(root)
    after = refs.commit_of(root, default.ref) if default and default.remote == way.remote and branch else ""
    if not after or way.upstream or default is None:
        return plain
    shown = f"{default.remote}/{default.name}"
    ahead, behind = refs.ahead_behind(root, before, after)
    if behind and not ahead:
        return _forward(root, branch or "", shown, before, after)
    if not behind:
        return plain
    text = f"{branch} is {terminal.number(behind, 'commit')} behind {shown}"
    return Synced("no_upstream", f"fetched {way.remote}; {text}", notes=(Note(text, hint.git("merge", shown)),))


def _without_upstream(way: remotes.Route, branch: str | None) -> str:
    if branch is None:
        return f"fetched {way.remote}; HEAD is detached"
    if way.upstream:
        return f"fetched {way.remote}; {branch}'s upstream {way.remote}/{way.upstream} is gone"
    return f"fetched {way.remote}; {branch} has no upstream yet"


def _forward(root: str, branch: str, upstream: str, before: str, after: str) -> Synced:
    ahead, behind = refs.ahead_behind(root, before, after)
    if ahead and behind:
        raise diverged(branch, upstream, ahead, behind)
    if not behind:
        lead = f", {ahead} ahead" if ahead else ""
        return Synced("ahead" if ahead else "up_to_date", f"{branch} is up to date with {upstream}{lead}")
    checkout.fast_forward(root, after)
    return Synced(
        "forwarded",
        f"{branch} moved {before[:10]}..{after[:10]}, {terminal.number(behind, 'commit')} of {upstream}",
        behind,
    )


def diverged(branch: str, upstream: str, ahead: int, behind: int) -> SetupError:
    """The refusal of a branch that only people can bring together with its upstream."""
    return SetupError(
        f"{branch} and {upstream} have diverged: {ahead} here, {behind} there",
        code="sync.diverged",
        hint=hint.git("rebase", upstream),
        details={"ahead": ahead, "behind": behind},
    )


def _with_bus(context: Context, agent: str, carried: Carrier) -> Synced:
    """A checkout whose branch carries the bus: both are brought forward in one."""
    workspace = context.workspace
    root, branch = workspace.root, carried.branch
    with remotes.exclusive(workspace):
        way = remotes.route(root, branch)
        if way.remote:
            remotes.fetch(root, way.remote)
    before = refs.commit_of(root, "HEAD")
    done = exchange.exchange(context, agent, with_files=True)
    code = _outcome(root, branch, way, before)
    return code._replace(conflicts=done.conflicts, notes=_left_out(done))


def _outcome(root: str, branch: str, way: remotes.Route, before: str) -> Synced:
    """What an exchange that brought the code along came to."""
    if not way.remote:
        return Synced("no_remote", "no remote to sync with")
    target = way.upstream or branch
    after = refs.commit_of(root, way.ref(target))
    if not after:
        return Synced("no_upstream", _without_upstream(way, branch))
    ahead, behind = refs.ahead_behind(root, "HEAD", after)
    if behind:
        raise diverged(branch, f"{way.remote}/{target}", ahead, behind)
    came = refs.count_since(root, after, before)
    if came:
        return Synced("forwarded", f"{branch} moved, {terminal.number(came, 'commit')} of {way.remote}/{target}", came)
    return Synced("up_to_date", f"{branch} is up to date with {way.remote}/{target}")


def _left_out(done: exchange.Exchanged) -> tuple[Note, ...]:
    return tuple(Note(str(problem)) for problem in done.problems)
