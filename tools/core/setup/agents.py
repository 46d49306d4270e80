"""Setting programs up in a clone: everything is read and decided before the first byte is written.

Order of writing, so that a run which dies is finished by the next: copies of the files as they were, the ledger,
then the files. Taking out goes the other way: files, then the ledger.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Mapping
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import GuardError
from tools.core.fs import folders, locks
from tools.core.git import index
from tools.core.integrations.vendors.vendor import ManualStep, Where
from tools.core.setup import git_hooks, instructions, launchers, ledger, programs
from tools.core.setup import plan as plans
from tools.core.setup.config import targets
from tools.core.setup.decide import Change, base_of, decide
from tools.core.setup.launchers import Programs
from tools.core.setup.ledger import CHANGED, Ledger
from tools.core.setup.plan import Options
from tools.core.workspace import REPORT, Place

PATIENCE = 60.0
"""Seconds a setup waits for another one in the same clone."""


class Request(NamedTuple):
    """What setup is asked for; `repeats` gives new worktrees their share and leaves instructions alone."""

    clis: list[str]
    options: Options
    remove: bool = False
    dry_run: bool = False
    repeats: bool = False


class Result(NamedTuple):
    """What was done (or would be), what a person must do, and what of ours others have changed."""

    changes: list[str]
    diff: str
    manual: list[ManualStep]
    left: list[str]


def set_up(request: Request, place: Where, tools: Programs) -> Result:
    """Sets programs up, or takes them out again; a second run changes no byte."""
    if request.dry_run:
        return _run(request, place, tools)
    with locks.hold(Place(os.path.dirname(place.common), os.path.basename(place.common)), patience=PATIENCE):
        return _run(request, place, tools)


def _run(request: Request, place: Where, tools: Programs) -> Result:
    kept = ledger.read(place.common)
    others = [cli for cli in kept.clis if cli not in request.clis]
    clis = [cli for cli in plans.ORDER if cli in (others if request.remove else {*others, *request.clis})]
    options = request.options
    text = instructions.claude_text(options.instructions) if options.instructions else None
    wanted = plans.plan(clis, place, options, text)
    changes = decide(kept, wanted, place, keep_instructions=request.repeats)
    _require_private(changes.values(), place)
    scripts = _scripts(place, tools, options, clis)
    real = [change for change in (*changes.values(), *scripts) if change.is_real]
    for change in real:
        targets.require_writable(change.target)
    if not request.dry_run:
        _carry_out(place, kept, Ledger(options.document(), clis), changes, scripts)
    manual = programs.settle(place, kept, wanted, dry_run=request.dry_run)
    if not request.dry_run:
        ledger.close(place.common, kept)
    named = clis if request.repeats else [cli for cli in request.clis if cli in clis]
    steps = programs.missing_package(named, options)
    steps += [step for step in (*manual, *wanted.manual) if step.cli in named]
    left = [part for change in changes.values() for part in change.left]
    return Result([_sentence(change) for change in real], _diff(real) if request.dry_run else "", steps, left)


def _require_private(changes: Collection[Change], place: Where) -> None:
    """Refuses to put places of this machine into a file that git tracks."""
    for change in changes:
        wishes = change.state.wishes if change.state is not None else {}
        owner = next((owner for owner, wish in wishes.items() if wish.is_private and owner != plans.EXCLUDE), None)
        root = base_of(change.target.path, place)
        if owner is None or not change.is_real or root == place.home:
            continue
        name = os.path.relpath(change.target.path, root)
        if index.has_any(root, f":(literal,top){name}"):
            raise GuardError(
                f"{name} is tracked by git, and paths of this machine do not belong in it",
                code="setup.tracked",
                hint=hint.tool("agent.setup", owner, "--scope", "user"),
            )


def _scripts(place: Where, tools: Programs, options: Options, clis: Collection[str]) -> list[Change]:
    texts = {
        place.launcher: launchers.hook(tools, options.guard) if any(cli != plans.GIT for cli in clis) else None,
        git_hooks.launcher(place): launchers.guard(tools) if plans.GIT in clis else None,
    }
    changes = []
    for path, text in texts.items():
        target = targets.read(path, place.common)
        changes.append(Change(target._replace(mode=0o755), text.encode() if text else None))
    return changes


def _carry_out(
    place: Where, kept: Ledger, fresh: Ledger, changes: Mapping[str, Change], scripts: Collection[Change]
) -> None:
    """Copies, ledger, files; `kept` becomes what the ledger says at the end."""
    ledger.sweep(place.common)
    states = {path: change.state for path, change in changes.items() if change.state is not None}
    for path, state in states.items():
        before = changes[path].target.data
        if state.before not in (None, CHANGED) and not state.backup and before is not None:
            state.backup = ledger.keep(place.common, path, before)
    untouched = {path: state for path, state in kept.files.items() if path not in changes}
    if states or fresh.clis:
        clis = list(dict.fromkeys([*kept.clis, *fresh.clis]))
        ledger.write(place.common, Ledger(fresh.options, clis, {**kept.files, **states}, kept.programs))
    if fresh.clis:
        folders.make_folder(Place(place.main, f"{REPORT}/session"))
    patience = PATIENCE if place.is_user_scope else -1.0  # the lock is the clone's: another clone may write there too
    made = [folder for state in kept.files.values() for folder in state.folders]
    for change in (*scripts, *changes.values()) if fresh.clis else (*changes.values(), *scripts):
        targets.sweep(change.target.path, patience=patience)
        if change.data is None:  # also where a run that died took the file away and left its folders
            targets.remove(change.target.path, made)
        elif change.is_real and change.data is not None:
            targets.write(change.target, change.data)
    kept.options, kept.clis, kept.files = fresh.options, fresh.clis, {**untouched, **states}


def _sentence(change: Change) -> str:
    verb = "make" if change.target.data is None else "remove" if change.data is None else "change"
    return f"{verb} {change.target.path}"


def _diff(changes: Collection[Change]) -> str:
    parts: list[str] = []
    for change in changes:
        before = (change.target.data or b"").decode("utf-8", "replace").splitlines(keepends=True)
        after = (change.data or b"").decode("utf-8", "replace").splitlines(keepends=True)
        name = change.target.path
        lines = difflib.unified_diff(before, after, name, name)
        parts += [line if line.endswith("\n") else f"{line}\n" for line in lines]
    return "".join(parts)
