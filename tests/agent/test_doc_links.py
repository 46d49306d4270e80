"""The quick links lead somewhere, and the page made from them is fresh."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tools.core.checks import links
from tools.core.workspace import Workspace

LINK = {
    "id": "loop",
    "title": "The <loop>",
    "summary": "a | b",
    "path": "docs/a.md",
    "anchor": "#the-loop",
    "category": "cadence",
}


@pytest.fixture
def docs(git_repo: Path) -> Path:
    (git_repo / "docs").mkdir()
    (git_repo / "docs/a.md").write_text(
        '# Top\n\n## The `loop`!\n\n<a id="by-hand"></a>\n```\n# not a heading\n```\n## The loop\n'
    )
    write(git_repo, LINK)
    return git_repo


def write(folder: Path, *given: object) -> None:
    content = {"version": 1, "updated": "2026-01-01", "links": list(given)}
    (folder / "docs/quick-links.json").write_text(json.dumps(content))


def call(run, *arguments: str, code: int = 0):
    return run("agent.doc_links", *arguments, code=code)


def test_links_are_listed_by_category_and_shown(docs, run):
    write(docs, LINK, {**LINK, "id": "other", "category": "tooling"})
    assert "other" not in call(run, "list", "--category", "cadence").out
    assert [link["id"] for link in json.loads(call(run, "list", "--format", "json").out)["links"]] == ["loop", "other"]
    assert "docs/a.md#the-loop" in call(run, "show", "loop").out
    assert json.loads(call(run, "show", "loop", "--format", "json").out)["anchor"] == "the-loop"
    call(run, "show", "nothing", code=2)


def test_the_page_is_rendered_once_and_then_fresh(docs, run):
    assert "render" in call(run, "check", code=1).err
    call(run, "render")
    page = (docs / "docs/quick-links.md").read_text()
    assert "(a.md#the-loop)" in page and "&lt;loop&gt;" in page and "a \\| b" in page
    call(run, "check")
    assert "unchanged" in call(run, "render").out


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"path": "docs/gone.md"}, "does not exist"),
        ({"anchor": "nowhere"}, "no anchor"),
        ({"anchor": "not-a-heading"}, "no anchor"),
        ({"path": "../../etc/passwd"}, "outside"),
        ({"path": ""}, "not a link"),
    ],
)
def test_a_link_that_leads_nowhere_is_a_finding(docs, run, change, word):
    write(docs, {**LINK, **change})
    assert word in call(run, "check", code=1).out


def test_an_id_that_is_there_twice_and_a_checkout_without_links(docs, run):
    write(docs, LINK, LINK)
    assert "twice" in call(run, "check", code=1).out
    (docs / "docs/quick-links.json").write_text('{"links": 3}')
    call(run, "check", code=6)
    (docs / "docs/quick-links.json").unlink()
    call(run, "check", code=7)


def test_anchors_are_those_of_headings_and_those_set_by_hand():
    found = links.anchors_of('## A & B: c\n## A & B: c\n<a id="x"></a>\n### [t](u) end ##\n')
    assert found == {"a--b-c", "a--b-c-1", "x", "t-end"}


def test_the_index_of_the_real_history_is_read(history, run):
    assert len(call(run, "list", "--root", str(history), "--json").json["links"]) > 10
    assert "does not exist" in call(run, "check", "--root", str(history), code=1).out


def test_the_quick_links_of_this_repository_lead_somewhere_and_their_page_is_fresh():
    here = Workspace(str(CHECKOUT), str(CHECKOUT))
    assert links.problems(here, links.read(here)) == []
