"""The environment git runs in: how to reach a remote is inherited, which repository is meant is not.

A hook runs with `GIT_DIR` and friends set; a command that let them through would act on another
repository than the intended one, so every `GIT_*` variable is dropped.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_KEPT = ("GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
_SET = {
    "LC_ALL": "C",
    "GIT_ADVICE": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
}


def scrubbed(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What this process inherited without `GIT_*`; plain messages, never a prompt."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    return inherited | _SET | kept | dict(extra or {})
