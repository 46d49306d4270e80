"""Hints as people use them: the first of each kind that the suite meets is pasted into bash, where it was shown.

A kind is a command with its subcommand and the names of its options. A hint is pasted when its test is over, so
that no test sees what it did; its kind is marked in a folder that all workers of a run share.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.command_lines import OWN_WORDS, split

CHECKOUT = Path(__file__).resolve().parent.parent
READING = {"cat", "cd", "date", "df", "export", "file", "grep", "ls", "sed", "ulimit", "unset"}
"""Programs that change nothing outside of the shell."""
HERE = {"git", "mkdir", "mv", "python", "teof", *READING}
"""Programs that are pasted; others (installers, chmod and rm) are only parsed."""
ENDLESS = {"wait", "serve", "mcp", "top", "--follow"}
"""Words of commands that go on until something happens: of these the help is asked."""
SECONDS = 60
NO_COMMAND = (70, 126, 127, 129)
"""Ends of a bug, of a shell without such a program, and of git where it does not take its words."""
REFUSED_WORDS = (
    "Traceback",
    "syntax error",
    "unexpected token",
    "No such option",
    "no such option",
    "no command ",
    "not a git command",
    "No module named",
)


class Shown(NamedTuple):
    """A line for a shell, and the folder in which it was shown."""

    line: str
    folder: Path


def kind_of(line: str) -> str:
    """The commands of a line without their values: `agent.bus_claim release --task`, in one spelling for every start."""
    return " && ".join(" ".join(_names(words)) for words in split(line))


def _names(words: Sequence[str]) -> list[str]:
    if words[0].startswith("python") and words[1:2] == ["-m"]:
        words = ["teof", *filter(None, [words[2].removeprefix("tools").strip(".")]), *words[3:]]
    words = ["git", *words[3:]] if words[:2] == ["git", "-C"] else words
    end = words.index("--") if "--" in words else len(words)
    options = sorted({word.partition("=")[0] for word in words[:end] if word.startswith("-")})
    plain = [word.removeprefix("agent.") for word in words[:3] if not word.startswith("-")]
    return [*(plain if words[0] in ("teof", "git") else plain[:1]), *options]


def paste(shown: Iterable[Shown], marks: Path) -> None:
    """Pastes the lines whose kinds no test has pasted yet; fails for one that bash or its command does not take."""
    for hint in shown:
        if _can_be_pasted(hint) and _is_first(marks, kind_of(hint.line)):
            done_before = _done_tasks(hint.folder)
            answer, code = _pasted(hint)
            assert code not in NO_COMMAND, f"{hint.line}: exit {code}: {answer}"
            assert not [words for words in REFUSED_WORDS if words in answer], f"{hint.line}: {answer}"
            assert _done_tasks(hint.folder) <= done_before, f"{hint.line} completes a task"


def _can_be_pasted(hint: Shown) -> bool:
    if str(CHECKOUT) in hint.line or CHECKOUT in (hint.folder, *hint.folder.parents) or not hint.folder.is_dir():
        return False
    return all(words[0] in HERE for words in split(hint.line))


def _is_first(marks: Path, kind: str) -> bool:
    marks.mkdir(exist_ok=True)
    try:
        with (marks / hashlib.sha256(kind.encode()).hexdigest()[:16]).open("x") as mark:
            mark.write(f"{kind}\n")
    except FileExistsError:
        return False
    return True


def _pasted(hint: Shown) -> tuple[str, int]:
    """What bash answers to a line, and its exit code; a line that goes on is ended, and that is no fault of it."""
    line = hint.line.replace(OWN_WORDS, shlex.quote("until noon"))
    line += " --help" if ENDLESS & set(line.split()) else ""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        ["bash", "-c", line],
        cwd=hint.folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            out, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return "", 0
    return out.decode("utf-8", "replace"), process.returncode


def _done_tasks(folder: Path) -> set[str]:
    """The tasks that are done by the bus of a folder; none where no bus is to be seen."""
    done = set()
    for path in folder.glob("_bus/claims/*.json"):
        try:
            done |= {path.name} if json.loads(path.read_bytes()).get("status") == "done" else set()
        except (OSError, ValueError, AttributeError):
            continue  # damaged on purpose
    return done
