"""Many files of one folder at once: read, or put in place: written first, then synced together, then renamed.

A disk syncs what waits in one go, so that hundreds of files cost little more than a few. Each file is the
old or the new one after a crash, as with `files`; which of them are new only a journal can say.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.plain import TYPE_CHECKING, contextmanager, suppress
from tools.core.workspace import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def read(places: Sequence[Place]) -> Iterator[bytes | None]:
    """The files of a folder, in their order; None for one that is not there or cannot be read."""
    if not places:
        return
    with files.folder_of(places[0]) as folder:
        for place in places:
            data = None
            with suppress(FileNotFoundError, ToolkitError):
                descriptor = files.open_in(folder, place, os.O_RDONLY)
                try:
                    data = files.whole(descriptor, place)
                finally:
                    os.close(descriptor)
            yield data


def replace(contents: Sequence[tuple[Place, bytes]]) -> None:
    """Puts files of one folder in place, each whole; synced together, a fraction of the time it takes one by one."""
    first = contents[0][0]
    with files.folder_of(first, create=True) as folder, ExitStack() as stack:
        built = [(place, stack.enter_context(_begun(folder, place, data))) for place, data in contents]
        for place, (descriptor, _) in built:
            with files.writable(place):
                os.fsync(descriptor)
        for place, (_, temporary) in built:
            with files.writable(place):
                os.rename(temporary, os.path.basename(place.name), src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


@contextmanager
def _begun(folder: int, place: Place, data: bytes) -> Iterator[tuple[int, str]]:
    """A file in the same folder that has the content, not synced yet, and its name; gone afterwards."""
    temporary = files.temporary_name(os.path.basename(place.name))
    beside = Place(place.base, os.path.join(os.path.dirname(place.name), temporary))
    with files.writable(place):
        descriptor = files.open_in(folder, beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with files.writable(place):
            files.write_whole(descriptor, data)
        yield descriptor, temporary
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
