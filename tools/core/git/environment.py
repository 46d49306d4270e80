"""The environment git runs in: how to reach a remote is inherited, which repository is meant is not.

A hook runs with `GIT_DIR` and friends set: a command that let them through would act on another
repository than the intended one. What would change the form of an answer, or whom a commit is by, is
dropped as well. Passwords come from where their owner says (`GIT_ASKPASS`, `core.askPass`); nothing is
ever asked on the terminal, which the processes of git are started without.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_CHOOSES = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR",
    "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
})  # fmt: skip
"""Which repository, and which of its objects."""

_FORMS = frozenset({
    "GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF", "GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_LITERAL_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS", "GIT_REFLOG_ACTION",
})  # fmt: skip
"""What an argument means, or an answer looks like."""

_PEOPLE = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_TRACE")
"""Whom and when a commit is by, and talk among the answers."""

_SET = {"LC_ALL": "C", "GIT_ADVICE": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def scrubbed(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What this process inherited, without what names a repository; plain messages, never a prompt."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in _CHOOSES and key not in _FORMS and not key.startswith(_PEOPLE)
    }
    return kept | _SET | dict(extra or {})
