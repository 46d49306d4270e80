"""The supported trackers by name, each a module that reads or writes items.

A new one is a module with `NAME`, `PATHS` (where its data lie, the first that exists counts) and
`read_items`, and a line here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Protocol, cast

from tools.core import hint
from tools.core.errors import UsageError
from tools.core.trackers.formats.source_files import Source
from tools.core.trackers.outgoing import Outgoing
from tools.core.trackers.pieces import Reading


class Importer(Protocol):
    """A tracker whose items can be taken over."""

    NAME: str
    PATHS: tuple[str, ...]

    def read_items(self, source: Source) -> Reading:
        """All pieces of work, the problems, and what is left out; raises where nothing of the source can be read."""


class Exporter(Protocol):
    """A tracker to which the tasks of this backlog can be exported."""

    NAME: str

    def write_items(self, outgoing: Iterable[Outgoing]) -> Iterator[str]:
        """The text of an export, in pieces."""


IMPORTERS = {
    "beads": "beads",
    "backlog": "backlog_md",
    "ticket": "ticket",
    "taskmaster": "taskmaster",
    "github": "github",
    "checklist": "checklist",
}
"""The module of each tracker that can be read, by the name a user types."""

EXPORTERS = {"beads": "beads", "github": "github", "markdown": "checklist", "csv": "comma_separated"}
"""The module of each tracker that can be written."""


def importer(name: str) -> Importer:
    """The reader of a tracker; only that one is loaded."""
    return cast(Importer, import_module(f"{__package__}.{IMPORTERS[name]}"))


def exporter(name: str) -> Exporter:
    """The writer of a tracker; only that one is loaded."""
    return cast(Exporter, import_module(f"{__package__}.{EXPORTERS[name]}"))


def locate(tracker: Importer, root: str, path: str | None) -> Source:
    """Where a tracker's data are: at `path`, else at the first of its usual places that exists.

    A relative path starts at the root; UsageError when there is nothing.
    """
    paths = (path,) if path else tracker.PATHS
    if not paths:
        raise UsageError(
            f"{tracker.NAME} has no usual place: name a file, or - for what comes through a pipe",
            code="import.path",
            hint=hint.tool("agent.task_import", "--help"),
        )
    for path in paths:
        absolute = os.path.normpath(os.path.join(root, path))
        if os.path.lexists(absolute):
            inside = absolute.startswith(root + os.sep)
            return Source(absolute, os.path.relpath(absolute, root) if inside else absolute)
    shown = " or ".join(paths)
    raise UsageError(
        f"{shown} does not exist",
        code="import.path",
        hint=hint.tool("agent.task_import", "--help"),
    )
