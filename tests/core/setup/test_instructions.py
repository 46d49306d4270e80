"""What instructs agents: short, the same everywhere, every command in it a real one."""

import re

import pytest

from tests.test_documents import command_lines, parse
from tools.core.setup import instructions


def test_the_block_and_the_skill_keep_their_budgets():
    assert len(instructions.BLOCK.encode()) <= 900 and len(re.findall(r"\w+|[^\w\s]", instructions.BLOCK)) <= 220
    assert len(instructions.DESCRIPTION) <= 300 and len(instructions.SKILL.partition("---\n\n")[2].encode()) <= 6 * 1024
    words = ("claim", "task", "queue", "paths", "inbox", "message", "request", "heartbeat", "hand off", "release")
    assert [word for word in words if word not in instructions.DESCRIPTION] == []


@pytest.mark.parametrize("line", sorted(set(command_lines(instructions.SKILL) + command_lines(instructions.BLOCK))))
def test_every_command_line_in_them_is_one_that_its_command_accepts(line):
    parse(line)


@pytest.mark.parametrize(
    ("text", "needed"),
    [("# Mine\n", True), ("@AGENTS.md\n", False), ("see\n\n@./AGENTS.md\n", False), ("mail me@AGENTS.md\n", True)],
)
def test_an_import_is_needed_only_where_there_is_none(text, needed):
    assert instructions.needs_import(text) == needed
