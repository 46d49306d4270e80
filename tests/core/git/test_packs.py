"""Objects that are read ahead are the same as those that are read one by one."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import git
from tools.core.git.packs import Objects


def test_what_was_read_ahead_is_answered_as_ever(git_repo: Path) -> None:
    names = []
    for content in ("", "a line\n", "large " * 10_000):
        (git_repo / "content").write_text(content)
        names.append(git(git_repo, "hash-object", "-w", "content"))
    names += ["0" * 40, git(git_repo, "rev-parse", "HEAD^{tree}")]
    with Objects(str(git_repo)) as one_by_one, Objects(str(git_repo)) as ahead:
        ahead.read_ahead([name for name in names for _ in range(30)])
        assert [ahead.get(name) for name in names] == [one_by_one.get(name) for name in names]
        assert ahead.get("HEAD") == one_by_one.get("HEAD")
