"""The suite in the field: a home with every setting that people have, and the newest git.

`pytest --field=home|newest` runs the tests that are chosen so again; `make field` does both.

home     awkward settings in `~/.gitconfig`, locale C, umask 077, children whose parent ignores and blocks signals,
         a `click.py` planted in the current folder
newest   the same with the git in `FIELD_GIT` (a folder that a newer release was unpacked into), refs in a reftable and
         relative paths of worktrees
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

KINDS = ("home", "newest")

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


def furnish(home: Path, kind: str) -> None:
    """A home folder as people have it."""
    (home / ".gitconfig").write_text(SETTINGS + (NEWEST if kind == "newest" else ""))
    (home / "ignored").write_text("*.swp\n.DS_Store\n")
    (home / "click.py").write_text(PLANTED)


def rearrange(top: Path, kind: str) -> None:
    """A fresh repository as a kind has it, with a planted module that git does not see."""
    if kind == "newest":
        subprocess.run(["git", "refs", "migrate", "--ref-format=reftable"], cwd=top, check=True, capture_output=True)
    common = subprocess.run(["git", "rev-parse", "--git-path", "info/exclude"], cwd=top, capture_output=True, text=True)
    exclude = top / common.stdout.strip()
    exclude.parent.mkdir(exist_ok=True)
    with exclude.open("a") as lines:
        lines.write("/click.py\n")
    (top / "click.py").write_text(PLANTED)


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
