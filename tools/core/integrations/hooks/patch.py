"""The files that a patch changes: the format in which Codex edits, its headers only."""

from __future__ import annotations

_HEADERS = ("*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: ")


def paths_of(text: str) -> list[str]:
    """The paths in the headers of a patch, in order, each once."""
    paths = []
    for line in text.split("\n"):
        header = next((header for header in _HEADERS if line.startswith(header)), None)
        if header is not None:
            paths.append(line[len(header) :].rstrip("\r").strip())
    return [path for path in dict.fromkeys(paths) if path]
