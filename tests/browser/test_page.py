"""The page in a browser: it reads at every width, obeys its keys, asks nobody for anything."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.core.board.conftest import NOW

STRICT_HOST = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'"
"""What a build server says by default about the artifacts it shows."""


def focused(tab):
    return tab.page.evaluate("document.activeElement.id")


def status(tab):
    return tab.page.inner_text("#status")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_axe_finds_nothing(open_tab, board, hostile_board, violations, width, dark):
    for address in (board, hostile_board):
        assert violations(open_tab(address, width=width, dark=dark)) == []


@pytest.mark.parametrize("width", [1440, 1024, 860, 620, 390, 320])
def test_nothing_scrolls_sideways(open_tab, board, hostile_board, width):
    for address in (board, hostile_board):
        assert open_tab(address, width=width).page.evaluate("document.documentElement.scrollWidth") == width


def test_no_request_no_dialog_and_no_error_whatever_records_say(open_tab, hostile_board):
    tab = open_tab(hostile_board)
    tab.page.keyboard.press("j")
    tab.page.click("summary >> nth=0")
    tab.page.wait_for_timeout(300)
    assert [url for url in tab.requests if not url.startswith(("file:", "data:image/svg+xml"))] == []
    assert len([url for url in tab.requests if url.startswith("file:")]) == 1 and tab.faults == []


def test_j_and_k_go_through_the_alerts_and_c_copies_their_command(open_tab, board):
    tab = open_tab(board)
    for key, alert in (("j", "alert-1"), ("j", "alert-2"), ("k", "alert-1"), ("k", "alert-1")):
        tab.page.keyboard.press(key)
        assert focused(tab) == alert
    tab.page.keyboard.press("c")
    tab.page.wait_for_timeout(300)
    command = tab.page.inner_text("#alert-1 code")
    selection = tab.page.evaluate("getSelection().toString()")
    assert status(tab) == f"Copied: {command}" or selection == command


def test_j_goes_on_to_what_waits_and_stops_at_the_last_row(open_tab, board):
    tab = open_tab(board)
    for _ in range(30):
        tab.page.keyboard.press("j")
    assert focused(tab) == tab.page.locator("[data-k=reminder]").last.get_attribute("id") and tab.faults == []


def test_keys_are_silent_in_fields_with_modifiers_and_when_switched_off(open_tab, board):
    tab = open_tab(board)
    tab.page.keyboard.press("/")
    assert focused(tab) == "filter"
    tab.page.keyboard.type("jt")
    assert tab.page.input_value("#filter") == "jt" and tab.page.get_attribute("html", "data-theme") is None
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("Control+j")
    assert focused(tab) == ""
    tab.page.keyboard.press("?")
    tab.page.uncheck("#keys-on")
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("j")
    assert not focused(tab).startswith("alert-")


def test_the_filter_wants_every_word_and_says_how_many_rows_are_left(open_tab, board):
    tab = open_tab(board)
    tab.page.fill("#filter", "queue-031 SLOW")
    shown = tab.page.locator("[data-k]:visible")
    assert shown.count() > 0 and status(tab) == f"{shown.count()} rows"
    for text in shown.all_inner_texts():
        assert "queue-031" in text.lower() and "slow" in text.lower()
    tab.page.keyboard.press("Escape")
    assert tab.page.locator("[data-k][hidden]").count() == 0


def test_the_theme_can_be_changed_and_is_kept(open_tab, board):
    tab = open_tab(board)
    before = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.page.keyboard.press("t")
    assert tab.page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    tab.page.reload()
    assert tab.page.get_attribute("html", "data-theme") == "dark"


def test_a_bar_leads_to_its_task(open_tab, board):
    tab = open_tab(board)
    tab.page.locator("svg.day rect[data-task=QUEUE-033]").click()
    assert tab.page.url.endswith("#task-QUEUE-033")


def test_the_two_windows_are_switched_without_script(open_tab, board):
    tab = open_tab(board, java_script_enabled=False)
    assert tab.page.locator("svg.day >> nth=1").is_visible() and not tab.page.locator("svg.week >> nth=1").is_visible()
    tab.page.click("label[for=span-week]")
    assert tab.page.locator("svg.week >> nth=1").is_visible() and not tab.page.locator("svg.day >> nth=1").is_visible()


def test_without_its_script_everything_is_there_but_the_buttons(open_tab, board):
    with_script, without = open_tab(board), open_tab(board, java_script_enabled=False)
    assert without.page.locator("button:visible, #filter:visible").count() == 0
    assert with_script.page.locator("button:visible").count() > 5
    assert without.page.locator("[data-k]").count() == with_script.page.locator("[data-k]").count()


def test_a_page_says_how_old_it_is_once_it_is_two_minutes_old(open_tab, board):
    tab = open_tab(board, at=NOW + timedelta(seconds=60))
    assert not tab.page.locator("#photo").is_visible()
    tab.page.clock.fast_forward("03:00:00")
    assert tab.page.locator("#photo").is_visible()
    assert tab.page.inner_text("#photo") == "This page is a photograph, taken 3h 1m ago."


def test_a_page_of_yesterday_says_so_at_once(open_tab, board):
    tab = open_tab(board, at=NOW + timedelta(hours=27))
    assert tab.page.inner_text("#photo") == "This page is a photograph, taken 1d 3h ago."


def test_on_a_strict_host_it_reads_from_top_to_bottom_in_its_colours(browser, board):
    context = browser.new_context(viewport={"width": 1100, "height": 1400})
    tab = context.new_page()
    source = Path(board.removeprefix("file://")).read_text(encoding="utf-8")
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": STRICT_HOST}
    tab.route("**/*", lambda route: route.fulfill(body=source, headers=headers))
    tab.goto("http://board.invalid/")
    text = tab.locator("body").inner_text()
    order = ["9 things need somebody", "Needs somebody\n", "Waiting for an answer\n", "Who is at what", "Plans in hand"]
    places = [text.rindex(words) if words.endswith("\n") else text.index(words) for words in order]
    assert places == sorted(places)
    assert "Manager away manager manager-1 is stale" in text and "Needs somebody 9" in text
    tops = [box["y"] for row in tab.locator("[data-k=alert]").all() if (box := row.bounding_box())]
    assert len(tops) == 9 and tops == sorted(tops)
    style = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    fills = tab.locator("svg rect").evaluate_all("all => all.map(shape => getComputedStyle(shape).fill)")
    assert style == "rgba(0, 0, 0, 0)" and "rgb(0, 0, 0)" not in fills and len(set(fills)) > 6
    context.close()


def test_it_prints_on_five_pages_with_the_alerts_on_the_first(open_tab, board):
    printed = open_tab(board, dark=True).page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 5


def test_charts_are_seen_when_colour_is_not(open_tab, board):
    tab = open_tab(board)
    silent = tab.page.locator("svg.day rect[data-state=silent]").first
    assert silent.get_attribute("stroke-dasharray") == "4 3"
    assert {"stale", "silent", "at work"} <= set(tab.page.locator(".who .tag").all_inner_texts())
