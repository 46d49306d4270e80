"""Evidence made by running a command: its output as it comes, and a receipt of how it ended.

The log is written while the command runs, the receipt after it, so that a run that is killed leaves
an output without a receipt, which proves nothing, and never a receipt without its output.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.errors import SetupError
from tools.core.fs import files
from tools.core.git import changes, refs, tracked
from tools.core.models.evidence import RunReceipt
from tools.core.models.record import to_mapping
from tools.core.receipts.process import Output, exit_status, start
from tools.core.receipts.verify import BROKEN, VERIFIED, Verdict, read_run, runs_folder, verdict
from tools.core.receipts.write import create_document, write_new
from tools.core.text import secrets
from tools.core.workspace import BUS, MANIFEST, MANIFEST_BACKUPS, MANIFEST_SESSIONS, REPORT, Place, Workspace, worktrees

Show = Callable[[bytes], None]

_OWN = (BUS, REPORT, MANIFEST_SESSIONS, MANIFEST_BACKUPS, "AGENT_MANIFEST*.json", MANIFEST)


class About(NamedTuple):
    """Whose run it is and what it is evidence of."""

    agent: str
    plan_id: str = ""
    step: str = ""
    task_id: str = ""


class Done(NamedTuple):
    """A run that was recorded; `is_left_open` where a process that it left behind can still print.

    `ignored` are files that git would leave out of a commit, `rule` the file that now keeps it from doing so.
    """

    receipt: RunReceipt
    place: Place
    is_left_open: bool
    ignored: tuple[str, ...]
    rule: str


class Ended(NamedTuple):
    """How a command ended: its exit status, and the hash and size of its output."""

    status: int
    sha256: str
    size: int
    seconds: float
    is_left_open: bool


def record(
    workspace: Workspace, command: Sequence[str], about: About, now: datetime, *, name: str | None, show: Show
) -> Done:
    """Runs a command in the root, shows its output as it comes and leaves log and receipt."""
    commit, tree, dirty = _state(workspace.root)
    folder = runs_folder(workspace, about.agent)
    stem = f"{clock.file_stamp(now)}-{ids.slug(secrets.redact(name or ' '.join(command)), 40)}"
    log = write_new(folder, stem, ".log", b"")
    try:
        ended = _run(workspace.root, command, log, show)
    except SetupError:
        files.remove(log)  # nothing ran, so it is evidence of nothing
        raise
    receipt = RunReceipt(
        command=tuple(command),
        exit_status=ended.status,
        started_at=clock.to_text(now),
        duration_seconds=round(ended.seconds, 3),
        output_sha256=ended.sha256,
        output_bytes=ended.size,
        dirty=dirty,
        agent_id=about.agent,
        commit=commit,
        tree_sha=tree,
        plan_id=about.plan_id,
        step=about.step,
        task_id=about.task_id,
    )
    place = log._replace(name=log.name.removesuffix(".log") + ".json")
    create_document(place, to_mapping(receipt))
    return Done(receipt, place, ended.is_left_open, *_kept_by_git(workspace, (place.name, log.name)))


def _kept_by_git(workspace: Workspace, names: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Which of these files git ignores, and the file of rules that was made so that it ignores none of a run's.

    Half a pair is no evidence in another clone, and `*.log` is a usual line of a `.gitignore`.
    """
    ignored = _ignored(workspace, names)
    if not ignored:
        return (), ""
    rules = workspace.in_root(f"{REPORT}/runner/.gitignore")
    try:
        create_document(rules, b"!*.log\n!*.json\n")
    except FileExistsError:
        return ignored, ""
    still_ignored = _ignored(workspace, names)
    if still_ignored == ignored:
        files.remove(rules)  # a folder above is ignored, where no rule of ours counts
        return ignored, ""
    return still_ignored, rules.name


def _ignored(workspace: Workspace, names: Sequence[str]) -> tuple[str, ...]:
    try:
        states = tracked.states(workspace, names)
    except SetupError:  # without git nothing is ignored
        return ()
    return tuple(name for name, state in states.items() if state == tracked.IGNORED)


def verify_receipt(workspace: Workspace, path: str, *, rerun: bool = False) -> Verdict:
    """The status of a receipt; with `rerun` also whether its command still ends the same way."""
    outcome = verdict(workspace, path)
    receipt = read_run(workspace, path)
    if not rerun or receipt is None or outcome.standing != VERIFIED:
        return outcome
    status = exit_status(start(workspace.root, receipt.command, captured=False))
    if status != receipt.exit_status:
        return Verdict(BROKEN, f"run again it ends with {status}, not {receipt.exit_status}")
    return Verdict(VERIFIED, f"run again it ends with {status} as before")


def _state(root: str) -> tuple[str, str, bool]:
    """The commit and its tree, empty before the first one, and whether anything else lies in the checkout."""
    commit, tree = refs.head(root)
    pathspecs = [*changes.outside(_OWN), *changes.outside_worktrees(os.path.realpath(root), _others(root))[1:]]
    return commit, tree, changes.is_dirty(root, pathspecs)


def _others(root: str) -> list[str]:
    return worktrees(Workspace(root, root))


def _run(root: str, command: Sequence[str], log: Place, show: Show) -> Ended:
    import hashlib

    digest, size, begun = hashlib.sha256(), 0, time.monotonic()
    child = start(root, command, captured=True)
    output = Output(child)
    try:
        with files.opened(log, os.O_WRONLY) as descriptor:
            for block in _logged(output.blocks(), show):
                digest.update(block)
                size += len(block)
                with files.writable(log):
                    files.write_whole(descriptor, block)
            with files.writable(log):
                os.fsync(descriptor)
        status = exit_status(child)
        return Ended(status, digest.hexdigest(), size, time.monotonic() - begun, output.is_left_open)
    finally:
        if child.poll() is None:  # an error ends the run early; its remaining output has no reader
            child.kill()
            child.wait()


def _logged(blocks: Iterator[bytes], show: Show) -> Iterator[bytes]:
    """The output for the log, without secrets; `show` gets each block as it comes."""
    clean = secrets.Stream()
    for block in blocks:
        show = _shown(show, block)
        yield clean.feed(block)
    yield clean.end()


def _shown(show: Show, block: bytes) -> Show:
    try:
        show(block)
    except BrokenPipeError:  # the reader of stdout has gone; the run is recorded all the same
        return lambda _: None
    return show
