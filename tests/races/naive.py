"""How the bus would be written without thinking of others: read, decide, write."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from tools.core.fs import files, jsonl
from tools.core.store.api import Append, Change, Replace
from tools.core.store.files.store import FileStore
from tools.core.workspace import Place

SLOW = 0.05
"""Seconds between reading and writing, so that there is time for another to do the same."""


class NaiveStore(FileStore):
    """Takes no lock and compares no version; each file by itself is written whole."""

    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """Writes what was decided, whatever has happened since."""
        time.sleep(SLOW)
        for change in changes:
            if isinstance(change, Replace):
                self._put(self.place(change.document), files.dump_json(change.content))
            elif isinstance(change, Append):
                place = self.place(change.stream)
                with files.folder_of(place, create=True), open(place.path, "ab") as stream:
                    stream.write(jsonl.encode(change.record) + b"\n")
        return [dict(change.record) for change in changes if isinstance(change, Append)]

    def _put(self, place: Place, data: bytes) -> None:
        with files.folder_of(place, create=True), open(f"{place.path}.{os.getpid()}", "wb") as aside:
            aside.write(data)
        os.replace(aside.name, place.path)
