"""Every number of every view is the number of the JSON: on the made-up history and on the real one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.core.board import numbers, pages
from tools.core.board import build, digest, digest_text, github, markdown, text, view
from tools.core.board.model import View
from tools.core.board.page import html
from tools.core.context import Context
from tools.core.served import metrics
from tools.core.terminal.rows import Size
from tools.core.terminal.screen import Shown, screen
from tools.core.terminal.state import State
from tools.core.workspace import Workspace

AT_ITS_END = datetime(2025, 11, 12, tzinfo=UTC)
"""When the real history ends."""


@pytest.fixture(params=["made up", "real"])
def context(request):
    """The two histories, each at the moment it ends."""
    if request.param == "made up":
        return request.getfixturevalue("harbour_context")
    root = str(request.getfixturevalue("history"))
    return Context(Workspace(root, root), now=AT_ITS_END)


@pytest.fixture
def board(context):
    """What `report --json` writes."""
    return build.as_document(build.take(context, View()))


@pytest.fixture
def day(context):
    """The last 24 hours."""
    return digest.take(context, digest.Question(context.now - timedelta(hours=24), View()))


@pytest.fixture
def expected(board, day):
    return numbers.of_json(board, digest.as_document(day))


def differing(shown, expected):
    """What a view says otherwise than the JSON: name, shown, expected."""
    return [(name, count, expected.get(name, 0)) for name, count in shown.items() if count != expected.get(name, 0)]


def test_the_numbers_of_the_page(context, expected):
    top = pages.read(html.document(view.take(context, View())))
    shown = numbers.of_page(top)
    assert differing(shown, expected) == [] and len(shown) > 30
    assert {name for name in expected if name.startswith("backlog")} <= shown.keys()


def test_the_ages_of_the_page(context, board):
    shown = numbers.ages_of_page(pages.read(html.document(view.take(context, View()))))
    expected = numbers.ages(board)
    assert {name: age for name, age in shown.items() if name in expected} == expected


def test_the_numbers_of_the_markdown(context, board, expected):
    shown = numbers.of_markdown(markdown.document(build.take(context, View())))
    assert differing(shown, expected) == []
    assert [name for name in shown if name.startswith("plan ")]


def test_the_numbers_of_the_compact_text(context, expected):
    assert differing(numbers.of_text(text.compact(build.take(context, View()))), expected) == []


def test_the_numbers_for_github(context, expected):
    assert differing(numbers.of_github(github.document(view.take(context, View()))), expected) == []


@pytest.mark.parametrize("size", [Size(120, 40), Size(80, 24)], ids=lambda size: f"{size.columns}x{size.rows}")
def test_the_numbers_of_the_screen(context, expected, size):
    drawn, _ = screen(view.take(context, View()), State(), size, Shown([]))
    assert differing(numbers.of_screen(["".join(part for part, _ in spans) for spans in drawn]), expected) == []


def test_the_numbers_of_the_digest(day, expected):
    assert differing(numbers.of_digest(digest_text.text(day)), expected) == []


def test_the_figures_for_prometheus(context, expected):
    document = metrics.document(view.take(context, View()), metrics.Process("1", 0.1, 0))
    assert differing(numbers.of_metrics(document), expected) == []


def test_the_verdict_is_one_and_the_same(context, board):
    made = view.take(context, View())
    top = pages.read(html.document(made))
    assert top.with_attribute("data-verdict")[0].attributes["data-verdict"] == made.verdict.colour
    assert made.verdict.colour == board["verdict"] == "red"
    assert 'teof_verdict{colour="red"} 1' in metrics.document(made, metrics.Process("1", 0.1, 0))
    assert made.verdict.sentence in top.all("h1")[0].text
    assert f": {made.verdict.sentence}".lower() in github.document(made).splitlines()[0].lower()


def test_a_number_that_differs_is_noticed(harbour_context, expected):
    made = view.take(harbour_context, View())
    fewer = made._replace(board=made.board._replace(claims=made.board.claims[1:]))
    if expected["claims"] == len(made.board.claims):
        assert differing(numbers.of_page(pages.read(html.document(fewer))), expected)
        assert differing(numbers.of_github(github.document(fewer)), expected)
