"""A checkout's git folder as it lies on the disk, read without a process: commands that run often start none."""

from __future__ import annotations

import os


def git_folder(root: str) -> str | None:
    """The git folder of a checkout; None outside git."""
    git = os.path.join(root, ".git")
    if os.path.isdir(git):
        return git
    line = _first_line(git) or ""
    if not line.startswith("gitdir:"):
        return None
    return os.path.normpath(os.path.join(root, line[len("gitdir:") :].strip()))


def common_folder(git: str) -> str:
    """The git folder that all worktrees share; the folder itself in a repository without worktrees."""
    line = _first_line(os.path.join(git, "commondir"))
    return git if line is None else os.path.normpath(os.path.join(git, line))


def worktree_roots(common: str) -> list[str]:
    """The roots of the checkouts that share a common git folder, as it names them: they may be gone."""
    roots = [os.path.dirname(common)] if os.path.basename(common) == ".git" else []
    try:
        names = os.listdir(os.path.join(common, "worktrees"))
    except OSError:
        names = []
    pointers = [_first_line(os.path.join(common, "worktrees", name, "gitdir"), "replace") for name in names]
    return [*roots, *(os.path.dirname(pointer) for pointer in pointers if pointer and os.path.dirname(pointer))]


def core_settings(common: str) -> dict[str, str]:
    """The `[core]` settings of a common git folder itself, keys in lower case; no other file is included."""
    settings: dict[str, str] = {}
    section = ""
    try:
        with open(os.path.join(common, "config"), encoding="utf-8", errors="replace") as lines:
            for line in map(str.strip, lines):
                if line.startswith("["):
                    section = line.lower()
                elif section == "[core]" and "=" in line:
                    key, value = line.split("=", 1)
                    settings[key.strip().lower()] = value.strip()
    except OSError:
        return {}
    return settings


def current_branch(root: str) -> str | None:
    """The branch that is checked out; None when detached or no git."""
    git = git_folder(root)
    return None if git is None else _target(os.path.join(git, "HEAD"), "refs/heads/")


def default_branches(root: str) -> dict[str, str]:
    """By remote, its default branch as of the clone or the last fetch; remotes without one on record are left out."""
    git = git_folder(root)
    if git is None:
        return {}
    remotes = os.path.join(common_folder(git), "refs/remotes")
    try:
        names = sorted(os.listdir(remotes))
    except OSError:
        return {}
    heads = {name: _target(os.path.join(remotes, name, "HEAD"), f"refs/remotes/{name}/") for name in names}
    return {name: branch for name, branch in heads.items() if branch}


def _target(path: str, prefix: str) -> str | None:
    """What a symbolic ref's file names below a prefix."""
    line = _first_line(path, "replace") or ""
    return line[len(f"ref: {prefix}") :] if line.startswith(f"ref: {prefix}") else None


def _first_line(path: str, errors: str = "surrogateescape") -> str | None:
    try:
        with open(path, encoding="utf-8", errors=errors) as file:
            return file.readline().strip()
    except OSError:
        return None
