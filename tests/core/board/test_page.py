"""The page by itself: what it may do, what it shows, and that text of records stays text."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.core.board import pages
from tests.core.board.conftest import NOW
from tools.core.board import build, view
from tools.core.board.lanes.lane import LANES
from tools.core.board.model import RequestRow, View
from tools.core.board.page import html
from tools.core.context import Context
from tools.core.workspace import Workspace

HOSTILE = [
    "<script>alert(1)</script>",
    "</script></style></svg><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'y\'',
    "' autofocus onfocus=alert(1) '",
    "<!-- --> ]]> <![CDATA[",
    "{{ 7*7 }}{% for x in y %}{# #}",
    "javascript:alert(1) data:text/html,<b>",
    "\u202egnp.exe\u202c \u200b\ufeff\x00\x1b[31m",
    "@manager #12 GH-7 &lt;b&gt; &#60;",
    "😀 日本語 ｗｉｄｅ",
]


@pytest.fixture
def document(seen):
    return html.document(seen)


@pytest.fixture
def top(document):
    return pages.read(document)


def hostile_view(seen):
    texts = " ".join(HOSTILE)
    board = seen.board
    requests = [
        RequestRow("x\"'<>", text, text, text, text, NOW, text, text, text) for text in HOSTILE
    ] + board.requests
    claims = [
        row._replace(task_id=text, agent_id=text, title=text, paths=(text,), plan_id=text, state=text)
        for row, text in zip(board.claims, HOSTILE, strict=False)
    ]
    words = {"kind": texts, "agent_id": texts, "task_id": texts, "text": texts, "title": texts}
    plan = {"plan_id": texts, "summary": texts, "holders": (texts,), "status": texts, "pending_steps": (texts,)}
    changed = board._replace(
        alerts=[row._replace(**words, command=f"x '{texts}'") for row in board.alerts],
        requests=requests,
        claims=claims,
        active_plans=[row._replace(**plan) for row in board.active_plans],
        ready=[row._replace(title=texts, priority=texts) for row in board.ready],
        decisions=[row._replace(id=texts, manager=texts, overdue=texts) for row in board.decisions],
        directives=[row._replace(task_id=texts, sender=texts, summary=texts) for row in board.directives],
        findings=[texts],
        notes=[texts],
    )
    lanes = [lane._replace(agent_id=text, says=text) for lane, text in zip(seen.lanes, HOSTILE, strict=False)]
    log = [row._replace(id=texts, agent_id=texts, kind=texts, task_id=texts, summary=texts) for row in seen.log]
    changed = changed._replace(reader=texts)
    return seen._replace(board=changed, lanes=lanes, log=log, repository=texts)


# -- what it may do --------------------------------------------------------------------------------


def test_the_policy_stands_behind_the_charset_and_before_title_style_and_script(top):
    tags = [element.tag for element in top.all("head")[0].children if not isinstance(element, str)]
    assert tags[:2] == ["meta", "meta"] and tags.index("title") > 1
    metas = top.all("meta")
    assert metas[0].attributes == {"charset": "utf-8"}
    assert metas[1].attributes["http-equiv"] == "Content-Security-Policy"


def test_the_policy_allows_exactly_the_one_style_and_the_one_script(top):
    policy = dict(part.strip().split(" ", 1) for part in top.all("meta")[1].attributes["content"].split(";"))
    for name, tag in (("style-src", "style"), ("script-src", "script")):
        (block,) = top.all(tag)
        digest = base64.b64encode(hashlib.sha256(block.raw.encode()).digest()).decode()
        assert policy[name] == f"'sha256-{digest}'"
    assert (policy["default-src"], policy["img-src"], policy["base-uri"], policy["form-action"]) == (
        "'none'",
        "data:",
        "'none'",
        "'none'",
    )


def test_no_attribute_carries_style_or_script_and_nothing_is_fetched(top):
    for element in top.all():
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href", "action", "xlink:href", "data", "poster", "srcset"):
            address = element.attributes.get(name, "")
            assert not address or address.startswith(("#", "data:image/svg+xml,")), (element.tag, address)
    assert not {element.tag for element in top.all()} & {"img", "iframe", "object", "embed", "base"}


def test_ids_are_unique_and_every_link_inside_leads_somewhere(top):
    names = [element.attributes["id"] for element in top.with_attribute("id")]
    assert len(names) == len(set(names))
    links = [element.attributes["href"][1:] for element in top.all("a") if element.attributes["href"].startswith("#")]
    assert links and not set(links) - set(names)


def test_the_sections_stand_in_the_order_of_importance(top):
    order = ["needs", "waiting", "agents", "work", "ready", "evidence", "decisions", "log"]
    names = [element.attributes["id"] for element in top.with_attribute("id")]
    assert [name for name in names if name in order] == order


def test_charts_keep_their_colours_without_the_style_sheet(top):
    shapes = [element for tag in ("rect", "circle", "path") for element in top.all(tag)]
    grouped = [child for group in top.all("g") for child in group.all("rect") if group.attributes.get("fill")]
    assert shapes
    assert [shape.attributes for shape in shapes if "fill" not in shape.attributes and shape not in grouped] == []


def test_style_and_script_are_small_and_the_page_fits_its_budget(document):
    assert len(html.asset("board.css")) <= 20_000 and len(html.asset("board.js")) <= 8_000
    assert len(document.encode()) <= 400_000


def test_two_hundred_live_claims_fit_their_budget(seen):
    board = seen.board
    claims = [board.claims[number % 8]._replace(task_id=f"T-{number}") for number in range(200)]
    lanes = [max(seen.lanes, key=lambda lane: lane.charts[0].strip.signs)] * LANES
    alerts = [row._replace(agent_id=f"a-{number}") for number in range(25) for row in board.alerts[:8]]
    many = seen._replace(board=board._replace(claims=claims, alerts=alerts), lanes=lanes)
    assert len(html.document(many).encode()) <= 1_000_000


# -- what it shows ---------------------------------------------------------------------------------


def test_every_number_is_that_of_the_json(seen, top):
    board = build.as_document(seen.board)
    for name in ("alerts", "requests", "claims", "ready", "decisions", "handoffs", "unclaimed_plans", "active_plans"):
        (number,) = top.all(data_n=name)
        assert number.text == str(len(board[name])), name
    assert top.with_attribute("data-verdict")[0].attributes["data-verdict"] == board["verdict"] == "red"


def test_every_alert_has_exactly_its_command(seen, top):
    rows = top.all("ol")[0].all("li")
    assert [row.attributes["id"] for row in rows] == [f"alert-{n}" for n in range(1, len(rows) + 1)]
    assert [row.all("code")[0].raw for row in rows] == [row.command for row in seen.board.alerts]


def test_every_bar_and_cell_says_what_it_is(seen, top):
    bars = top.with_attribute("data-task")
    drawn = {(bar.attributes["data-task"], bar.attributes["data-agent"], bar.attributes["data-state"]) for bar in bars}
    held = {
        (row.task_id, row.agent_id, row.state) for lane in seen.lanes for chart in lane.charts for row in chart.held
    }
    assert drawn == held
    signs = sum(int(cell.attributes["data-signs"]) for cell in top.with_attribute("data-signs"))
    assert signs == sum(chart.strip.signs for lane in seen.lanes for chart in lane.charts)
    assert [lane.attributes["data-lane"] for lane in top.with_attribute("data-lane")] == [
        row.agent_id for row in seen.lanes
    ]


def test_each_state_is_said_in_words(top):
    words = {element.text for element in top.all("span") if "tag" in element.attributes.get("class", "").split()}
    assert {"stale", "silent", "at work", "blocked", "active", "open", "answered"} <= words


def test_a_cut_says_how_many_more_there_are(seen):
    rows = [seen.board.ready[0]._replace(task_id=f"Q-{number}") for number in range(40)]
    many = seen._replace(board=seen.board._replace(ready=rows, findings=[f"finding {number}" for number in range(23)]))
    text = pages.read(html.document(many)).text
    assert "25 more:" in text and "3 more:" in text


def test_alerts_and_live_claims_are_never_cut(seen):
    board = seen.board
    alerts = [board.alerts[0]._replace(agent_id=f"a-{number}") for number in range(130)]
    claims = [board.claims[0]._replace(task_id=f"T-{number}") for number in range(200)]
    top = pages.read(html.document(seen._replace(board=board._replace(alerts=alerts, claims=claims))))
    assert len(top.all("ol")[0].all("li")) == 130
    assert len(top.all("tr", data_k="claim")) == 200


def test_the_title_begins_with_what_it_comes_to(seen):
    assert html.title(seen) == "9 need somebody · harbour · Thu 26 Nov 17:10 UTC"
    green = seen._replace(verdict=seen.verdict._replace(colour="green", things=0))
    assert html.title(green).startswith("All green · harbour")


def test_a_page_that_follows_asks_to_be_loaded_again(seen):
    assert '<meta http-equiv="refresh" content="5">' in html.document(seen, refresh=5.0)
    assert 'http-equiv="refresh"' not in html.document(seen)


def test_an_empty_repository_has_a_page_that_says_so(workspace):
    empty = view.take(Context(workspace, now=NOW), View())
    top = pages.read(html.document(empty))
    assert top.all("h1")[0].text == "All clear" and "Nothing alarms." in top.text


def test_the_real_history_has_a_page_whose_numbers_are_the_boards(history):
    made = view.take(Context(Workspace(str(history), str(history)), now=NOW), View())
    top = pages.read(html.document(made))
    assert top.all(data_n="claims")[0].text == str(len(made.board.claims))
    assert top.all(data_n="alerts")[0].text == str(len(made.board.alerts))


# -- hostile text ----------------------------------------------------------------------------------


def test_text_of_records_never_becomes_markup(seen, top):
    hostile = pages.read(html.document(hostile_view(seen)))
    tags = {element.tag for element in top.all()}
    assert {element.tag for element in hostile.all()} <= tags | {"details", "summary"}
    test_no_attribute_carries_style_or_script_and_nothing_is_fetched(hostile)
    test_ids_are_unique_and_every_link_inside_leads_somewhere(hostile)
    assert "49" not in hostile.all("main")[0].all(data_n="alerts")
    assert "{{ 7*7 }}" in hostile.text and "<script>alert(1)</script>" in hostile.text


def test_characters_that_hide_or_reverse_text_are_shown_as_escapes(seen):
    text = html.document(hostile_view(seen))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]", text)
    assert "\\u202egnp.exe" in text


def test_secrets_are_taken_out_of_a_page(seen):
    token = "ghp_" + "a" * 36
    text = html.document(seen._replace(log=[seen.log[0]._replace(summary=f"key {token}")]))
    assert token not in text and "[redacted:github]" in text


def test_a_text_of_64_kib_is_cut(seen):
    board = seen.board
    long = seen._replace(
        board=board._replace(findings=["x" * 65536], alerts=[board.alerts[0]._replace(text="y" * 65536)])
    )
    assert len(html.document(long)) - len(html.document(seen)) < 2000


def test_classes_and_ids_never_come_from_a_record(seen):
    hostile = pages.read(html.document(hostile_view(seen)))
    for element in hostile.all():
        assert re.fullmatch(r"[a-zA-Z0-9_ -]*", element.attributes.get("class", ""))
        assert re.fullmatch(r"[A-Za-z0-9._-]*", element.attributes.get("id", ""))
