"""The toolkit's own byte code, made where Python has been told to keep none: a command costs eleven times as much without."""

from __future__ import annotations

import compileall
import os
import sys


def keep(folder: str) -> None:
    """Compiles the modules below a folder that are not, if no command would; where it cannot be written nothing changes.

    What is compiled stays good while its source does: after an update it is made again by the next `init`.
    """
    if sys.dont_write_bytecode and os.access(folder, os.W_OK):
        compileall.compile_dir(folder, quiet=2)
