"""Folders below a trusted one: made durably, and walked without following links."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.workspace import Place


def make_folder(place: Place) -> None:
    """Makes a folder and those above it, each synced into its parent."""
    with files.folder_of(place.child("x"), create=True):
        pass


def walk(place: Place) -> Iterator[Place]:
    """Every regular file below a folder, sorted by path; links are not followed, files being built left out."""
    try:
        with files.folder_of(place.child("x")) as folder, os.scandir(folder) as entries:
            listed = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
                for entry in entries
            )
    except (FileNotFoundError, DataError):
        return
    for name, is_folder, is_file in listed:
        if is_folder:
            yield from walk(place.child(name))
        elif is_file and not (name.startswith(".") and name.endswith(".tmp")):
            yield place.child(name)
