"""Manual pages say what --help says, and are roff that a strict reader accepts."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tools.core.cli.pages import manual, reference
from tools.core.cli.pages.entries import all_entries

ENTRIES = {entry.shown: entry for entry in all_entries()}


def page(name: str) -> str:
    return manual.page(ENTRIES[name], reference.load(ENTRIES[name]))


def test_every_option_of_a_command_and_its_subcommands_is_on_its_page():
    text = page("bus_claim").replace("\\-", "-")
    for word in (".SH CLAIM", ".SH RELEASE", "--exclusive", "--notes", "--root", ".B 4"):
        assert word.casefold() in text.casefold(), word


def test_the_index_names_every_command():
    text = manual.index_page(list(ENTRIES.values()))
    assert all(f".BR teof-{name} (1)" in text for name in ENTRIES)


def test_nothing_in_a_text_is_a_request_or_an_escape():
    assert manual.escape(".so /etc/passwd") == r"\&.so /etc/passwd"
    assert manual.escape(r"'a\b --c") == r"\&'a\eb \-\-c"


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_a_strict_reader_finds_nothing_in_any_page(run, tmp_path):
    run("maintenance.manual", str(tmp_path))
    pages = sorted((tmp_path / "man1").iterdir())
    assert len(pages) == len(ENTRIES) + 1
    lint = subprocess.run(["mandoc", "-Tlint", "-W", "warning", *pages], capture_output=True, text=True)
    assert [line for line in lint.stdout.splitlines() if "missing date" not in line] == []
