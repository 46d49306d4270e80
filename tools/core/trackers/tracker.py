"""The trackers that are known, each a module that reads or writes items.

A new one is a module with `NAME`, `PATHS` (where its data lie, the first that exists counts) and
`read_items`, and a line here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Protocol, cast

from tools.core.errors import UsageError
from tools.core.trackers import backlog_md, beads, checklist, comma_separated, github, taskmaster, ticket
from tools.core.trackers.outgoing import Outgoing
from tools.core.trackers.pieces import Reading
from tools.core.trackers.source_files import Source


class Importer(Protocol):
    """A tracker whose items can be taken over."""

    NAME: str
    PATHS: tuple[str, ...]

    def read_items(self, source: Source) -> Reading:
        """All pieces of work, what could not be read and what is no work; raises where the source as a whole is unreadable."""


class Exporter(Protocol):
    """A tracker that can be given the tasks of this backlog."""

    NAME: str

    def write_items(self, outgoing: Iterable[Outgoing]) -> Iterator[str]:
        """The text of an export, in pieces."""


_IMPORTERS = (beads, backlog_md, ticket, taskmaster, github, checklist)
IMPORTERS: dict[str, Importer] = {module.NAME: cast(Importer, module) for module in _IMPORTERS}
EXPORTERS: dict[str, Exporter] = {
    "beads": cast(Exporter, beads),
    "github": cast(Exporter, github),
    "markdown": cast(Exporter, checklist),
    "csv": cast(Exporter, comma_separated),
}


def locate(importer: Importer, root: str, given: str | None) -> Source:
    """Where a tracker's data are: what was given, else the first usual place in the checkout that exists.

    A relative path is one from the root; UsageError when there is nothing.
    """
    paths = (given,) if given else importer.PATHS
    for path in paths:
        absolute = os.path.normpath(os.path.join(root, path))
        if os.path.lexists(absolute):
            inside = absolute.startswith(root + os.sep)
            return Source(absolute, os.path.relpath(absolute, root) if inside else absolute)
    shown = " or ".join(paths)
    raise UsageError(
        f"{shown} does not exist",
        code="import.path",
        hint=f"python -m tools.agent.task_import {importer.NAME} <path>",
    )
