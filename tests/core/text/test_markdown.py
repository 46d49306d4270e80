"""Text of others in Markdown leads nowhere and calls nobody, in forges and in the renderers that people have."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tools.core.text.markdown import escape_markdown

RENDERER = MarkdownIt("gfm-like")
ACTIVE = [
    "see https://evil.example/x?y", "HTTP://EVIL.COM", "www.evil.example", "evil.com/path", "a.b.co.uk", "//evil.example/x", "ftp://evil.net",
    "file:///etc/passwd", "mail a@evil.example", "me@evil.com", "mailto:me@evil.com", "xmpp:me@evil.com", "https://[::1]/", "https://evil.рф",
    "![x](https://evil.example/p.png)", "[a](javascript:alert(1))", "[a]: https://evil.example", "<https://evil.com>", "<img src=x>",
    "</details><h1>x", "README.md", "1. one", "12) two", "- [ ] task", "* item", "+ item", "---", "===", "# head", "> quote", "    - deep",
    "| a | b |", "``x``", "http://localhost:8000/", "https:/\\/evil.com", "\\https://evil.com", "_https://evil.com_", "x://y@z",
]  # fmt: skip
CALLS = [
    "@org/team please",
    "fixes #1, GH-2 and gh-3",
    "org/repo#3",
    "org/repo@0123abc",
    "!4 is merged",
    "$5",
    "%6",
    "~label",
    ":tada: :+1:",
]
LIVE = r"@\w|#\w|(?i:\bgh-\d)|!\d|[$%]\d|~\w|:[a-z+][a-z0-9+]*:"


def rendered(text: str) -> str:
    """What a renderer with all its habits of linking makes of it."""
    return str(RENDERER.render(escape_markdown(text)))


@pytest.mark.parametrize("text", [*ACTIVE, *CALLS])
def test_a_text_becomes_one_paragraph_of_plain_words(text: str) -> None:
    page = rendered(text)
    assert set(re.findall(r"<(/?\w+)", page)) == {"p", "/p"}
    assert html.unescape(page)[3:-5].replace("\u200b", "").strip() == text.strip()


@pytest.mark.parametrize("text", CALLS)
def test_a_forge_finds_no_name_and_no_number_in_the_finished_text(text: str) -> None:
    assert re.search(LIVE, text)
    assert not re.search(LIVE, html.unescape(rendered(text)))


@pytest.mark.parametrize("text", ["-", "+ ", "1.", "7)"])
def test_a_sign_that_begins_a_list_and_stands_alone_stays_a_sign(text: str) -> None:
    assert html.unescape(rendered(text)).strip() == f"<p>{text.strip()}</p>"


@given(
    st.lists(st.sampled_from([*"@#!:/.<>[]()*_`~$|-+= \\", "a", "www", "http", "com", "1"]), max_size=20).map("".join)
)
def test_no_mixture_of_signs_links_or_makes_markup(text: str) -> None:
    assert set(re.findall(r"<(/?\w+)", rendered(text))) <= {"p", "/p"}


def test_paths_times_and_numbers_stay_readable() -> None:
    for text in ("tools/core/plain_json.json:12", "12:30:45", "3 of 4 done", "a-b_c", "50 %"):
        assert escape_markdown(text) == text
