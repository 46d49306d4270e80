"""The suite in the field: a home with every setting that people have, and the newest git.

`pytest --field=home|newest|bare` runs the tests that are chosen so again; `make field` does all.

home     awkward settings in `~/.gitconfig`, locale C, umask 077, children whose parent ignores and blocks signals,
         a `click.py` planted in the current folder
newest   the same with the git in `FIELD_GIT` (a folder that a newer release was unpacked into), refs in a reftable and
         relative paths of worktrees
bare     the same as home in a linked worktree of a bare repository, whose default branch is `trunk` and whose remote is
         `hub`; of the commands' own tests those that name no branch or remote and plant nothing in the folder of the bus
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.without_files import reason_against

KINDS = ("home", "newest", "bare")

PLANTED = "raise SystemExit('a module of the current folder was run')\n"

SETTINGS = """\
[user]
	name = Tester
	email = tester@example.org
	useConfigOnly = true
[init]
	defaultBranch = main
[protocol "file"]
	allow = always
[core]
	quotePath = false
	abbrev = 4
	pager = false
	editor = false
	askPass = /bin/false
	commentChar = %
	untrackedCache = true
	logAllRefUpdates = always
	excludesFile = ~/ignored
	warnAmbiguousRefs = false
[color]
	ui = always
	push = always
	transport = always
[column]
	ui = always
[status]
	short = true
	branch = true
	showStash = true
	showUntrackedFiles = all
	relativePaths = false
	renames = copies
[log]
	showSignature = true
	date = relative
	decorate = full
	follow = true
	showRoot = false
	abbrevCommit = true
	diffMerges = first-parent
[format]
	pretty = oneline
[diff]
	noprefix = true
	mnemonicPrefix = true
	external = /bin/false
	renames = copies
	relative = true
	context = 0
	colorMoved = zebra
	ignoreSubmodules = all
	algorithm = patience
[merge]
	autoStash = true
	ff = false
	log = true
	conflictStyle = diff3
[rebase]
	autoStash = true
[pull]
	rebase = true
[push]
	default = matching
	followTags = true
	recurseSubmodules = on-demand
[fetch]
	prune = true
	pruneTags = true
	parallel = 0
	writeCommitGraph = true
[branch]
	autoSetupMerge = always
	autoSetupRebase = always
	sort = -committerdate
[checkout]
	guess = false
[commit]
	verbose = true
	status = false
[gc]
	auto = 1
	autoDetach = false
[maintenance]
	auto = true
[transfer]
	fsckObjects = true
[protocol]
	version = 1
[index]
	version = 4
[feature]
	manyFiles = true
	experimental = true
[submodule]
	recurse = true
[worktree]
	guessRemote = true
[rerere]
	enabled = true
[i18n]
	commitEncoding = ISO-8859-1
	logOutputEncoding = ISO-8859-1
[advice]
	detachedHead = true
	pushNonFastForward = true
[alias]
	status = !false
	rev-parse = !false
[help]
	autoCorrect = 1
[grep]
	patternType = perl
	lineNumber = true
[interactive]
	singleKey = true
[credential]
	helper = "!false"
"""

NEWEST = """\
[init]
	defaultRefFormat = reftable
[worktree]
	useRelativePaths = true
[fetch]
	followRemoteHEAD = always
"""


PLAIN = ("-c", "color.ui=false", "-c", "status.showUntrackedFiles=normal")
"""How tests themselves ask git in the field."""

BARE = """\
[init]
	defaultBranch = trunk
"""
NAMED = re.compile(r"[\"'/](?:main|origin)\b|_bus|\.git\b")
"""What a test says that builds or looks at a layout of its own."""


def furnish(home: Path, kind: str) -> None:
    """A home folder as people have it."""
    (home / ".gitconfig").write_text(SETTINGS + {"newest": NEWEST, "bare": BARE}.get(kind, ""))
    (home / "ignored").write_text("*.swp\n.DS_Store\n")
    (home / "click.py").write_text(PLANTED)


def rearrange(top: Path, kind: str) -> None:
    """A fresh repository as a kind has it, in which git does not see the module that is planted."""
    if kind == "newest":
        subprocess.run(["git", "refs", "migrate", "--ref-format=reftable"], cwd=top, check=True, capture_output=True)
    if kind == "bare":
        _as_worktree_of_bare(top)
    common = subprocess.run(["git", "rev-parse", "--git-path", "info/exclude"], cwd=top, capture_output=True, text=True)
    exclude = top / common.stdout.strip()
    exclude.parent.mkdir(exist_ok=True)
    with exclude.open("a") as lines:
        lines.write("/click.py\n")


def _as_worktree_of_bare(top: Path) -> None:
    hub, bare = top.parent / "hub.git", top.parent / "project.git"
    for folder, *words in (
        (top, "branch", "-m", "main", "trunk"),
        (top, "clone", "-q", "--bare", str(top), str(hub)),
        (top, "clone", "-q", "--bare", "-o", "hub", str(hub), str(bare)),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    shutil.rmtree(top)
    subprocess.run(["git", "worktree", "add", "-q", str(top), "trunk"], cwd=bare, check=True, capture_output=True)


OWN_LAYOUT = {
    "test_coord_dashboard", "test_doctor", "test_guard", "test_hook", "test_push_ready", "test_receipts_metrics",
    "test_session_boot", "test_session_brief", "test_setup", "test_verbs",
}  # fmt: skip
"""Modules whose fixtures build clones and worktrees of their own."""


def is_of_any_layout(name: str, function: Callable[..., object]) -> bool:
    """Whether a test of a command holds whatever its repository looks like: it names no branch, remote or folder of git."""
    if name.partition("::")[0].rpartition("/")[2].removesuffix(".py") in OWN_LAYOUT:
        return False
    return reason_against(name, "memory") == "" and NAMED.search(inspect.getsource(function)) is None


@contextmanager
def planted(folder: Path, kind: str) -> Iterator[None]:
    """A module that a careless start would import from the current folder, where git does not see it."""
    place, exclude = folder / "click.py", folder / ".git/info/exclude"
    if not kind or place.exists() or not exclude.is_file() or "/click.py" not in exclude.read_text():
        yield
        return
    place.write_text(PLANTED)
    yield
    place.unlink(missing_ok=True)


def parent() -> None:
    """What a careless parent leaves to a process that it starts."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGUSR1})


def environment() -> dict[str, str]:
    """What the field has in its environment, the newest git first in PATH where there is one."""
    there = {"LC_ALL": "C", "GIT_PAGER": "false", "GIT_EDITOR": "false"}
    folder = newest_git()
    return (
        {**there, "PATH": f"{folder}/usr/bin:{os.environ['PATH']}", "GIT_EXEC_PATH": f"{folder}/usr/lib/git-core"}
        if (folder)
        else there
    )


def newest_git() -> str:
    """The folder that FIELD_GIT names, if a git that works lies in it."""
    folder = os.environ.get("FIELD_GIT", "")
    if not folder:
        return ""
    started = subprocess.run([f"{folder}/usr/bin/git", "version"], capture_output=True, text=True, check=False)
    return folder if started.returncode == 0 else ""
