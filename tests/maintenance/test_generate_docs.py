"""What is generated is what the source says, and every option of every command is in it."""

from __future__ import annotations

import os

import pytest

from tests.conftest import CHECKOUT, as_committed
from tools.core.cli.pages.entries import all_entries
from tools.maintenance.generate_docs import generated

NAMES = [
    pytest.param(name, marks=as_committed) if name.startswith("docs/schemas/") else name for name in sorted(generated())
]


@pytest.mark.parametrize("name", NAMES)
def test_generated_documents_are_fresh(name):
    assert (CHECKOUT / name).read_bytes() == generated()[name], "run: make docs"


@as_committed
def test_check_agrees_that_they_are(run):
    assert run("maintenance.generate_docs", "--check", "--root", str(CHECKOUT)).out == "all documents are up to date\n"


def test_the_reference_names_every_command():
    text = generated()["docs/commands.md"].decode()
    for entry in all_entries():
        assert f"\n## {entry.shown}\n" in text


@pytest.mark.parametrize("words", [["bus_ping"], ["bus_claim", "claim"], ["bus_claim"]], ids=" ".join)
def test_the_reference_says_what_help_says(words, spawn):
    said = spawn("-m", f"tools.agent.{words[0]}", *words[1:], "--help", env={**os.environ, "COLUMNS": "102"}).stdout
    assert f"## {' '.join(words)}\n\n```text\n{said}```\n" in generated()["docs/commands.md"].decode()


def test_another_repository_gets_no_documents_of_ours(git_repo, run):
    assert "docs.not_here" in run("maintenance.generate_docs", "--json", code=7).err
    assert not (git_repo / "docs").exists()
