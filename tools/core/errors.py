"""What can go wrong, by what the caller can do next: one class, one exit code, one hint.

The exit code sits on the class (`docs/refusals.md` lists them); `code` is a stable dotted name that
scripts may match on; `hint` is a command that can be pasted.
"""

from __future__ import annotations

from collections.abc import Mapping


class ToolkitError(Exception):
    """A refusal or failure that is explained in one sentence; subclasses carry the exit code."""

    exit_code = 70
    kind = "bug"

    def __init__(
        self,
        message: str,
        *,
        code: str,
        hint: str = "",
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.details = dict(details or {})


class UsageError(ToolkitError):
    """The command line is wrong: an unknown flag, a bad value or id, a thing that does not exist."""

    exit_code = 2
    kind = "usage"


class GuardError(ToolkitError):
    """Wrong seat, branch or owner: act from the right one, or override with a reason."""

    exit_code = 3
    kind = "guard"


class ConflictError(ToolkitError):
    """Somebody else holds it, or it is done: talk to them, or take other work."""

    exit_code = 4
    kind = "conflict"


class BusyError(ToolkitError):
    """A lock was not free in time: try again."""

    exit_code = 5
    kind = "busy"


class DataError(ToolkitError):
    """A file is damaged, or is not a file: repair or restore it."""

    exit_code = 6
    kind = "data"


class SetupError(ToolkitError):
    """Something outside the toolkit is missing or refuses: no checkout, git, a full disk."""

    exit_code = 7
    kind = "setup"
