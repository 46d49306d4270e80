"""Who may use a file that is made here: what the umask leaves, and whom `core.sharedRepository` shares it with.

Agents may run under several users of one group; git then lets each of them write what another made.
"""

from __future__ import annotations

import os
import stat

from tools.core.gitdir import common_folder, core_settings, git_folder

FILE = 0o666
"""What a new file allows before the umask."""

_GROUP, _ALL = 0o660, 0o664
_WORDS = {"group": _GROUP, "true": _GROUP, "1": _GROUP, "all": _ALL, "world": _ALL, "everybody": _ALL, "2": _ALL}
_shared: dict[str, int] = {}


def share(descriptor: int, base: str, facts: os.stat_result | None = None) -> None:
    """Gives a file or folder of ours below a base what the repository shares; nothing where it shares nothing."""
    extra = shared_with(base)
    if not extra:
        return
    facts = facts or os.fstat(descriptor)
    mode = stat.S_IMODE(facts.st_mode)
    if stat.S_ISDIR(facts.st_mode):
        extra |= (extra & 0o444) >> 2 | stat.S_ISGID
    if mode | extra != mode and facts.st_uid == os.geteuid():
        os.fchmod(descriptor, mode | extra)


def shared_with(base: str) -> int:
    """The permissions that every file of a repository is to have, as its own settings say; 0 where they say nothing."""
    if base not in _shared:
        git = git_folder(base) or base  # a bare repository is its own git folder
        value = core_settings(common_folder(git)).get("sharedrepository", "").lower()
        octal = value.startswith("0") and value.isdecimal() and len(value) > 1
        _shared[base] = int(value, 8) & FILE if octal and not set(value) & {"8", "9"} else _WORDS.get(value, 0)
    return _shared[base]
