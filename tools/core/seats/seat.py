"""The acting seat: the manifest says who acts, so that no agent writes in another's name.

The seat is `TEOF_MANIFEST`, else `AGENT_MANIFEST.json` in the root; it may be a link to a variant.
The manifest and `--agent` must agree. With an unreadable manifest writes are refused; with none,
`--agent` is required (design §2, promise 5).
"""

from __future__ import annotations

import os
import stat

from tools.core import hint, ids
from tools.core.errors import DataError, GuardError, SetupError, UsageError
from tools.core.fs import files
from tools.core.hint import Hint
from tools.core.models.bus import MANAGER_ROLE
from tools.core.models.lenient import manifest_from
from tools.core.models.manifest import Manifest
from tools.core.plain import NamedTuple
from tools.core.problem import Problem
from tools.core.workspace import MANIFEST, Workspace, worktrees

MAX_MANIFEST = 256 * 1024


class Seat(NamedTuple):
    """Who is acting; `manifest` is None for a seat that `--agent` alone names."""

    agent_id: str
    manifest: Manifest | None

    @property
    def is_manager(self) -> bool:
        """Whether the seat's manifest gives it the manager's role."""
        return self.manifest is not None and MANAGER_ROLE in self.manifest.desired_roles

    @property
    def branch_prefix(self) -> str:
        """What this seat's branches begin with, final slash included."""
        prefix = self.manifest.branch_prefix if self.manifest else ""
        return (prefix or f"agent/{self.agent_id}").rstrip("/") + "/"


def manifest_path(workspace: Workspace, bound: str | None = None) -> str:
    """The manifest that binds this process: `bound` (from TEOF_MANIFEST), else the checkout's own."""
    return os.path.join(workspace.root, bound or MANIFEST)


def read_manifest(path: str, *, required: bool = False) -> Manifest | None:
    """The manifest at a path, links followed; None when absent or when it is the template.

    Raises DataError when it cannot be read as one, SetupError when a required one is absent.
    """
    shown = os.path.basename(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if os.path.islink(path):
            raise _unreadable(shown, "a link to a file that is not there") from None
        if required:
            raise SetupError(
                f"TEOF_MANIFEST names {path}, which does not exist",
                code="seat.binding",
                hint=hint.program("unset", "TEOF_MANIFEST"),
            ) from None
        return None
    except OSError as error:
        raise _unreadable(shown, error.strerror or "cannot be opened") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _unreadable(shown, "not a file")
        data = os.read(descriptor, MAX_MANIFEST)
    finally:
        os.close(descriptor)
    try:
        raw = files.parse_object(data, shown)
    except DataError as error:
        problem = error.problem_in(shown)
        raise _unreadable(shown, problem.reason, problem.line) from error
    manifest = manifest_from(raw)
    if manifest.agent_id == ids.TEMPLATE_AGENT:
        return None
    if not ids.is_agent(raw.get("agent_id")):
        raise _unreadable(shown, f"agent_id {manifest.agent_id[:80]!r} is not an agent id")
    return manifest


def _unreadable(name: str, reason: str, line: int = 1) -> DataError:
    return DataError(Problem(name, line, reason, "seat.manifest"), hint=hint.tool("agent.manifest_helper", "list"))


def own_seat(workspace: Workspace, agent: str) -> Hint:
    """The way to an agent's own seat: the same command in the worktree that is its, else a worktree that is made."""
    for root in worktrees(workspace):
        try:
            manifest = read_manifest(os.path.join(root, MANIFEST))
        except (DataError, SetupError):
            continue
        if manifest is not None and manifest.agent_id == agent:
            return hint.again("--root", root)
    from tools.core.git import refs  # a process of git, for this refusal alone

    above, name = os.path.split(workspace.root)
    folder = os.path.join(above, agent)
    folder = os.path.join(above, f"{name}-{agent}") if os.path.lexists(folder) else folder
    branch = f"agent/{agent}/work"
    is_there = bool(refs.commit_of(workspace.root, f"refs/heads/{branch}"))
    add = hint.git("worktree", "add", folder, *((branch,) if is_there else ("-b", branch)))
    return add.then(hint.init("--root", folder, "--agent", agent))


def acting(workspace: Workspace, agent: str | None, bound: str | None = None) -> Seat:
    """The seat a writer acts from; refuses a mismatch, an unreadable manifest, or no seat at all."""
    if agent is not None:
        require_seat(agent)
    manifest = read_manifest(manifest_path(workspace, bound), required=bound is not None)
    if manifest is None:
        if agent is None:
            raise SetupError(
                "no seat here: this checkout has no manifest of an agent",
                code="seat.none",
                hint=hint.tool("agent.session_boot", "--agent", hint.WORDS),
            )
        return Seat(agent, None)
    if agent is not None and agent != manifest.agent_id:
        raise GuardError(
            f"the manifest here is {manifest.agent_id}'s, not {agent}'s",
            code="seat.mismatch",
            hint=own_seat(workspace, agent),
            details={"manifest_agent": manifest.agent_id, "agent": agent},
        )
    return Seat(manifest.agent_id, manifest)


def require_seat(agent: str) -> str:
    """The id, or UsageError when it is not an agent id or names the template."""
    if ids.require_agent(agent) == ids.TEMPLATE_AGENT:
        raise UsageError("'template' names no seat", code="seat.template")
    return agent


def reading(workspace: Workspace, bound: str | None = None) -> Seat | None:
    """The seat of a reader; None when there is none or it cannot be read."""
    try:
        manifest = read_manifest(manifest_path(workspace, bound))
    except (DataError, SetupError):
        return None
    return Seat(manifest.agent_id, manifest) if manifest else None


def all_manifests(workspace: Workspace) -> list[Manifest]:
    """The seats of this clone: those bound in its worktrees, and the variants beside them; what cannot be read is left out."""
    seats: dict[str, Manifest] = {}
    for root in dict.fromkeys([*worktrees(workspace), workspace.bus_root]):
        for name in sorted(_manifest_names(root), key=lambda name: name != MANIFEST):
            try:
                manifest = read_manifest(os.path.join(root, name))
            except (DataError, SetupError):
                continue
            if manifest is not None and name in (MANIFEST, f"AGENT_MANIFEST.{manifest.agent_id}.json"):
                seats.setdefault(manifest.agent_id, manifest)
    return list(seats.values())


def _manifest_names(root: str) -> list[str]:
    try:
        names = os.listdir(root)
    except OSError:
        return []
    return [name for name in names if name.startswith("AGENT_MANIFEST.") and name.endswith(".json")]
