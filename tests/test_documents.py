"""Every command line that stands in a document is one that its command accepts."""

from __future__ import annotations

import ast
import re
import shlex

import pytest

from tests.cited import is_there
from tests.command_lines import OWN_WORDS, named, require_words
from tests.conftest import CHECKOUT
from tools.core.errors import ToolkitError
from tools.core.seats.seat import read_manifest
from tools.core.workspace import MANIFEST_SAMPLES

DOCUMENTS = sorted(
    path
    for pattern in (
        "*.md",
        "docs/**/*.md",
        ".github/**/*.md",
        "tests/*.md",
        "tools/**/*.md",
        "_*/README.md",
        "queue/README.md",
    )
    for path in CHECKOUT.glob(pattern)
    if path.name != "commands.md"  # made from the commands themselves
)
COMMAND = re.compile(r"(python3? -m tools|tools/(agent|planner|consensus|maintenance)/\w+\.(py|sh)\b|teof\b|make\b)")
SEPARATOR = re.compile(r'(?:&&|;| \| | # |\$ )(?=(?:[^"]*"[^"]*")*[^"]*$)')  # outside quotes
ANY = re.compile(r"(python3? -m tools\.\w+\.|tools/\w+/|teof )<(command|name)>")
VALUES = {"task": "QUEUE-001", "plan": "2026-01-31-slug", "n": "7", "duration": "90m", "key=value": "key=value"}


def command_lines(text: str) -> list[str]:
    """The command lines in code blocks and code spans, one a line, comments and prompts left out."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.M | re.S)
    prose = re.sub(r"^```[^\n]*\n.*?^```", "", text, flags=re.M | re.S)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`([^`\n]+)`", prose)
    parts = [part for line in lines for part in SEPARATOR.split(line)]
    bare = [re.sub(r"^(\w+=\S+ )+", "", part.strip()) for part in parts]
    return [part for part in bare if COMMAND.match(part) and not ANY.match(part)]


def filled(line: str) -> str:
    """A command line whose placeholders have become values."""
    line = line.replace(OWN_WORDS, "codex-1")
    line = re.sub(r"\[[^\]]*\]|…|\.\.\.|>.*\.txt$", " ", line) if "<" not in line else line
    return re.sub(r"<([^<>]*)>", lambda found: VALUES.get(found[1].split("_")[0], "codex-1"), line)


def parse(line: str) -> None:
    """Parses a command line as its command would; raises when that would refuse it."""
    words = shlex.split(filled(re.sub(r" <[\w/.-]+$", "", line)))  # a file as its input
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.M)
        assert {word for word in words[1:] if "=" not in word and not word.startswith("-")} <= set(targets), line
        return
    if words[0].endswith(".sh"):
        assert (CHECKOUT / words[0]).exists(), line
        return
    command, rest = named(words)
    if command is not None:
        require_words(command, rest)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_command_line_in_a_document_is_accepted_by_its_command(document):
    wrong = []
    for line in command_lines(document.read_text()):
        try:
            parse(line)
        except (ToolkitError, ImportError, AssertionError, ValueError) as problem:
            wrong.append(f"{line}: {problem}")
        except Exception as problem:  # what click raises is imported nowhere here
            wrong.append(f"{line}: {getattr(problem, 'message', problem)}")
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        "python -m tools.agent.bus_claim claim --task <task> --no-such-option",
        "python -m tools.agent.bus_claim seize --task <task>",
        "python -m tools.agent.bus_claim claim --task ../x",
        "python -m tools.agent.no_such_command",
        "teof no_such_command",
        "tools/agent/bus_claim.py claim --reason <why>",
        "make nothing",
    ],
)
def test_a_wrong_command_line_would_be_noticed(line):
    with pytest.raises(Exception, match=r"."):
        parse(line)


def test_lines_are_found_in_blocks_and_in_spans():
    text = "Say `teof bus_ping` or\n```\n$ cd x && python -m tools init  # ready\nTEOF_MANIFEST=x tools/agent/bus_ping.py\n```\n"
    assert command_lines(text) == ["python -m tools init", "tools/agent/bus_ping.py", "teof bus_ping"]


LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_link_in_a_document_leads_somewhere(document):
    targets = [target.partition("#")[0] for target in LINK.findall(document.read_text())]
    local = [target for target in targets if target and not target.startswith(("http:", "https:"))]
    assert [target for target in local if not (document.parent / target).exists()] == []


def error_codes(path):
    """The codes of the errors that a module makes, by their keyword or by the problem they are made of."""
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call) or ast.unparse(call.func).endswith("_replace"):
            continue
        for word in call.keywords:
            choices = [word.value.body, word.value.orelse] if isinstance(word.value, ast.IfExp) else [word.value]
            if word.arg == "code":
                yield from (part.value for part in choices if isinstance(part, ast.Constant))
        of_error = ast.unparse(call.func).endswith("Error") and call.args
        if of_error and isinstance(call.args[0], ast.Call) and ast.unparse(call.args[0].func) == "Problem":
            yield call.args[0].args[3].value


SOURCE = re.compile(r"`((?:tools|tests|benchmarks|\.github|\.ci)/[\w./-]*\w)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_file_of_the_source_that_a_document_names_is_there(document):
    assert [name for name in SOURCE.findall(document.read_text()) if not (CHECKOUT / name).exists()] == []


def pages_linked_from(page):
    """The documents that a document links to; a link to a folder means its README."""
    for target in LINK.findall(page.read_text()):
        path = (page.parent / target.partition("#")[0]).resolve()
        path = path / "README.md" if path.is_dir() else path
        if path.suffix == ".md" and path.exists():
            yield path


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), [CHECKOUT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting.extend(pages_linked_from(page))
    pages = {*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), CHECKOUT / ".github" / "AGENT_ONBOARDING.md"}
    assert sorted(str(page.relative_to(CHECKOUT)) for page in pages - reached) == []


def test_every_stable_error_code_is_explained_and_no_other():
    used = {code for path in (CHECKOUT / "tools").rglob("*.py") for code in error_codes(path)}
    told = re.findall(r"^\| `([a-z_.]+)` \|", (CHECKOUT / "docs" / "refusals.md").read_text(), re.M)
    assert told == sorted(told)
    assert set(told) == used


def test_each_promise_of_security_names_a_test_that_is_there():
    rows = [line for line in (CHECKOUT / "docs/security.md").read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith(("| ---", "| may try to"))]
    assert len(rows) >= 25
    for row in rows:
        assert is_there(re.search(r"`(tests/[\w/]+\.py(?:::\w+)?)` \|$", row)[1]), row


@pytest.mark.parametrize("name", ["codex-1", "codex-2", "manager-1"])
def test_the_sample_manifests_are_seats(name):
    path = CHECKOUT / MANIFEST_SAMPLES / f"AGENT_MANIFEST.{name}.json"
    manifest = read_manifest(str(path))
    assert manifest is not None
    assert manifest.agent_id == name
    assert manifest.branch_prefix == f"agent/{name}/"
