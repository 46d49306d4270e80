"""Every question gets the same answer whatever people set in git, and refuses an answer it cannot read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tools.core.errors import SetupError
from tools.core.git import changes, history, objects, refs, remotes, repository, tracked, worktrees


def read(folder: str) -> list[bytes]:
    """The blocks of a file that one branch has."""
    with objects.Reader(folder) as reader:
        return list(reader.blocks("side:README.md"))


QUESTIONS: dict[str, Callable[[str], Any]] = {
    "commit_of": lambda folder: refs.commit_of(folder, "HEAD"),
    "head": refs.head,
    "tree_of": lambda folder: refs.tree_of(folder, "HEAD"),
    "committed_at": lambda folder: refs.committed_at(folder, "HEAD"),
    "merge_base": lambda folder: refs.merge_base(folder, "main", "side"),
    "ahead_behind": lambda folder: refs.ahead_behind(folder, "main", "side"),
    "count_since": lambda folder: refs.count_since(folder, "main", "side"),
    "remotes_with": lambda folder: refs.remotes_with(folder, "main"),
    "is_shallow": repository.is_shallow,
    "tree": lambda folder: objects.tree(folder, "main"),
    "contents": lambda folder: objects.contents(folder, ["side:README.md", "side:none"]),
    "kinds": lambda folder: objects.kinds(folder, ["side:README.md", "side:none"]),
    "blocks": read,
    "write_blob": lambda folder: objects.write_blob(folder, b"x"),
    "first_commits": lambda folder: history.first_commits(folder, ["README.md"]),
    "versions": lambda folder: list(history.versions(folder, ["HEAD"], ".")),
    "since": lambda folder: changes.since(folder, "side", ["."]),
    "since_fork": lambda folder: changes.since_fork(folder, "side"),
    "entries": lambda folder: changes.entries(folder, "side", "main", "."),
    "status": changes.status,
    "listing": tracked.listing,
    "untracked": lambda folder: tracked.untracked(folder, "."),
    "names": remotes.names,
    "route": lambda folder: remotes.route(folder, "main"),
    "worktrees": worktrees.listed,
}
SETTINGS = {
    "color.ui": "always",
    "core.quotePath": "false",
    "core.abbrev": "4",
    "core.pager": "false",
    "core.fsmonitor": "false",
    "diff.external": "false",
    "diff.mnemonicPrefix": "true",
    "diff.noprefix": "true",
    "diff.orderFile": "/dev/null",
    "diff.relative": "true",
    "diff.renames": "copies",
    "diff.ignoreSubmodules": "all",
    "fetch.prune": "true",
    "log.abbrevCommit": "true",
    "log.date": "relative",
    "log.decorate": "full",
    "log.diffMerges": "combined",
    "log.follow": "true",
    "log.showRoot": "false",
    "log.showSignature": "true",
    "format.pretty": "fuller",
    "status.branch": "true",
    "status.renames": "false",
    "status.short": "true",
    "status.showStash": "true",
    "status.showUntrackedFiles": "no",
}
SIGNING = """#!/bin/sh
case "$*" in
*--verify*) echo "gpg: Good signature" >&2; echo "[GNUPG:] GOODSIG 1 me" ;;
*) cat > /dev/null; printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'; echo "
[GNUPG:] SIG_CREATED " >&2 ;;
esac
"""


@pytest.fixture
def signed_repo(history_repo: str, tmp_path: Path) -> str:
    """A repository whose last commits are signed and moved a file."""
    (tmp_path / "gpg").write_text(SIGNING)
    (tmp_path / "gpg").chmod(0o755)
    git(Path(history_repo), "config", "gpg.program", str(tmp_path / "gpg"))
    git(Path(history_repo), "mv", "README.md", "readme.txt")
    git(Path(history_repo), "commit", "-q", "-S", "-m", "signed")
    git(Path(history_repo), "merge", "-q", "-S", "-m", "merged", "side")
    git(Path(history_repo), "worktree", "add", "-q", "--detach", str(tmp_path / "two"))
    git(Path(history_repo), "remote", "add", "origin", history_repo)
    git(Path(history_repo), "fetch", "-q", "origin")
    return history_repo


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_people_set_in_git_changes_no_answer(name: str, signed_repo: str) -> None:
    before = QUESTIONS[name](signed_repo)
    for key, value in SETTINGS.items():
        git(Path(signed_repo), "config", "--global", key, value)
    assert QUESTIONS[name](signed_repo) == before


def test_the_settings_do_change_what_git_says(signed_repo: str) -> None:
    git(Path(signed_repo), "config", "--global", "log.showSignature", "true")
    assert git(Path(signed_repo), "log", "-1", "--format=%ct").startswith("gpg: Good signature")


@pytest.mark.parametrize("answer", [b"gpg: Good signature\n", b"\xff \xfe", b"\x1b[31mmain\x1b[m x\n"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_that_cannot_be_read_is_refused(
    name: str, answer: bytes, history_repo: str, answering: Callable[[bytes], None]
) -> None:
    answering(answer)
    with pytest.raises(SetupError) as refusal:
        QUESTIONS[name](history_repo)
    assert refusal.value.code in ("git.answer", "git.failed")
    assert "git" in refusal.value.message


@pytest.mark.parametrize("name", ["contents", "kinds", "blocks"])
def test_objects_cut_off_at_any_byte_are_refused(
    name: str, history_repo: str, answering: Callable[[bytes], None]
) -> None:
    whole = {
        "contents": b"%040d blob 3\nabc\n" % 7 + b"side:none missing\n",
        "kinds": b"%040d blob 3\n" % 7 + b"side:none missing\n",
        "blocks": b"%040d blob 3\nabc" % 7,
    }[name]
    for end in range(len(whole)):
        answering(whole[:end])
        with pytest.raises(SetupError):
            QUESTIONS[name](history_repo)
    answering(whole)
    assert QUESTIONS[name](history_repo)
