#!/usr/bin/env python3
"""Write manual pages, so that `man teof` and `man teof-bus_claim` explain each command."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os

from tools.core.cli import app as cli
from tools.core.cli.pages import manual, reference
from tools.core.cli.pages.entries import all_entries
from tools.core.fs import files
from tools.core.workspace import Place


@cli.command(doc=__doc__)
@cli.argument("folder", metavar="FOLDER", default="~/.local/share/man", type=cli.LINE)
def main(run: cli.Run, *, folder: str) -> None:
    top = os.path.realpath(os.path.expanduser(folder))
    entries = all_entries()
    pages = {"teof": manual.index_page(entries)}
    pages |= {manual.page_name(entry.shown): manual.page(entry, reference.load(entry)) for entry in entries}
    os.makedirs(top, exist_ok=True)
    for name, text in pages.items():
        files.replace(Place(top, f"man{manual.SECTION}/{name}.{manual.SECTION}"), text.encode())
    summary = f"wrote {len(pages)} pages below {top}; read them with: man -M {top} teof"
    run.emit({"folder": top, "pages": sorted(pages)}, summary)


if __name__ == "__main__":
    cli.main(main)
