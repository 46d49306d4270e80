"""What tests of trackers share: files of other trackers put in place, and imports without a command."""

import pytest

from tools.core.trackers.formats import registry
from tools.core.trackers.formats.source_files import Source


@pytest.fixture
def read(tmp_path):
    """Reads a text, or files of a folder by their path, as a tracker's data."""

    def call(name, content):
        importer = registry.importer(name)
        if isinstance(content, str):
            return importer.read_items(Source("-", "there", content))
        for path, text in content.items():
            place = tmp_path / "there" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return importer.read_items(Source(str(tmp_path / "there"), "there"))

    return call
