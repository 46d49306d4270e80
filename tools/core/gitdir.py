"""A checkout's git folder as it lies on the disk, read without a process: commands that run often start none."""

from __future__ import annotations

import os

_LARGEST = 1 << 16
"""Characters of a pointer that are read; a path is shorter."""


def git_folder(root: str) -> str | None:
    """The git folder of a checkout; None outside git."""
    git = os.path.join(root, ".git")
    if os.path.isdir(git):
        return git
    line = _text(git) or ""
    if not line.startswith("gitdir:"):
        return None
    return os.path.normpath(os.path.join(root, line[len("gitdir:") :].lstrip(" ")))


def is_visible(git: str) -> bool:
    """Whether a git folder and the one it shares with other worktrees can be seen from here."""
    return all(os.path.isfile(os.path.join(folder, "HEAD")) for folder in {git, common_folder(git)})


def common_folder(git: str) -> str:
    """The git folder that all worktrees share; the folder itself in a repository without worktrees."""
    line = _text(os.path.join(git, "commondir"))
    return git if line is None else os.path.normpath(os.path.join(git, line))


def worktree_roots(common: str) -> list[str]:
    """The roots of the checkouts that share a common git folder, as it names them: they may be gone."""
    roots = [os.path.dirname(common)] if os.path.basename(common) == ".git" else []
    folders = [os.path.join(common, "worktrees", name) for name in _listed(os.path.join(common, "worktrees"))]
    pointers = [(folder, _text(os.path.join(folder, "gitdir"), "replace")) for folder in folders]
    return [
        *roots,
        *(
            os.path.normpath(os.path.join(folder, os.path.dirname(pointer)))  # newer git writes a relative one
            for folder, pointer in pointers
            if pointer and os.path.dirname(pointer)
        ),
    ]


def places_of_branch(common: str, branch: str) -> list[str] | None:
    """What knows of a branch: "" for this clone, and remotes by name; None where refs are kept in no plain file."""
    if os.path.isdir(os.path.join(common, "reftable")):
        return None
    refs = os.path.join(common, "refs")
    names = ["heads", *(f"remotes/{remote}" for remote in _listed(os.path.join(refs, "remotes")))]
    places = {name for name in names if os.path.isfile(os.path.join(refs, name, branch))}
    try:
        with open(os.path.join(common, "packed-refs"), encoding="utf-8", errors="replace") as lines:
            packed = [line.split(" ", 1)[1].strip() for line in lines if line.endswith(f"/{branch}\n")]
    except OSError:
        packed = []
    whole = [ref.removeprefix("refs/").removesuffix(f"/{branch}") for ref in packed]
    places.update(name for name in whole if name == "heads" or name.startswith("remotes/"))
    return sorted("" if name == "heads" else name.removeprefix("remotes/") for name in places)


def registrations(common: str, name: str, branch: str) -> list[str]:
    """The git folders of worktrees that are called `name` and were on a branch; their files may be gone."""
    folders = [os.path.join(common, "worktrees", entry) for entry in _listed(os.path.join(common, "worktrees"))]
    return [
        folder
        for folder in folders
        if os.path.basename(os.path.dirname(_text(os.path.join(folder, "gitdir"), "replace") or "")) == name
        and _target(os.path.join(folder, "HEAD"), "refs/heads/") == branch
    ]


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def has_remotes(common: str) -> bool:
    """Whether the settings of a common git folder name a remote, or include a file that may."""
    try:
        with open(os.path.join(common, "config"), encoding="utf-8", errors="replace") as lines:
            return any(line.lstrip().lower().startswith(("[remote ", "[include")) for line in lines)
    except OSError:
        return True


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
    names = _listed(remotes)
    heads = {name: _target(os.path.join(remotes, name, "HEAD"), f"refs/remotes/{name}/") for name in names}
    return {name: branch for name, branch in heads.items() if branch}


def own_default_branch(root: str) -> str | None:
    """The default branch of a clone that has no `main` and whose remotes name none: what its own HEAD names.

    That is the branch of the main checkout, or the HEAD of a bare repository; None where it is an agent's.
    """
    git = git_folder(root)
    common = common_folder(git) if git is not None else ""
    branch = _target(os.path.join(common, "HEAD"), "refs/heads/") if common else None
    if branch is None or branch == ".invalid" or branch.startswith("agent/"):
        return None
    return None if "" in (places_of_branch(common, "main") or ()) else branch


def _target(path: str, prefix: str) -> str | None:
    """What a symbolic ref's file names below a prefix."""
    line = _text(path, "replace") or ""
    return line[len(f"ref: {prefix}") :] if line.startswith(f"ref: {prefix}") else None


def _text(path: str, errors: str = "surrogateescape") -> str | None:
    """What a pointer of git says: all of the file but its last line end, for a path may hold one."""
    try:
        with open(path, encoding="utf-8", errors=errors, newline="") as file:
            return file.read(_LARGEST).rstrip("\r\n")
    except OSError:
        return None
