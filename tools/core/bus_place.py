"""Where the live bus of a checkout lies: all worktrees of one clone share one, and no two clones do."""

from __future__ import annotations

import os

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.gitdir import common_folder, core_settings, git_folder, is_visible

BUS = "_bus"


def is_checkout(folder: str) -> bool:
    """Whether a folder is the top of a checkout; the bus's own worktree is none."""
    git = os.path.join(folder, ".git")
    return os.path.lexists(git) and not (os.path.basename(folder) == BUS and os.path.isfile(git))


def bus_root_of(root: str) -> str:
    """The folder that holds the live bus of a checkout; SetupError where that cannot be told."""
    git = git_folder(root)
    if not os.path.lexists(os.path.join(root, ".git")) or git == os.path.join(root, ".git"):
        return root
    if git is None or not is_visible(git):
        raise _unseen(root, git)
    common = common_folder(git)
    if os.path.basename(common) == ".git":
        return os.path.dirname(common)
    settings = core_settings(common)
    if settings.get("bare", "").lower() == "true":
        return _beside_or_inside(common)
    if common == git:  # a submodule, or a git folder kept elsewhere: one checkout, its own bus
        return root
    if settings.get("worktree"):
        return os.path.normpath(os.path.join(common, settings["worktree"]))
    raise SetupError(
        f"cannot tell where the live bus is: {common} names no main checkout; name its folder in TEOF_BUS",
        code="workspace.bus",
        hint=hint.program("export", f"TEOF_BUS={hint.WORDS}"),
    )


def _unseen(root: str, git: str | None) -> SetupError:
    if git is None:
        return SetupError(
            f"{root}/.git is neither a folder nor a pointer as git writes it",
            code="workspace.unseen",
            hint=hint.program("ls", "-ld", os.path.join(root, ".git")),
        )
    main = git.partition("/.git/")[0] if "/.git/" in git else git
    return SetupError(
        f"{root}/.git names {git}, which cannot be seen from here, and the live bus is where that is: mount {main} at"
        f" this path or, if it was moved, run git worktree repair {root} where it is now",
        code="workspace.unseen",
        hint=hint.program("ls", "-ld", main),
        details={"main": main},
    )


def _beside_or_inside(common: str) -> str:
    """The bus root of a bare repository: the repository itself, so that each of several in a folder has its own.

    A bus that an earlier version put beside it is left where it is, if it is this repository's.
    """
    above = os.path.dirname(common)
    beside = os.path.join(above, BUS)
    if not os.path.isdir(beside) or os.path.isdir(os.path.join(common, BUS)) or is_checkout(above):
        return common
    owner = git_folder(beside)
    if owner is not None:
        here = owner if is_visible(owner) else os.path.join(common, "worktrees", os.path.basename(owner))
        is_ours = is_visible(here) and os.path.realpath(common_folder(here)) == os.path.realpath(common)
        return above if is_ours else common
    raise SetupError(
        f"cannot tell whose bus {beside} is; the bus of {common} lies inside it",
        code="workspace.bus",
        hint=hint.program("mv", "-n", beside, os.path.join(common, BUS)),
    )
