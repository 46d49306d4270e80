"""What becomes of each file that setup owns a part of: decided from its bytes, the ledger and the plan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from tools.core.hashing import sha256_hex
from tools.core.integrations.vendors.vendor import FileWish, Where
from tools.core.setup import ledger
from tools.core.setup import plan as plans
from tools.core.setup.config import merge, targets
from tools.core.setup.config.targets import Target
from tools.core.setup.ledger import CHANGED, FileState, Ledger
from tools.core.setup.plan import Plan


class Change(NamedTuple):
    """One file as it is and as it should be; `data` None takes it away, `state` is what the ledger says from now on."""

    target: Target
    data: bytes | None
    state: FileState | None = None
    left: tuple[str, ...] = ()  # what of ours in it others have changed, and stays

    @property
    def is_real(self) -> bool:
        """Whether the file differs from what it should be."""
        return self.data != self.target.data


def decide(kept: Ledger, wanted: Plan, place: Where, *, keep_instructions: bool = False) -> dict[str, Change]:
    """The change of each file, by its path; raises before anything is written."""
    changes: dict[str, Change] = {}
    owned: dict[str, set[str]] = {}  # a link and its target are one file: each owner writes it once
    exclude = f"{place.common}/info/exclude"
    for path in dict.fromkeys([*kept.files, *wanted.files]):
        state = kept.files.get(path)
        if path == exclude or (keep_instructions and state is not None and plans.INSTRUCTIONS in state.wishes):
            continue
        target = targets.read(path, base_of(path, place))
        owners = owned.setdefault(target.path, set())
        wishes = {owner: wish for owner, wish in wanted.files.get(path, {}).items() if owner not in owners}
        owners.update(wishes)
        if wishes or state is not None:
            changes[path] = _of_file(target, state, wishes, place)
    inside_git = f"{place.common}/"
    made = [
        path
        for path, change in changes.items()
        if change.state is not None and _is_made(change.state) and not path.startswith(inside_git)
    ]
    wishes = {plans.EXCLUDE: plans.exclusion(made, place)} if made and not place.is_user_scope else {}
    if wishes or exclude in kept.files:
        changes[exclude] = _of_file(targets.read(exclude, place.common), kept.files.get(exclude), wishes, place)
    return changes


def base_of(path: str, place: Where) -> str:
    """The folder that a file must not leave by a link."""
    roots = [root for root in (*place.worktrees, place.common, place.home) if path.startswith(root + "/")]
    return max(roots, key=len, default=os.path.dirname(path))


def _is_made(state: FileState) -> bool:
    """Whether a file is there only because of us and belongs to this machine alone."""
    return state.before is None and plans.INSTRUCTIONS not in state.wishes


def _of_file(target: Target, state: FileState | None, wishes: Mapping[str, FileWish], place: Where) -> Change:
    if not wishes:
        assert state is not None
        return _taken_out(target, state, place)
    if target.data is None and any(wish.form == "shell" for wish in wishes.values()):
        target = target._replace(mode=0o755)
    if state is None:
        return _put_in(target, target.data, dict(wishes), _new_state(target, wishes), {})
    data = target.data
    digest = sha256_hex(data) if data is not None else None
    if digest == state.after and state.wishes == wishes:
        return Change(target, data, state)
    earlier = {owner: wish for owner, wish in state.wishes.items() if wish != wishes.get(owner)}
    base = data
    if digest == state.after and state.before != CHANGED:
        base = ledger.kept(place.common, state)
    elif digest != state.before:
        for wish in earlier.values():
            base = merge.take(base, wish, place.launcher, state.had).data if base is not None else None
    fresh = FileState({}, state.before, None, state.backup, state.had, state.folders)
    if digest not in (state.after, state.before):
        fresh.before = CHANGED
    return _put_in(target, base, dict(wishes), fresh, earlier)


def _new_state(target: Target, wishes: Mapping[str, FileWish]) -> FileState:
    before = sha256_hex(target.data) if target.data is not None else None
    had = [part for wish in wishes.values() for part in merge.containers(target.data, wish)]
    return FileState({}, before, None, "", had, targets.missing_folders(target.path))


def _put_in(
    target: Target, base: bytes | None, wishes: dict[str, FileWish], state: FileState, earlier: Mapping[str, FileWish]
) -> Change:
    for owner, wish in wishes.items():
        if base is None or merge.missing(base, wish):
            base = merge.put(base, wish, earlier[owner].entries if owner in earlier else ())
    assert base is not None
    state.wishes, state.after = wishes, sha256_hex(base)
    return Change(target, base, state)


def _taken_out(target: Target, state: FileState, place: Where) -> Change:
    data = target.data
    if data is None or sha256_hex(data) == state.before:
        return Change(target, data)
    if sha256_hex(data) == state.after and state.before != CHANGED:
        copy = ledger.kept(place.common, state)
        if copy is not None or state.before is None:
            return Change(target, copy)
    rest: bytes | None = data
    left: list[str] = []
    for wish in state.wishes.values():
        if rest is not None:
            taken = merge.take(rest, wish, place.launcher, state.had)
            rest = taken.data
            left += [f"{target.path}: {part}" for part in taken.left]
    if rest is None and state.before is not None:
        rest = b""
    return Change(target, rest, None, tuple(left))
