"""What no command touches: other worktrees, foreign refs, tags, stashes, settings, the home folder.

A photograph is taken before each command of the suite and compared afterwards; a test whose command is meant to
touch one of these says so with `@pytest.mark.touches_others("why")`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Photograph = dict[str, str]
"""What was there, as a digest or in words, by its name."""

MEANT = {
    "agent.setup": "each worktree gets its share of what is set up; the home folder at the user's scope",
    "agent.worktree": "it makes and removes worktrees of seats",
}
"""Commands that are meant to touch something of this, and why."""

_LIVE = ("_bus", "_report/session")
"""What is live in the main checkout, whichever worktree a command acts in."""
_MANY = 2000
_CHECKOUT = Path(__file__).resolve().parent.parent


@contextmanager
def nothing_else_touched(arguments: Sequence[str], folder: Path, home: Path) -> Iterator[None]:
    """Fails when a command that acts in a folder changes what is not its own."""
    root = _root(arguments, folder)
    is_checkout = root is not None and _CHECKOUT in (root, *root.parents)  # others work there
    if is_checkout or MEANT.keys() & set(arguments):
        yield
        return
    own, before = _branch(root), take(root, home)
    yield
    own, after = {"refs/heads/bus", *own, *_branch(root)}, take(root, home)
    names = (before.keys() | after.keys()) - own - {f"config of {ref}" for ref in own}
    changed = sorted(name for name in names if before.get(name) != after.get(name))
    assert not changed, f"{' '.join(arguments)} in {root} touched {', '.join(changed)}"


def take(root: Path | None, home: Path) -> Photograph:
    """Everything that is not the acting checkout's."""
    photograph = {f"home {path}": mark for path, mark in _tree(home, ())} if home.is_dir() else {}
    common = _common(root) if root else None
    if root is None or common is None:
        return photograph
    own = _git_folder(root)
    photograph |= _refs(common)
    photograph |= _settings(common / "config")
    main = common.parent if common.name == ".git" else None
    for folder, top in [(common, main), *_linked(common)]:
        if folder == own or (top is not None and top.name == "_bus"):
            continue
        for name in ("HEAD", "index", "gitdir", "commondir", "ORIG_HEAD", "MERGE_HEAD"):
            photograph[f"{folder}/{name}"] = _digest_of(folder / name)
        if top is not None and top.is_dir() and top != root:
            photograph[f"{top}/.git"] = _digest_of(top / ".git") if (top / ".git").is_file() else ""
            photograph |= {f"{top}/{path}": mark for path, mark in _tree(top, (*_LIVE, ".git"), root)}
    return photograph


def _root(arguments: Sequence[str], folder: Path) -> Path | None:
    named = [after for word, after in zip(arguments, arguments[1:], strict=False) if word == "--root"]
    start = (folder / (named[-1] if named else os.environ.get("TEOF_ROOT", "."))).resolve()
    return next((each for each in (start, *start.parents) if (each / ".git").exists() and each.name != "_bus"), None)


def _git_folder(root: Path) -> Path:
    pointer = root / ".git"
    if pointer.is_dir():
        return pointer
    return (root / pointer.read_text(errors="replace").partition(":")[2].strip()).resolve()


def _common(root: Path) -> Path | None:
    own = _git_folder(root)
    if not (own / "HEAD").is_file():
        return None
    shared = own / "commondir"
    return (own / shared.read_text().strip()).resolve() if shared.is_file() else own


def _linked(common: Path) -> Iterator[tuple[Path, Path | None]]:
    for folder in sorted((common / "worktrees").glob("*")):
        pointer = folder / "gitdir"
        yield folder, (folder / pointer.read_text(errors="replace").strip()).parent if pointer.is_file() else None


def _branch(root: Path | None) -> set[str]:
    """The ref of the branch that is checked out."""
    head = _git_folder(root) / "HEAD" if root else None
    return {head.read_text(errors="replace").strip().removeprefix("ref: ")} if head and head.is_file() else set()


def _refs(common: Path) -> Photograph:
    """All refs but the bus's and what tracks remotes."""
    if (common / "reftable").is_dir():
        listed = subprocess.run(
            ["git", "for-each-ref", "--format=%(refname) %(objectname)"], cwd=common, capture_output=True, text=True
        )
        refs = dict(line.split(" ") for line in listed.stdout.splitlines())
    else:
        packed = common / "packed-refs"
        lines = packed.read_text(errors="replace").splitlines() if packed.is_file() else []
        refs = {line.split(" ")[1]: line.split(" ")[0] for line in lines if line[0] not in "#^"}
        loose = [path for path in (common / "refs").rglob("*") if path.is_file() and path.suffix != ".lock"]
        refs |= {str(path.relative_to(common)): path.read_text(errors="replace").strip() for path in loose}
    left_out = ("refs/heads/bus", "refs/remotes/", "refs/teof/")
    photograph = {name: value for name, value in refs.items() if not name.startswith(left_out)}
    return {**photograph, "stashes": _digest_of(common / "logs/refs/stash")}


def _settings(config: Path) -> Photograph:
    """The settings of each branch, and all others."""
    sections, name = {"config": ""}, "config"
    for line in config.read_text(errors="replace").splitlines():
        if line.startswith("["):
            branch = line.removeprefix('[branch "').removesuffix('"]') if line.startswith('[branch "') else ""
            name = f"config of refs/heads/{branch}" if branch else "config"
        sections[name] = f"{sections.get(name, '')}{line}\n"
    return {name: _digest(text.encode()) for name, text in sections.items()}


def _tree(top: Path, left_out: Sequence[str], other: Path | None = None) -> list[tuple[str, str]]:
    """Each file below a folder with its size and time; `left_out` and another checkout in it are not looked at."""
    rows: list[tuple[str, str]] = []
    for folder, names, files in os.walk(top):
        here = os.path.relpath(folder, top)
        names[:] = [
            name for name in names if os.path.normpath(f"{here}/{name}") not in left_out and Path(folder, name) != other
        ]
        for name in files:
            path = os.path.normpath(f"{here}/{name}")
            if path not in left_out and len(rows) < _MANY:
                facts = os.lstat(os.path.join(folder, name))
                rows.append((path, f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ino}"))
    return rows


def _digest_of(path: Path) -> str:
    return _digest(path.read_bytes()) if path.is_file() else ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
