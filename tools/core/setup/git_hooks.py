"""The guard in git's hooks: a block in the scripts that git starts, or a step for a person where that cannot be.

The block ends well when its launcher is gone: a bare test at the end of a script would stop every commit.
"""

from __future__ import annotations

import os

from tools.core.git import index, repository
from tools.core.integrations.vendors.vendor import FileWish, ManualStep, Where, quoted

_SHELLS = ("sh", "bash", "dash")
_MISSING = 'echo "teof: the guard is missing; nothing was checked" >&2'


def launcher(where: Where) -> str:
    """The script that the blocks start."""
    return f"{where.common}/teof/guard"


def wishes(where: Where) -> tuple[list[FileWish], list[ManualStep]]:
    """The three hooks, and what a person has to add where a script is not ours to change."""
    folder = repository.hooks_folder(where.main)
    blocks = {
        "pre-commit": _call(where, "staged"),
        "prepare-commit-msg": _call(where, 'message "$@"'),
        "pre-push": _push(where),
    }
    is_tracked = index.has_any(where.main, folder) if folder.startswith(where.main + "/") else False
    files, manual = [], []
    for name, block in blocks.items():
        path = f"{folder}/{name}"
        if is_tracked or not _is_shell(path):
            why = "git tracks that folder" if is_tracked else "it is no script of sh or bash"
            line = f"sh {quoted(launcher(where))} {_WORDS[name]}"
            manual.append(ManualStep("git", f"add to {path}: {line}", why))
        else:
            files.append(FileWish(path, "shell", text=block))
    return files, manual


_WORDS = {"pre-commit": "staged", "prepare-commit-msg": 'message "$@"', "pre-push": 'push "$@"'}


def _is_shell(path: str) -> bool:
    """Whether a hook is absent, or a script of a shell that understands the block."""
    try:
        with open(path, "rb") as script:
            first = script.readline(200)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    words = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    names = [os.path.basename(word) for word in words[:2]]
    return bool(names) and (names[0] in _SHELLS or (names[0] == "env" and names[-1] in _SHELLS))


def _call(where: Where, words: str) -> str:
    script = quoted(launcher(where))
    return f"if [ -f {script} ]; then\n  sh {script} {words} || exit 1\nelse\n  {_MISSING}\nfi"


def _push(where: Where) -> str:
    """What git writes on stdin is kept, so that the rest of the script reads it too."""
    script = quoted(launcher(where))
    return (
        f"if [ -f {script} ]; then\n"
        "  teof_refs=$(mktemp) || exit 1\n"
        '  cat > "$teof_refs"\n'
        f'  sh {script} push "$@" < "$teof_refs" || {{ rm -f "$teof_refs"; exit 1; }}\n'
        '  exec < "$teof_refs"\n'
        '  rm -f "$teof_refs"\n'
        f"else\n  {_MISSING}\nfi"
    )
