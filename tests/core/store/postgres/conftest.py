"""Servers that a test may kill, cut off or reach through a pooler."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests import postgres


@pytest.fixture
def own_server():
    """A durable server that a test may kill."""
    begun = postgres.begin(Path(tempfile.mkdtemp(prefix="pg")), durable=True)
    yield begun
    postgres.end(begun)


@pytest.fixture
def short_folder():
    """A folder whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="px"))
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def proxy(server, short_folder):
    begun = []

    def make(cuts):
        begun.append(postgres.Proxy(short_folder, server, cuts))
        return begun[-1]

    yield make
    begun[-1].close()


@pytest.fixture
def pooled(server, short_folder):
    """The address of an empty bus behind a pooler in transaction mode."""
    pooler = postgres.begin_pooler(short_folder, server)
    yield server.new_bus()._replace(url=f"postgresql:///bus?host={short_folder}")
    pooler.terminate()
    pooler.wait(30)
